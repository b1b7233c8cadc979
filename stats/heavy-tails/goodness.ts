/**
 * How well a normal and a symmetric stable law describe samples, as heavy-tailed gradient noise is judged: over 100 equal bins
 * from the least to the greatest sample, h the density-normalised histogram and p the law's density at the centres,
 *   SSE = Σ (h - p)²,   Chi2 = width Σ (h - p)²/(h + p).
 * SSE depends on the scale, so samples are standardised first: their mean is subtracted and they are divided by their standard
 * deviation. Counting alone makes SSE about 1/(n width²), so compare at equal n only.
 */
import { fitNormal, fitStable, type LikelihoodFit, type NormalFit } from './fit.ts';
import { stableDensity } from './distribution.ts';

const BINS = 100;

export interface HistogramErrors {
  readonly sumOfSquares: number;
  readonly chiSquare: number;
}

/** Both errors of a density against samples, which are taken as they are: standardise them first. */
export function histogramErrors(
  samples: ArrayLike<number>,
  density: (x: number) => number,
  bins: number = BINS,
): HistogramErrors {
  let [least, greatest] = [Infinity, -Infinity];
  for (let i = 0; i < samples.length; i++) {
    least = Math.min(least, samples[i] as number);
    greatest = Math.max(greatest, samples[i] as number);
  }
  const width = (greatest - least) / bins;
  const counts = new Float64Array(bins);
  for (let i = 0; i < samples.length; i++) {
    // The greatest sample belongs to the last bin.
    const bin = Math.min(bins - 1, Math.floor(((samples[i] as number) - least) / width));
    counts[bin] = (counts[bin] as number) + 1;
  }
  let [sumOfSquares, chiSquare] = [0, 0];
  counts.forEach((count, bin) => {
    const h = count / (samples.length * width);
    const p = density(least + (bin + 0.5) * width);
    sumOfSquares += (h - p) ** 2;
    // Where an empty bin lies beyond the law's underflow, both are 0 and agree.
    if (h + p > 0) chiSquare += (width * (h - p) ** 2) / (h + p);
  });
  return { sumOfSquares, chiSquare };
}

export interface TailComparison {
  /** Of the samples as given. */
  readonly normal: NormalFit & HistogramErrors;
  readonly stable: LikelihoodFit & HistogramErrors;
}

/**
 * Both laws fitted to samples, with their errors over the histogram of the standardised samples. The normal law is a member of the
 * other family, so judge by how much the errors fall, and run a normal control of the same size.
 *
 * @throws EMPTY for fewer than 20 samples, NON_FINITE, CONSTANT if half of the samples are equal
 */
export function compareTails(samples: ArrayLike<number>): TailComparison {
  const stable = fitStable(samples);
  const normal = fitNormal(samples);
  const { mean, standardDeviation } = normal;
  const standardised = Float64Array.from(samples, (x) => (x - mean) / standardDeviation);
  const centre = (stable.location - mean) / standardDeviation;
  const scale = stable.scale / standardDeviation;
  return {
    normal: {
      ...normal,
      ...histogramErrors(standardised, (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)),
    },
    stable: {
      ...stable,
      ...histogramErrors(standardised, (x) => stableDensity(x - centre, stable.alpha, scale)),
    },
  };
}
