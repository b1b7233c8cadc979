/** Ackley's function of two variables, whose minimum at the origin lies in a pit among many. */

/**
 * ∇ of -20 e^{-0.2 √((x² + y²)/2)} - e^{(cos 2πx + cos 2πy)/2} + 20 + e, written into `gradient`. The origin is a cusp without a gradient: there 0
 * is taken.
 */
export function ackleyGradient(position: Float64Array, gradient: Float64Array): void {
  const [x, y] = position as unknown as [number, number];
  const radius = Math.sqrt((x * x + y * y) / 2);
  const cone = radius === 0 ? 0 : (2 * Math.exp(-0.2 * radius)) / radius;
  const ripple = Math.PI * Math.exp((Math.cos(2 * Math.PI * x) + Math.cos(2 * Math.PI * y)) / 2);
  gradient[0] = cone * x + ripple * Math.sin(2 * Math.PI * x);
  gradient[1] = cone * y + ripple * Math.sin(2 * Math.PI * y);
}

/** The function itself. */
export function ackley(x: number, y: number): number {
  const cone = -20 * Math.exp(-0.2 * Math.sqrt((x * x + y * y) / 2));
  return cone - Math.exp((Math.cos(2 * Math.PI * x) + Math.cos(2 * Math.PI * y)) / 2) + 20 + Math.E;
}
