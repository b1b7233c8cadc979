/**
 * Maximum likelihood of a symmetric stable law and of a normal one. The symmetric law is fitted as heavy-tailed gradient noise
 * is: centred at the median, started from the characteristic function, α kept within [0.5, 2].
 */
import { fail } from '../../engine/graph/errors.ts';
import { ALPHA_RANGE, characteristicFit, type StableFit } from './estimate.ts';
import { logLikelihood } from './likelihood.ts';
import { distancesFromMedian, sortedSamples } from './sorted.ts';

export interface LikelihoodFit extends StableFit {
  /** Σ ln p over the samples at the fit. */
  readonly logLikelihood: number;
}

/**
 * The law SαS(σ) of greatest likelihood, by the simplex of Nelder & Mead over (α, ln σ) from {@link characteristicFit}. Standard
 * errors come from the observed curvature of the log-likelihood. Where α stops at 0.5 or 2, or so near 2 that the curvature
 * there says nothing, `alphaError` is instead the distance inwards at which the log-likelihood has fallen by 1/2
 * at the same σ, and `scaleError` that of known α.
 *
 * @throws EMPTY for fewer than 20 samples, NON_FINITE, CONSTANT if half of the samples are equal
 */
export function fitStable(samples: ArrayLike<number>): LikelihoodFit {
  const sorted = sortedSamples('fitStable', samples);
  const start = characteristicFit(sorted);
  const distances = distancesFromMedian(sorted);
  const likelihood = (alpha: number, logScale: number): number =>
    logLikelihood(distances, clip(alpha), Math.exp(logScale));
  const [alpha, logScale] = climb((a, l) => likelihood(a, l), [start.alpha, Math.log(start.scale)]);
  const scale = Math.exp(logScale);
  const greatest = likelihood(alpha, logScale);
  const errors = curvatureErrors(likelihood, alpha, logScale, greatest);
  return {
    alpha,
    scale,
    alphaError: errors.alpha,
    scaleError: scale * errors.logScale,
    location: start.location,
    atBound: alpha <= ALPHA_RANGE[0] || alpha >= ALPHA_RANGE[1],
    logLikelihood: greatest,
  };
}

export interface NormalFit {
  readonly mean: number;
  /** Of greatest likelihood: Σ (x - mean)²/n under the root. */
  readonly standardDeviation: number;
  readonly meanError: number;
  readonly standardDeviationError: number;
  readonly logLikelihood: number;
}

/**
 * The normal law by moments, with the errors it gives itself: s/√n and s/√(2n).
 *
 * @throws EMPTY for fewer than 2 samples, NON_FINITE, CONSTANT if all are equal
 */
export function fitNormal(samples: ArrayLike<number>): NormalFit {
  const n = samples.length;
  if (n < 2) fail('EMPTY', `fitNormal: ${n} samples have no spread: pass at least 2.`);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += samples[i] as number;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((samples[i] as number) - mean) ** 2;
  const deviation = Math.sqrt(squares / n);
  if (!Number.isFinite(deviation))
    fail('NON_FINITE', 'fitNormal: the samples hold NaN or infinity: look at what they were measured from.');
  // Of equal numbers the mean may be off by rounding.
  if (deviation <= 4 * Number.EPSILON * Math.abs(mean))
    fail('CONSTANT', `fitNormal: all ${n} samples are ${mean}: leave this coordinate out.`);
  return {
    mean,
    standardDeviation: deviation,
    meanError: deviation / Math.sqrt(n),
    standardDeviationError: deviation / Math.sqrt(2 * n),
    logLikelihood: -n * (Math.log(deviation) + 0.5 * Math.log(2 * Math.PI) + 0.5),
  };
}

type Point = readonly [number, number];
type Vertex = { readonly at: Point; readonly value: number };

const clip = (alpha: number): number => Math.min(Math.max(alpha, ALPHA_RANGE[0]), ALPHA_RANGE[1]);

/** Nelder & Mead (Computer Journal 7 (1965)) in two dimensions, α clipped, until the triangle is smaller than 1e-5. */
function climb(f: (alpha: number, logScale: number) => number, start: Point): Point {
  const vertex = ([alpha, logScale]: Point): Vertex => {
    const at: Point = [clip(alpha), logScale];
    return { at, value: f(...at) };
  };
  const inwards = start[0] > 1.25 ? -0.1 : 0.1;
  let triangle = [start, [start[0] + inwards, start[1]], [start[0], start[1] + 0.1]].map((p) =>
    vertex(p as unknown as Point),
  ) as [Vertex, Vertex, Vertex];
  for (let step = 0; step < 200; step++) {
    const [best, middle, worst] = triangle.toSorted((p, q) => q.value - p.value) as [Vertex, Vertex, Vertex];
    const size = Math.max(
      ...[middle, worst].flatMap(({ at }) => [Math.abs(at[0] - best.at[0]), Math.abs(at[1] - best.at[1])]),
    );
    if (size < 1e-5) return best.at;
    // The point `t` times as far from the middle of the other two as the worst; negative on their other side.
    const along = (t: number): Vertex =>
      vertex(
        [0, 1].map((k) => {
          const centre = ((best.at[k] as number) + (middle.at[k] as number)) / 2;
          return centre + t * ((worst.at[k] as number) - centre);
        }) as unknown as Point,
      );
    const reflected = along(-1);
    let next = reflected;
    if (reflected.value > best.value) {
      const expanded = along(-2);
      if (expanded.value > reflected.value) next = expanded;
    } else if (reflected.value <= middle.value) {
      next = along(reflected.value > worst.value ? -0.5 : 0.5);
    }
    if (next.value > worst.value) triangle = [best, middle, next];
    else {
      const shrunk = [middle, worst].map(({ at }) =>
        vertex([(at[0] + best.at[0]) / 2, (at[1] + best.at[1]) / 2]),
      ) as [Vertex, Vertex];
      triangle = [best, ...shrunk];
    }
  }
  return triangle.reduce((p, q) => (q.value > p.value ? q : p)).at;
}

/** Half the widest difference in α and ln σ that curvature is taken over. */
const REACH = 0.02;

function curvatureErrors(
  f: (alpha: number, logScale: number) => number,
  alpha: number,
  logScale: number,
  greatest: number,
): { readonly alpha: number; readonly logScale: number } {
  const byScale = -(f(alpha, logScale + REACH) - 2 * greatest + f(alpha, logScale - REACH)) / REACH ** 2;
  const room = Math.min(alpha - ALPHA_RANGE[0], ALPHA_RANGE[1] - alpha);
  const d = Math.min(REACH, room / 2);
  if (d >= 1e-3) {
    const byAlpha = -(f(alpha + d, logScale) - 2 * greatest + f(alpha - d, logScale)) / d ** 2;
    const mixed =
      -(
        f(alpha + d, logScale + REACH) -
        f(alpha + d, logScale - REACH) -
        f(alpha - d, logScale + REACH) +
        f(alpha - d, logScale - REACH)
      ) /
      (4 * d * REACH);
    const determinant = byAlpha * byScale - mixed ** 2;
    if (byAlpha > 0 && determinant > 0)
      return { alpha: Math.sqrt(byScale / determinant), logScale: Math.sqrt(byAlpha / determinant) };
  }
  const inwards = alpha > 1.25 ? -1 : 1;
  let [near, far] = [0, 1.5];
  for (let k = 0; k < 30; k++) {
    const distance = (near + far) / 2;
    if (f(alpha + inwards * distance, logScale) > greatest - 0.5) near = distance;
    else far = distance;
  }
  return { alpha: far, logScale: 1 / Math.sqrt(byScale) };
}
