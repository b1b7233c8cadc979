/**
 * Symmetric stable random numbers on the device, after Chambers, Mallows & Stuck (JASA 71 (1976)): with V uniform on
 * (-π/2, π/2) and E exponential of mean 1,
 *   X = sin(αV) / cos(V)^{1/α} · [cos((1 - α)V) / E]^{(1-α)/α}
 * has the characteristic function exp(-|t|^α). α = 1 is no special case: the last factor is 1 and X = tan V. At 2 it
 * is Box and Muller's 2 sin V √E, of variance 2.
 *
 * In f32 the formula as it stands loses its digits where V nears ±π/2, which is where the tail comes from. So the angle is drawn
 * as its distance W = π/2 - |V| from the end, and each factor is the sine of a sum of positive terms, at most π/2:
 *   cos V = sin W,   sin(α|V|) = sin(min(α|V|, αW + (2 - α)π/2)) for α ≥ 1,
 *   cos((1 - α)V) = sin(απ/2 + (1 - α)W) for α ≤ 1, sin((2 - α)π/2 + (α - 1)W) for α ≥ 1.
 * The product is taken in logarithms, so no intermediate overflows.
 */
import {
  add,
  bitAnd,
  cast,
  equal,
  exp,
  log,
  minimum,
  mul,
  neg,
  random,
  shiftRight,
  sin,
  sub,
  where,
  type Shape,
  type Tensor,
} from '../../engine/index.ts';
import { checkLaw } from './distribution.ts';
import { LARGEST_LOG } from './stream.ts';

/**
 * Independent numbers of SαS(1), f32; multiply by σ for SαS(σ). Both uniform numbers are odd multiples of 2^-24 in
 * (0, 1), never 0 or 1, so every number is finite, and the law is cut off where P(|X| > x) is about 1e-7: the largest
 * possible is 1e7 at α = 1 and, with both at their ends, 1e21 at 1/2. Below α = 0.31 numbers beyond 2.5e38 can occur and
 * are set to that. Device and float64 agree to 1e-5 relatively (heavy-tails.gpu.test.ts, α from 0.4 to 2).
 *
 * @throws STABLE unless 0 < alpha ≤ 2
 */
export function sampleStable(key: Tensor, shape: Shape, alpha: number): Tensor {
  checkLaw('sampleStable', alpha);
  const [angleKey, exponentialKey] = random.splitList(key, 2) as [Tensor, Tensor];
  const bits = random.bits(angleKey, shape);
  const unit = openUnit(bits);
  // W/(π/2) is `unit`, |V|/(π/2) is 1 - unit, exactly; the bit below those of `unit` is the sign of V.
  const fromEnd = mul(unit, Math.PI / 2);
  const angle = mul(sub(1, unit), Math.PI / 2);
  const supplement = add(mul(fromEnd, alpha), ((2 - alpha) * Math.PI) / 2);
  const sine = sin(alpha <= 1 ? mul(angle, alpha) : minimum(mul(angle, alpha), supplement));
  const cosine = sin(add(mul(fromEnd, Math.abs(1 - alpha)), (Math.min(alpha, 2 - alpha) * Math.PI) / 2));
  const exponential = neg(log(openUnit(random.bits(exponentialKey, shape))));
  const logSize = add(
    sub(log(sine), mul(log(sin(fromEnd)), 1 / alpha)),
    mul(sub(log(cosine), log(exponential)), (1 - alpha) / alpha),
  );
  const size = exp(minimum(logSize, LARGEST_LOG));
  return where(equal(bitAnd(bits, 256), 0), size, neg(size));
}

/** The upper 23 of 32 bits as an odd multiple of 2^-24. */
function openUnit(bits: Tensor): Tensor {
  return mul(add(mul(cast(shiftRight(bits, 9), 'f32'), 2), 1), 2 ** -24);
}
