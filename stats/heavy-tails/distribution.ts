/**
 * Symmetric stable laws SαS(σ), defined by their characteristic function exp(-|σt|^α), 0 < α ≤ 2: density, distribution
 * function and quantiles, in float64 on the host. σ is a scale: N(0, 2σ²) at α = 2, Cauchy's law at 1. For α < 2 the
 * variance is infinite, for α ≤ 1 there is no mean.
 *
 * One integral serves every α. With σ = 1 and x ≥ 0, p(x) = Re 1/π ∫ exp(ixt - t^α) dt over t > 0. The integrand is analytic in
 * the sector 0 < arg t < π/(2α), where both ixt and -t^α have negative real parts, so the path may be turned
 * into its middle, t = r e^{iφ}, φ = min(π/2, π/(4α)). There it decays as fast as it oscillates, and nothing happens at
 * α = 1, where the integral over angles of Nolan (1997) has its spike. With r = e^s it is a function on the whole
 * line, analytic in the strip |Im s| < φ and vanishing at both ends: the trapezoidal rule's error falls as exp(-2πφ/h)
 * (Trefethen & Weideman, SIAM Review 56 (2014)).
 *
 * Far out the integral cancels, its value falling as x^{-α-1} where its integrand does not. There Bergström's series is
 * summed (Arkiv för Matematik 2 (1952)),
 *   p(x) = 1/π Σ_k (-1)^{k+1} Γ(αk + 1)/k! sin(παk/2) x^{-αk-1},
 * which converges for α < 1 and is asymptotic for α > 1; it is taken wherever its terms fall below 1e-17 of the sum, which is
 * tried from x = 3 on, and the integral everywhere else. At α = 1 and 2 the density is the closed form.
 *
 * Error, against quadrature in 40 digits and closed forms (test/stats/heavy-tails.test.ts): below 1.5e-15 for α in [0.5, 2], x ≥ 0.05
 * and σ = 1, and 1e-10 relatively while p and P(X > x) are above 1e-6. Nearer to 0 it is below 2e-14. Of the normal law's
 * distribution function the tail is only known absolutely. An integral takes some 40 µs.
 */
import { fail } from '../../engine/graph/errors.ts';
import { logGamma } from './gamma.ts';

/** @throws STABLE unless 0 < alpha ≤ 2 and scale > 0 */
export function checkLaw(caller: string, alpha: number, scale = 1): void {
  if (!(alpha > 0 && alpha <= 2))
    fail('STABLE', `${caller}: alpha ${alpha} is outside (0, 2]: no stable law has it; 2 is the normal law.`);
  if (!(scale > 0 && scale < Infinity))
    fail('STABLE', `${caller}: scale ${scale} is not positive and finite: pass the σ of exp(-|σt|^alpha).`);
}

/** The density of SαS(scale) at `x`; NaN at NaN. @throws STABLE for another law */
export function stableDensity(x: number, alpha: number, scale = 1): number {
  checkLaw('stableDensity', alpha, scale);
  if (Number.isNaN(x)) return NaN;
  return unitDensity(Math.abs(x / scale), alpha) / scale;
}

/** P(X ≤ x) of SαS(scale); below 0 with the precision of a tail; NaN at NaN. @throws STABLE for another law */
export function stableCdf(x: number, alpha: number, scale = 1): number {
  checkLaw('stableCdf', alpha, scale);
  if (Number.isNaN(x)) return NaN;
  return x > 0 ? 1 - unitTail(x / scale, alpha) : unitTail(-x / scale, alpha);
}

/** The x with P(X ≤ x) = `probability`, to 1e-12 relatively. @throws STABLE for another law or a probability outside (0, 1) */
export function stableQuantile(probability: number, alpha: number, scale = 1): number {
  checkLaw('stableQuantile', alpha, scale);
  if (!(probability > 0 && probability < 1))
    fail(
      'STABLE',
      `stableQuantile: probability ${probability} is outside (0, 1): quantiles are finite inside.`,
    );
  if (probability === 0.5) return 0;
  if (probability > 0.5) return scale * unitUpperQuantile(1 - probability, alpha);
  return -scale * unitUpperQuantile(probability, alpha);
}

/** C_α = 2/π Γ(α) sin(πα/2): P(|X| > x) → C_α (x/σ)^-α; 0 at α = 2. @throws STABLE unless 0 < alpha ≤ 2 */
export function tailConstant(alpha: number): number {
  checkLaw('tailConstant', alpha);
  return alpha === 2 ? 0 : (2 / Math.PI) * Math.exp(logGamma(alpha)) * Math.sin((Math.PI * alpha) / 2);
}

function unitDensity(x: number, alpha: number): number {
  if (alpha === 2) return Math.exp((-x * x) / 4) / (2 * Math.sqrt(Math.PI));
  if (alpha === 1) return 1 / (Math.PI * (1 + x * x));
  if (x === 0) return Math.exp(logGamma(1 + 1 / alpha)) / Math.PI;
  if (x === Infinity) return 0;
  return tailSeries(x, alpha, 1) ?? rotatedIntegral(x, alpha, 1) / Math.PI;
}

/** P(X > x), x ≥ 0. */
function unitTail(x: number, alpha: number): number {
  if (alpha === 1) return Math.atan2(1, x) / Math.PI;
  if (x === 0) return 0.5;
  if (x === Infinity) return 0;
  // 1 - F(x) = 1/2 - 1/π Im ∫ exp(ixt - t^α) dt/t. Turning the path leaves an arc around the pole at 0, which adds φ.
  return (
    tailSeries(x, alpha, 0) ?? Math.max(0, 0.5 - (pathAngle(alpha) + rotatedIntegral(x, alpha, 0)) / Math.PI)
  );
}

/** By bisection in ln x of a function that falls all the way. */
function unitUpperQuantile(tail: number, alpha: number): number {
  if (alpha === 1) return 1 / Math.tan(Math.PI * tail);
  let [low, high] = [-1, 1];
  while (unitTail(Math.exp(low), alpha) < tail) low *= 2;
  while (unitTail(Math.exp(high), alpha) > tail) high *= 2;
  while (high - low > 1e-13 * Math.max(1, Math.abs(low))) {
    const middle = (low + high) / 2;
    if (unitTail(Math.exp(middle), alpha) > tail) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

const SERIES_FROM = 3;
const SERIES_TERMS = 60;

/** Bergström's series of the density (order 1) or of P(X > x) (order 0); undefined where it does not reach 1e-17. */
function tailSeries(x: number, alpha: number, order: 0 | 1): number | undefined {
  if (x < SERIES_FROM || alpha === 2) return undefined;
  const logX = Math.log(x);
  let sum = 0;
  let previous = Infinity;
  for (let k = 1; k <= SERIES_TERMS; k++) {
    const size = Math.exp(
      logGamma(alpha * k + order) - logGamma(k + 1) - (alpha * k + order) * logX - Math.log(Math.PI),
    );
    if (size >= previous) return undefined;
    sum += (k % 2 === 1 ? size : -size) * Math.sin((Math.PI * alpha * k) / 2);
    if (size <= 1e-17 * Math.abs(sum)) return sum;
    previous = size;
  }
  return undefined;
}

function pathAngle(alpha: number): number {
  return Math.min(Math.PI / 2, Math.PI / (4 * alpha));
}

/** Both ends are cut, and the step is chosen, where what is lost is below e^-38 = 3e-17. */
const LOST = 38;

/** Re ∫ e^{iφ} exp(ixt - t^α) dr (order 1) or Im ∫ exp(ixt - t^α) dr/r (order 0) along t = r e^{iφ}, r = e^s. */
function rotatedIntegral(x: number, alpha: number, order: 0 | 1): number {
  const angle = pathAngle(alpha);
  const [decayX, turnX] = [x * Math.sin(angle), x * Math.cos(angle)];
  const [decay, turn] = [Math.cos(alpha * angle), Math.sin(alpha * angle)];
  // The strip is used up to 0.8 of its half width: at its border the integrand no longer decays.
  const step = (2 * Math.PI * 0.8 * angle) / LOST;
  // Towards r = 0 the integrand falls as r, that of the distribution function as r^α too.
  const from = -(LOST + Math.log1p(x)) / (order === 1 ? 1 : Math.min(1, alpha));
  let sum = 0;
  for (let s = from; ; s += step) {
    const r = Math.exp(s);
    const power = Math.exp(alpha * s);
    const decayed = decayX * r + decay * power;
    if (decayed > LOST + Math.max(0, order * s)) break;
    const phase = turnX * r - turn * power;
    const size = Math.exp(-decayed);
    sum += order === 1 ? size * r * Math.cos(phase + angle) : size * Math.sin(phase);
  }
  return sum * step;
}
