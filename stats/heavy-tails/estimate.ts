/**
 * Two quick estimators of (α, σ) of a symmetric stable law, from quantiles and from the empirical characteristic function, each
 * with the standard errors of its asymptotic normal law. Samples are centred at their median. Both keep α within [0.5, 2].
 */
import { stableDensity, stableQuantile } from './distribution.ts';
import { quantileOf, sortedSamples } from './sorted.ts';

export interface StableFit {
  readonly alpha: number;
  readonly scale: number;
  /**
   * Standard errors of α and of σ. They assume that the estimator is nearly normal, which that of α is not within a few of them
   * of an end of the range. Of 500 samples two errors hold α = 1.95 in 87 % of 600 seeds by likelihood, in 88 % by the
   * characteristic function and in 95 % by quantiles; 1.98 in nearly all; and 0.6 in 98.5 % by the characteristic function.
   */
  readonly alphaError: number;
  readonly scaleError: number;
  /** The median, about which the law is taken to be symmetric. */
  readonly location: number;
  /** Whether α stopped at 0.5 or at 2. */
  readonly atBound: boolean;
}

/** The range of α that is fitted: gradient noise has not been seen below, and densities there are all peak. */
export const ALPHA_RANGE: readonly [number, number] = [0.5, 2];

const clip = (alpha: number): number => Math.min(Math.max(alpha, ALPHA_RANGE[0]), ALPHA_RANGE[1]);

/**
 * McCulloch (Communications in Statistics 15 (1986)) for symmetric laws: ν = (q95 - q05)/(q75 - q25) depends on α
 * only and is inverted in a table of this module's own quantiles; then σ = (q75 - q25)/(2 q75(α)). Errors by the delta method from
 * the covariance min(p, p')(1 - max(p, p'))/(n f f') of quantiles, at the law that was fitted.
 *
 * @throws EMPTY, NON_FINITE, CONSTANT for samples that cannot be fitted
 */
export function quantileFit(samples: ArrayLike<number>): StableFit {
  const sorted = sortedSamples('quantileFit', samples);
  const [inner, outer] = [0.25, 0.05].map((p) => quantileOf(sorted, 1 - p) - quantileOf(sorted, p)) as [
    number,
    number,
  ];
  const alpha = alphaOfRatio(outer / inner);
  const [q75, q95] = [stableQuantile(0.75, alpha), stableQuantile(0.95, alpha)];
  const scale = inner / (2 * q75);
  // With h = q_{1-p} - q_p: Cov(h, h') = 2 p (1 - 2p')/(n f f') for p ≤ p' < 1/2, from the four covariances of quantiles.
  const [f75, f95] = [stableDensity(q75, alpha, 1), stableDensity(q95, alpha, 1)];
  const n = sorted.length;
  const covariance = (p: number, q: number, fp: number, fq: number): number =>
    (2 * p * (1 - 2 * q)) / (n * fp * fq);
  // In units of σ, relative to the widths themselves: variances and covariance of ln outer and ln inner.
  const [widthOuter, widthInner] = [2 * q95, 2 * q75];
  const varOuter = covariance(0.05, 0.05, f95, f95) / widthOuter ** 2;
  const varInner = covariance(0.25, 0.25, f75, f75) / widthInner ** 2;
  const both = covariance(0.05, 0.25, f95, f75) / (widthOuter * widthInner);
  // α = g(ln outer - ln inner), ln σ = ln inner - ln(2 q75(α)).
  const [low, high] = [Math.max(ALPHA_RANGE[0], alpha - 0.01), Math.min(ALPHA_RANGE[1], alpha + 0.01)];
  const logRatio = (a: number): number => Math.log(stableQuantile(0.95, a) / stableQuantile(0.75, a));
  const slope = (high - low) / (logRatio(high) - logRatio(low));
  const drift = Math.log(stableQuantile(0.75, high) / stableQuantile(0.75, low)) / (high - low);
  const inOuter = -drift * slope;
  const inInner = 1 + drift * slope;
  const logScaleVariance = inOuter ** 2 * varOuter + inInner ** 2 * varInner + 2 * inOuter * inInner * both;
  return {
    alpha,
    scale,
    alphaError: Math.abs(slope) * Math.sqrt(varOuter + varInner - 2 * both),
    scaleError: scale * Math.sqrt(logScaleVariance),
    location: quantileOf(sorted, 0.5),
    atBound: alpha === ALPHA_RANGE[0] || alpha === ALPHA_RANGE[1],
  };
}

const RATIO_STEP = 0.025;
let ratios: Float64Array | undefined;

/** The α with q95/q75 = `ratio`: the ratio falls as α rises, and its logarithm is interpolated linearly. */
function alphaOfRatio(ratio: number): number {
  const [least, most] = ALPHA_RANGE;
  ratios ??= Float64Array.from({ length: Math.round((most - least) / RATIO_STEP) + 1 }, (_, k) =>
    Math.log(stableQuantile(0.95, least + k * RATIO_STEP) / stableQuantile(0.75, least + k * RATIO_STEP)),
  );
  const wanted = Math.log(ratio);
  const above = ratios.findIndex((r) => r <= wanted);
  if (above === -1) return most;
  if (above === 0) return least;
  const [before, after] = [ratios[above - 1] as number, ratios[above] as number];
  return least + RATIO_STEP * (above - 1 + (before - wanted) / (before - after));
}

/** Where the characteristic function is regressed, in units of 1/σ of the first guess. */
const POINTS = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/**
 * Koutrouvelis (JASA 75 (1980)): ln(-ln|φ(t)|) = α ln t + α ln σ is a line in ln t. The samples are centred, scaled by
 * (q75 - q25)/1.9, and the least-squares line is laid through t = 0.2, 0.3, …, 1. Errors by the delta method from
 * Cov(φ̂(s), φ̂(t)) = [(φ(s + t) + φ(|s - t|))/2 - φ(s) φ(t)]/n at the law that was fitted.
 *
 * @throws EMPTY, NON_FINITE, CONSTANT for samples that cannot be fitted
 */
export function characteristicFit(samples: ArrayLike<number>): StableFit {
  const sorted = sortedSamples('characteristicFit', samples);
  const n = sorted.length;
  const unit = (quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25)) / 1.9;
  const location = quantileOf(sorted, 0.5);
  const x = POINTS.map(Math.log);
  const y = POINTS.map((t) => {
    let [real, imaginary] = [0, 0];
    for (const sample of sorted) {
      real += Math.cos((t * (sample - location)) / unit);
      imaginary += Math.sin((t * (sample - location)) / unit);
    }
    // |φ̂| of 0 or 1 has no double logarithm; both are beyond what n samples resolve.
    const size = Math.min(Math.max(Math.hypot(real, imaginary) / n, 1 / (n * n)), 1 - 1 / (n * n));
    return Math.log(-Math.log(size));
  });
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [xMean, yMean] = [mean(x), mean(y)];
  const squares = x.reduce((sum, xi) => sum + (xi - xMean) ** 2, 0);
  const weights = x.map((xi) => (xi - xMean) / squares);
  const slope = weights.reduce((sum, w, k) => sum + w * (y[k] as number), 0);
  const alpha = clip(slope);
  const intercept = yMean - alpha * xMean;
  // ln σ (in units) = (ȳ - α x̄)/α. dy = dφ / (φ ln φ).
  const logScale = intercept / alpha;
  const phi = (t: number): number => Math.exp(-((t * Math.exp(logScale)) ** alpha));
  const derivative = POINTS.map((t) => 1 / (phi(t) * Math.log(phi(t))));
  const varianceOf = (gradient: readonly number[]): number =>
    POINTS.reduce(
      (sum, s, i) =>
        sum +
        POINTS.reduce((inner, t, j) => {
          const covariance = ((phi(s + t) + phi(Math.abs(s - t))) / 2 - phi(s) * phi(t)) / n;
          return (
            inner +
            (gradient[i] as number) *
              (gradient[j] as number) *
              (derivative[i] as number) *
              (derivative[j] as number) *
              covariance
          );
        }, 0),
      0,
    );
  // d ln σ = dȳ/α - ȳ dα/α².
  const scaleGradient = weights.map((w) => 1 / (POINTS.length * alpha) - (yMean * w) / alpha ** 2);
  const scale = unit * Math.exp(logScale);
  return {
    alpha,
    scale,
    alphaError: Math.sqrt(varianceOf(weights)),
    scaleError: scale * Math.sqrt(varianceOf(scaleGradient)),
    location,
    atBound: alpha !== slope,
  };
}
