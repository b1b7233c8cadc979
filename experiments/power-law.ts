/** Power laws: the slope of a straight line on logarithmic axes, with its confidence interval. */

export interface PowerLaw {
  /** y ∝ x^slope. */
  readonly slope: number;
  /** ln y = intercept + slope · ln x. */
  readonly intercept: number;
  /** Of the slope; both infinite where no scatter about the line can be seen, that is below three points. */
  readonly interval: readonly [low: number, high: number];
  readonly points: number;
}

/**
 * Least squares of ln y over ln x; independent errors of one variance, of which Student's distribution with n - 2 degrees of
 * freedom makes the interval.
 * @param points all positive, with at least two different x; else undefined
 */
export function powerLaw(
  points: readonly (readonly [x: number, y: number])[],
  confidence = 0.95,
): PowerLaw | undefined {
  const n = points.length;
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (k: 0 | 1): number => logs.reduce((sum, each) => sum + each[k], 0) / n;
  const [mx, my] = [mean(0), mean(1)];
  const sxx = logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  if (!(sxx > 0)) return undefined;
  const slope = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / sxx;
  const intercept = my - slope * mx;
  const residual = logs.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0);
  const half =
    n > 2 ? studentQuantile((1 + confidence) / 2, n - 2) * Math.sqrt(residual / ((n - 2) * sxx)) : Infinity;
  return { slope, intercept, interval: [slope - half, slope + half], points: n };
}

/**
 * The t with P(T ≤ t) = p for p > ½, of Student's distribution with `freedom` degrees. With t = √ν tan θ the density is
 * proportional to cos^{ν-1} θ on (-π/2, π/2), which is smooth: Simpson's rule, and bisection for θ.
 */
export function studentQuantile(p: number, freedom: number): number {
  const mass = (to: number): number => simpson((angle) => Math.cos(angle) ** (freedom - 1), to);
  const wanted = (2 * p - 1) * mass(Math.PI / 2);
  let [low, high] = [0, Math.PI / 2];
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (mass(middle) < wanted) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}

/** From 0, on 200 intervals. */
function simpson(f: (x: number) => number, to: number): number {
  const h = to / 200;
  let sum = f(0) + f(to);
  for (let k = 1; k < 200; k++) sum += (k % 2 === 1 ? 4 : 2) * f(k * h);
  return (sum * h) / 3;
}
