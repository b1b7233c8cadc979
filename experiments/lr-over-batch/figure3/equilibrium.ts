/**
 * The Ornstein-Uhlenbeck picture at the end of training: is C like H, and is the loss η/(4S) Tr H? A network that can fit its
 * training set has no minimum of a positive loss to be stationary at, so E[loss] here is what the loss was of late.
 */
import { leadingOrderLoss } from '../../../stats/index.ts';
import type { FigureSection, Section, TableSection } from '../../report.ts';
import { bySize, dot } from './figures.ts';
import { pointsOf, type GridPoint, type Measured } from './records.ts';

/** @param runs of one network */
export function equilibriumSections(network: string, runs: readonly Measured[]): Section[] {
  const points = pointsOf(runs);
  return [table(network, points), figure(network, points)];
}

function table(network: string, points: readonly GridPoint[]): TableSection {
  return {
    kind: 'table',
    heading: `${network}: the loss at the end beside η/(4S) Tr H`,
    caption:
      'E[loss] is the mean training loss over the last quarter of the looks on the way; means over initialisations, ± one standard deviation. ' +
      'With C = H the theory has E[loss] = η/(4S) Tr H (papers.md 2.1); with any C it is η/(4S) Tr C. Tr C has the divisor N.',
    columns: [
      { key: 'ratio', label: 'η/S' },
      { key: 'size', label: 'S', format: 'integer' },
      { key: 'share', label: 'Tr C / Tr H', format: 'number', digits: 3 },
      { key: 'loss', label: 'E[loss]', format: 'number', digits: 5 },
      { key: 'byHessian', label: 'η/(4S) Tr H', format: 'number', digits: 5 },
      { key: 'byNoise', label: 'η/(4S) Tr C', format: 'number', digits: 5 },
      { key: 'quotient', label: 'E[loss] / (η/(4S) Tr H)', format: 'number', digits: 3 },
    ],
    rows: points.map((point) => ({
      ratio: showRatio(point.ratio),
      size: point.batchSize,
      share: cell(point, ({ curvature }) => curvature.noiseTrace / curvature.trace),
      loss: cell(point, ({ loss }) => loss),
      byHessian: cell(point, (run) => predictedLoss(run, run.curvature.trace)),
      byNoise: cell(point, (run) => predictedLoss(run, run.curvature.noiseTrace)),
      quotient: cell(point, (run) => run.loss / predictedLoss(run, run.curvature.trace)),
    })),
    terminal: true,
  };
}

function predictedLoss({ rate, batchSize }: Measured, trace: number): number {
  return leadingOrderLoss(trace, { learningRate: rate, batchSize });
}

function figure(network: string, points: readonly GridPoint[]): FigureSection {
  const ratios = points.map(({ ratio }) => ratio);
  const ends = [Math.min(...ratios), Math.max(...ratios)];
  return {
    kind: 'figure',
    id: `equilibrium-${network.toLowerCase()}`,
    heading: `${network}: the loss over Tr H`,
    caption:
      'Means over initialisations; bars are one standard error. The dashed line is the theory for C = H.',
    x: { label: 'η/S', scale: 'log' },
    y: { label: 'E[loss] / Tr H', scale: 'log' },
    series: bySize(points, (point) => dot(point, ({ loss, curvature }) => loss / curvature.trace)),
    curves: [{ label: 'η/(4S)', points: ends.map((x) => ({ x, y: x / 4 })) }],
  };
}

/** `1/64`, or `0.0025`. */
export function showRatio(ratio: number): string {
  const inverse = 1 / ratio;
  return inverse > 1 &&
    Math.abs(inverse - Math.round(inverse)) < 1e-9 * inverse &&
    Math.log2(inverse) % 1 === 0
    ? `1/${Math.round(inverse)}`
    : String(Number(ratio.toPrecision(3)));
}

/** Mean and standard deviation over initialisations. */
export function cell(
  point: GridPoint,
  valueOf: (run: Measured) => number,
): number | { readonly value: number; readonly error: number } {
  const { mean, deviation } = point.over(valueOf);
  return point.runs.length > 1 ? { value: mean, error: deviation } : mean;
}
