/**
 * The gradient noise scale tr Σ / |G|²: the batch size at which noise and signal of a gradient are of one size (McCandlish,
 * Kaplan, Amodei et al., 2018). Σ is the covariance of single examples' gradients and G their mean, of the population that
 * the examples are drawn from. For independent examples E |G_B|² = |G|² + tr Σ / B: a batch's squared norm overestimates the
 * signal by its own noise. Two sizes b < B give both without bias (their appendix A.1):
 *
 *     |G|² = (B |G_B|² - b |G_b|²) / (B - b)        tr Σ = (|G_b|² - |G_B|²) / (1/b - 1/B)
 *
 * Their ratio is biased however many batches are averaged before dividing; the jackknife takes off the bias of order 1/n and
 * gives the standard error.
 */
import { type Tensor, type Tree } from '../../engine/index.ts';
import { innerProduct } from '../directions.ts';
import { fail } from '../../engine/graph/errors.ts';
import { ratio, type Estimate } from '../moments.ts';
import { gradientCovarianceOperator, meanGradient } from './gradient-operators.ts';
import { hutchinson } from './hutchinson.ts';
import { finite, requireCount } from './operator.ts';
import { jackknife, type ProbeOptions } from './probes.ts';
import type { Point } from './sweep.ts';

export interface NoiseScale {
  /** tr Σ, in squared units of the gradient. */
  readonly trace: Estimate;
  /** |G|², without the noise's share. Where the noise hides it the estimate may be negative. */
  readonly squaredGradient: Estimate;
  /** tr Σ / |G|², in examples. Infinity, as is its error, where |G|² is not told apart from 0. */
  readonly noiseScale: Estimate;
}

export interface NormPair {
  /** |G_b|², or the mean of it over several small batches. */
  readonly small: number;
  /** |G_B|²; the large batch may consist of the small ones. */
  readonly large: number;
}

/**
 * From squared norms of gradients at two batch sizes, a pair per step or draw. Pairs are to be independent of one another;
 * within a pair nothing is assumed.
 * @throws BATCH_SIZE unless 0 < b < B; COUNT for fewer than two pairs; NON_FINITE
 */
export function noiseScaleFromPairs(
  pairs: readonly NormPair[],
  { small, large }: { readonly small: number; readonly large: number },
): NoiseScale {
  if (!(small > 0 && small < large))
    fail(
      'BATCH_SIZE',
      `noiseScaleFromPairs: batches of ${small} and ${large}: give two sizes, the smaller first.`,
    );
  requireCount('noiseScaleFromPairs: pairs - 1', pairs.length - 1);
  const draws = pairs.map((pair) => [pair.small, pair.large]);
  const trace = ([b, B]: readonly number[]): number => (b! - B!) / (1 / small - 1 / large);
  const squared = ([b, B]: readonly number[]): number => (large * B! - small * b!) / (large - small);
  return noiseScale((f) => jackknife(draws, f, 'noiseScaleFromPairs: an estimate'), trace, squared);
}

/** Both parts and their ratio, of which nothing is known as soon as leaving out one draw takes |G|² to 0 or below. */
function noiseScale<M>(
  estimate: (f: (moments: M) => number) => Estimate,
  trace: (moments: M) => number,
  squared: (moments: M) => number,
): NoiseScale {
  let resolved = true;
  const quotient = estimate((moments) => {
    const signal = squared(moments);
    if (signal <= 0) resolved = false;
    return signal > 0 ? trace(moments) / signal : 0;
  });
  return {
    trace: estimate(trace),
    squaredGradient: estimate(squared),
    noiseScale: resolved ? quotient : { value: Infinity, standardError: Infinity },
  };
}

export interface ExampleNorms {
  /** |g_μ|² of every example of a sample. */
  readonly squaredNorms: ArrayLike<number>;
  /** ⟨g_μ, Ḡ⟩ with the mean Ḡ over the same sample: `exampleDerivatives` along it. */
  readonly products: ArrayLike<number>;
}

export interface SampleNoise extends NoiseScale {
  /** (1/n) Σ |g_μ - Ḡ|²: tr C of the sample itself, with divisor n. A plain number: nothing was estimated. */
  readonly traceOverN: number;
  /** |Ḡ|² of the sample itself. */
  readonly squaredMean: number;
}

/**
 * From the norms of single examples, a sample of n drawn without replacement from a population of N, by default a
 * distribution, 1/N = 0. With S² the covariance of the sample about its own mean, divisor n - 1, unbiased are
 *
 *     tr Σ = (N - 1)/N tr S²,   tr S² = (Σ |g_μ|² - n |Ḡ|²) / (n - 1)        |G|² = |Ḡ|² - tr S² (1/n - 1/N)
 *
 * Leaving out example μ moves the mean to (n Ḡ - g_μ)/(n - 1), whose norm follows from |g_μ|² and ⟨g_μ, Ḡ⟩, so the jackknife
 * over examples costs O(n). Its errors, and the bias it takes off, shrink by 1 - n/N in squares: at n = N nothing is estimated.
 *
 * @throws COUNT for fewer than three examples, or more than the population; SHAPE for lists of two lengths; NON_FINITE
 */
export function noiseScaleFromExamples(
  { squaredNorms, products }: ExampleNorms,
  { population = Infinity }: { readonly population?: number } = {},
): SampleNoise {
  const n = squaredNorms.length;
  if (products.length !== n)
    fail(
      'SHAPE',
      `noiseScaleFromExamples: ${n} norms and ${products.length} products: give one of each per example.`,
    );
  requireCount('noiseScaleFromExamples: examples - 2', n - 2);
  if (n > population)
    fail(
      'COUNT',
      `noiseScaleFromExamples: ${n} examples out of a population of ${population}: give no more than that.`,
    );
  const what = 'noiseScaleFromExamples: an estimate';
  const total = (list: ArrayLike<number>): number =>
    Array.from(list).reduce((sum, x) => sum + finite(x, what), 0);
  const [norms, squaredMean] = [total(squaredNorms), total(products) / n];
  type Moments = { readonly m: number; readonly squares: number; readonly squaredMean: number };
  const sample = ({ m, squares, squaredMean: mean }: Moments): number => (squares - m * mean) / (m - 1);
  const trace = (moments: Moments): number =>
    sample(moments) * (population === Infinity ? 1 : (population - 1) / population);
  const squared = (moments: Moments): number =>
    moments.squaredMean - sample(moments) * (1 / moments.m - 1 / population);
  const whole = { m: n, squares: norms, squaredMean };
  const parts = Array.from({ length: n }, (_, mu): Moments => {
    const [norm, product] = [squaredNorms[mu]!, products[mu]!];
    return {
      m: n - 1,
      squares: norms - norm,
      squaredMean: (n * n * squaredMean - 2 * n * product + norm) / (n - 1) ** 2,
    };
  });
  const unseen = population === Infinity ? 1 : 1 - n / population;
  const estimate = (f: (moments: Moments) => number): Estimate => {
    const values = parts.map(f);
    const average = values.reduce((sum, x) => sum + x, 0) / n;
    const scatter = values.reduce((sum, x) => sum + (x - average) ** 2, 0);
    // Both parts are means over pairs of examples, which the jackknife leaves as they are; off the ratio it takes the bias.
    return {
      value: finite(f(whole) - (n - 1) * (average - f(whole)) * unseen, what),
      standardError: Math.sqrt(((n - 1) / n) * scatter * unseen),
    };
  };
  return {
    ...noiseScale(estimate, trace, squared),
    traceOverN: norms / n - squaredMean,
    squaredMean,
  };
}

export interface DataNoise {
  /** tr C, C the covariance (divisor N) over the N examples of the data. */
  readonly trace: Estimate;
  /** |G|² over the same examples, exactly. */
  readonly squaredGradient: number;
  /** tr C / |G|². */
  readonly noiseScale: Estimate;
}

/**
 * tr C / |G|² of a data set taken whole, as its own population: G is known, so nothing needs correcting, and the error is that
 * of Hutchinson's estimate of tr C alone. `probes` products with C (default 32), without any gradient of a single example.
 */
export async function dataNoiseScale<P extends Tree, B extends Tree>(
  point: Point<P, B>,
  options: ProbeOptions,
): Promise<DataNoise> {
  const operator = gradientCovarianceOperator(point);
  const { trace } = await hutchinson(operator, options);
  operator.dispose();
  const { loss, gradient } = await meanGradient(point);
  const squaredGradient = finite(await squaredNorm(gradient), `The mean gradient of ${operator.name}`);
  loss.dispose();
  gradient.dispose();
  return {
    trace,
    squaredGradient,
    noiseScale: ratio(trace, { value: squaredGradient, standardError: 0 }),
  };
}

function squaredNorm(v: Tensor): Promise<number> {
  return innerProduct(v, v).item();
}

export interface SgdSettings {
  /** ε, of a loss that is a mean over the batch. */
  readonly learningRate: number;
  /** N. */
  readonly examples: number;
  /** B ≤ N, drawn without replacement. */
  readonly batchSize: number;
  /** m in [0, 1). Default 0. */
  readonly momentum?: number;
}

/**
 * g = ε (N/B - 1) / (1 - m): the strength of the fluctuations that drive SGD, seen as a Langevin equation of the summed loss
 * (Smith & Le, 2018; with momentum Smith, Kindermans, Ying & Le, 2018). 0 at B = N; about ε N / (B (1 - m)) for B ≪ N.
 * @throws BATCH_TOO_LARGE unless 1 ≤ B ≤ N; MOMENTUM unless 0 ≤ m < 1
 */
export function sgdNoiseScale({ learningRate, examples, batchSize, momentum = 0 }: SgdSettings): number {
  if (!(batchSize >= 1 && batchSize <= examples))
    fail(
      'BATCH_TOO_LARGE',
      `sgdNoiseScale: a batch of ${batchSize} out of ${examples}: give 1 to ${examples}.`,
    );
  if (!(momentum >= 0 && momentum < 1))
    fail('MOMENTUM', `sgdNoiseScale: momentum ${momentum} keeps no memory that fades: give 0 ≤ m < 1.`);
  return (learningRate * (examples / batchSize - 1)) / (1 - momentum);
}
