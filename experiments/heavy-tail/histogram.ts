/** The noise of one parameter as a histogram, with both laws that were fitted to it: figure 1 of HT. */
import { LangevinError } from '../../engine/graph/errors.ts';
import { compareTails, stableDensity, type TailComparison } from '../../stats/index.ts';
import type { FigureSection } from '../report.ts';
import type { Json, RunRecord } from '../types.ts';

/** Both laws, or undefined where half of the samples are one value. */
export function comparisonOf(noise: Float64Array): TailComparison | undefined {
  try {
    return compareTails(noise);
  } catch (error) {
    if (error instanceof LangevinError && error.code === 'CONSTANT') return undefined;
    throw error;
  }
}

/** The record `histogram`. */
export interface HistogramRecord {
  readonly batchSize: number;
  readonly layer: string;
  readonly path: string;
  readonly index: number;
  readonly samples: number;
  /** Of the standardised noise. */
  readonly least: number;
  readonly width: number;
  readonly counts: readonly number[];
  /** The stable law, in the same units. */
  readonly alpha: number;
  readonly centre: number;
  readonly scale: number;
}

/** Bins of a histogram that is looked at; errors are taken over 100. */
const BINS = 60;

/**
 * The standardised noise in equal bins, with the stable law in the same units.
 *
 * @param labels the other fields of {@link HistogramRecord}
 */
export function histogramRecord(
  noise: Float64Array,
  { normal, stable }: TailComparison,
  labels: Readonly<Record<string, Json>>,
): RunRecord {
  const { mean, standardDeviation } = normal;
  const standardised = noise.map((u) => (u - mean) / standardDeviation);
  const [least, greatest] = [Math.min(...standardised), Math.max(...standardised)];
  const width = (greatest - least) / BINS;
  const counts = new Array<number>(BINS).fill(0);
  for (const x of standardised) {
    // The greatest belongs to the last bin.
    const bin = Math.min(BINS - 1, Math.floor((x - least) / width));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return {
    kind: 'result',
    name: 'histogram',
    ...labels,
    least,
    width,
    counts,
    alpha: stable.alpha,
    centre: (stable.location - mean) / standardDeviation,
    scale: stable.scale / standardDeviation,
  };
}

export function histogramsOf(records: readonly RunRecord[]): readonly HistogramRecord[] {
  return records.filter(({ name }) => name === 'histogram') as unknown as readonly HistogramRecord[];
}

/** Points of a curve over a histogram. */
const POINTS = 120;

/**
 * @param what whose noise it is, different for every figure of a report: `K16, conv0`
 * @param when the noise was taken: `after training`
 */
export function histogramFigure(what: string, when: string, record: HistogramRecord): FigureSection {
  const { batchSize, path, index, samples, least, width, counts, alpha, centre, scale } = record;
  const heights = counts.map((count, bin) => ({
    x: least + (bin + 0.5) * width,
    y: count / (samples * width),
  }));
  const drawn = heights.filter(({ y }) => y > 0);
  const lowest = Math.min(...drawn.map(({ y }) => y)) / 2;
  const curve = (density: (x: number) => number) =>
    Array.from({ length: POINTS + 1 }, (_, k) => least + (k / POINTS) * width * counts.length)
      .map((x) => ({ x, y: density(x) }))
      .filter(({ y }) => y >= lowest);
  return {
    kind: 'figure',
    id: `histogram ${what}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
    heading: `${what}: the noise of one parameter`,
    caption: `${path}[${index}] ${when}, B = ${batchSize}, ${samples} minibatches, standardised. Empty bins are not drawn.`,
    x: { label: 'noise in standard deviations' },
    y: { label: 'density', scale: 'log' },
    series: [{ label: 'measured', style: 'dots', points: drawn }],
    curves: [
      { label: 'normal', points: curve((x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) },
      {
        label: `SαS, α̂ = ${alpha.toFixed(2)}`,
        points: curve((x) => stableDensity(x - centre, alpha, scale)),
      },
    ],
  };
}
