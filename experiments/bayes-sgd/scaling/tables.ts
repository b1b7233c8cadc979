/** The tables of figures 3 to 8: what was expected beside what was measured. */
import type { SamplingMode } from '../../../data/index.ts';
import { sgdNoiseScale } from '../../../stats/index.ts';
import type { Cell, TableSection } from '../../report.ts';
import type { PresetName } from '../../types.ts';
import type { ScalingConfig } from './config.ts';
import { meanCell, spread } from '../../spread.ts';
import { BAND, lawOf } from './claims.ts';
import { proportionality } from './figures.ts';
import { claimed, type Variable } from './law.ts';
import { PROTOTYPE_STEPS, prototypeAccuracies, prototypeBest, prototypeTrajectories } from './prototype.ts';
import { accuraciesOf, bestOf, type Best, type MeasuredSeries, type Point } from './records.ts';
import { gapsOf, lateRise, pairsOf, type Pair, type Trajectory } from './trajectories.ts';

// ---- figures 3 and 8 -----------------------------------------------------------------------------------

export function trajectoryTable(series: readonly MeasuredSeries[], preset: PresetName): TableSection {
  const pairs = pairsOf(series);
  return {
    kind: 'table',
    heading: 'Small and full batch',
    caption:
      'Accuracy: the mean over the last quarter of the training; converged: steps until within 2 points of it. Cross-entropy on the test set, in nats. ± is one standard deviation over initialisations. ' +
      'Published: figures 3 and 8 are images; what the text says of them stands below as claims.' +
      (preset === 'small'
        ? ' Prototype: another program at this size (papers.md 3.3), from early to late.'
        : ''),
    columns: [
      { key: 'lambda', label: 'λ' },
      { key: 'size', label: 'B', format: 'integer' },
      { key: 'late', label: 'accuracy', format: 'percent' },
      { key: 'converged', label: 'converged', align: 'right' },
      { key: 'least', label: 'least CE', format: 'number', digits: 3 },
      { key: 'end', label: 'CE at the end', format: 'number', digits: 3 },
      { key: 'rise', label: 'rise, 2nd half', format: 'number', digits: 3 },
      ...(preset === 'small' ? [{ key: 'prototype', label: 'CE, prototype', align: 'right' as const }] : []),
    ],
    rows: pairs.flatMap((pair) => [
      trajectoryRow(pair, pair.smallSize, pair.small, prototypeTrajectories[pair.lambda]?.small),
      trajectoryRow(pair, pair.fullSize, pair.full, prototypeTrajectories[pair.lambda]?.full),
    ]),
    terminal: true,
  };
}

function trajectoryRow(
  { lambda }: Pair,
  size: number,
  trajectories: readonly Trajectory[],
  prototype: string | undefined,
): Readonly<Record<string, Cell>> {
  const cell = (valueOf: (trajectory: Trajectory) => number): Cell => meanCell(trajectories.map(valueOf));
  return {
    lambda: String(lambda),
    size,
    late: cell(({ lateAccuracy }) => lateAccuracy),
    converged: String(Math.round(spread(trajectories.map(({ convergence }) => convergence)).mean)),
    least: cell(({ leastLoss }) => leastLoss),
    end: cell(({ endLoss }) => endLoss),
    rise: cell(lateRise),
    prototype: prototype ?? null,
  };
}

export function gapTable(series: readonly MeasuredSeries[], preset: PresetName): TableSection {
  return {
    kind: 'table',
    heading: 'The generalisation gap',
    caption: 'Late accuracy of the small batch less that of the full one, by initialisation.',
    columns: [
      { key: 'lambda', label: 'λ' },
      { key: 'gap', label: 'gap', format: 'percent' },
      ...(preset === 'small' ? [{ key: 'prototype', label: 'prototype', format: 'percent' as const }] : []),
    ],
    rows: pairsOf(series).map((pair) => ({
      lambda: String(pair.lambda),
      gap: meanCell(gapsOf(pair)),
      prototype: prototypeTrajectories[pair.lambda]?.gap ?? null,
    })),
    terminal: true,
  };
}

// ---- figure 4 ------------------------------------------------------------------------------------------

/** Whether it is the training that the prototype made: 784-800-10, all else as published. */
function isPrototype(
  { learningRate, momentum, trainExamples, lambda, points }: MeasuredSeries,
  { hidden, pool }: Partial<ScalingConfig>,
): boolean {
  const isNetwork = hidden?.join() === '800' && pool === false;
  const isTraining = learningRate === 1 && momentum === 0.9 && trainExamples === 1000 && lambda === 0;
  const steps = Math.max(...points.flatMap(({ runs }) => runs.map((run) => run.steps)));
  return isNetwork && isTraining && steps >= PROTOTYPE_STEPS;
}

export function batchSizeTable(
  series: readonly MeasuredSeries[],
  config: Partial<ScalingConfig>,
): TableSection {
  const comparable = series[0] !== undefined && isPrototype(series[0], config);
  const best = series[0] && bestOf(series[0]);
  return {
    kind: 'table',
    heading: 'Test accuracy over the batch size',
    caption:
      `± is one standard deviation over initialisations. ${best ? `The best is B = ${best.point.batchSize}, between ${best.below ?? 'an end of the grid'} and ${best.above ?? 'an end of the grid'}. ` : ''}` +
      'Published: batches up to about 10 fail, and there is a clear peak.' +
      (comparable
        ? ` Prototype: another program with this network after ${PROTOTYPE_STEPS} steps and more (papers.md 3.3).`
        : ''),
    columns: [
      { key: 'size', label: 'B', format: 'integer' },
      { key: 'accuracy', label: 'accuracy', format: 'percent' },
      ...(comparable ? [{ key: 'prototype', label: 'prototype', format: 'percent' as const }] : []),
      { key: 'runs', label: 'trainings' },
    ],
    rows: (series[0]?.points ?? []).map((point) => ({
      size: point.batchSize,
      accuracy: accuracyCell(point),
      prototype: prototypeAccuracies[point.batchSize] ?? null,
      runs: runsCell(point),
    })),
    terminal: true,
  };
}

// ---- figures 5 to 7 ------------------------------------------------------------------------------------

export function bestTable(
  series: readonly MeasuredSeries[],
  variable: Variable,
  preset: PresetName,
  { sampling = 'without-replacement' }: Partial<ScalingConfig>,
): TableSection {
  const known = series.flatMap((each) => {
    const best = bestOf(each);
    return best ? [[variable.of(each), best.point.batchSize] as const] : [];
  });
  const scale = proportionality(known);
  return {
    kind: 'table',
    heading: 'The best batch sizes',
    caption:
      `By mean test accuracy; the sampled sizes on either side are its error bars. Law: B ∝ ${variable.symbol}, as published, through the middle of the measured ones. ` +
      `g = ${independent(sampling) ? 'εN/(B(1 − m))' : 'ε(N/B − 1)/(1 − m)'} is the noise scale there, of batches drawn ${independent(sampling) ? 'with' : 'without'} replacement, which the law says is the same throughout. ± is one standard deviation over initialisations.` +
      (preset === 'small'
        ? ' Prototype: another program at this size, powers of two in a window about the expected size (papers.md 3.3).'
        : ''),
    columns: [
      { key: 'value', label: variable.symbol, format: 'text', align: 'right' },
      { key: 'law', label: 'B, law', format: 'number', digits: 1 },
      ...(preset === 'small'
        ? [{ key: 'prototype', label: 'B, prototype', format: 'integer' as const }]
        : []),
      { key: 'best', label: 'B', format: 'integer' },
      { key: 'between', label: 'between' },
      { key: 'noise', label: 'g', format: 'number', digits: 1 },
      { key: 'accuracy', label: 'accuracy', format: 'percent' },
      { key: 'smallest', label: 'at the smallest B', format: 'percent' },
      { key: 'largest', label: 'at the largest B', format: 'percent' },
    ],
    rows: series.map((each) => {
      const best = bestOf(each);
      const value = variable.of(each);
      return {
        value: String(value),
        law: known.length > 1 ? scale * value : null,
        prototype: prototypeBest[variable.name][value] ?? null,
        best: best?.point.batchSize ?? null,
        between: best ? betweenText(best) : null,
        noise: best ? noiseAt(each, best.point, sampling) : null,
        accuracy: accuracyCell(best?.point),
        smallest: accuracyCell(each.points[0]),
        largest: accuracyCell(each.points.at(-1)),
      };
    }),
    terminal: true,
  };
}

function betweenText({ below, above }: Best): string {
  if (below === undefined || above === undefined) return 'at an end of the grid';
  return `${below} and ${above}`;
}

/** Whether the examples of a batch are drawn one by one, and so may be drawn twice. */
function independent(sampling: SamplingMode): boolean {
  return sampling === 'iid-with-replacement';
}

/**
 * g. The −1 of the paper's ε(N/B − 1)/(1 − m) is that no example is in a batch twice, so that the full batch has no noise: the
 * covariance of a mean over B of N examples is (N − B)/(N − 1) of that over B independent ones. Of those it is εN/(B(1 − m)).
 */
export function noiseAt(
  {
    learningRate,
    trainExamples: examples,
    momentum,
  }: Pick<MeasuredSeries, 'learningRate' | 'trainExamples' | 'momentum'>,
  { batchSize }: Pick<Point, 'batchSize'>,
  sampling: SamplingMode,
): number {
  if (independent(sampling)) return (learningRate * examples) / (batchSize * (1 - momentum));
  return sgdNoiseScale({ learningRate, examples, batchSize, momentum });
}

export function slopeTable(
  series: readonly MeasuredSeries[],
  variable: Variable,
  range: { readonly lawFrom?: number; readonly lawTo?: number },
): TableSection {
  const law = lawOf(claimed(series, variable, range), variable);
  return {
    kind: 'table',
    heading: `The law B_opt ∝ ${variable.symbol}`,
    caption:
      'Slope on logarithmic axes, over the most accurate batch size of each initialisation, with its 95 % interval. ' +
      `Proportional is said of an interval within ${BAND.join(' to ')}.`,
    columns: [
      { key: 'published', label: 'slope, published', format: 'number' },
      { key: 'slope', label: 'measured', format: 'number' },
      { key: 'low', label: 'from', format: 'number' },
      { key: 'high', label: 'to', format: 'number' },
      { key: 'points', label: 'points', format: 'integer' },
    ],
    rows: [
      {
        published: 1,
        slope: law?.slope ?? null,
        low: law && Number.isFinite(law.interval[0]) ? law.interval[0] : null,
        high: law && Number.isFinite(law.interval[1]) ? law.interval[1] : null,
        points: law?.points ?? 0,
      },
    ],
    terminal: true,
  };
}

// ---- all trainings -------------------------------------------------------------------------------------

export function gridTable(series: readonly MeasuredSeries[]): TableSection {
  const run = series[0]?.points[0]?.runs[0];
  return {
    kind: 'table',
    heading: 'All trainings',
    caption:
      'Test accuracy at the end: means over initialisations, ± one standard deviation.' +
      (run ? ` The network has ${run.parameters} parameters.` : ''),
    columns: [
      { key: 'learningRate', label: 'ε', align: 'right' },
      { key: 'momentum', label: 'm', align: 'right' },
      { key: 'trainExamples', label: 'N', format: 'integer' },
      { key: 'lambda', label: 'λ', align: 'right' },
      { key: 'steps', label: 'steps', format: 'integer' },
      { key: 'size', label: 'B', format: 'integer' },
      { key: 'accuracy', label: 'accuracy', format: 'percent' },
      { key: 'runs', label: 'trainings' },
    ],
    rows: series.flatMap(({ learningRate, momentum, trainExamples, lambda, points }) =>
      points.map((point) => ({
        learningRate: String(learningRate),
        momentum: String(momentum),
        trainExamples,
        lambda: String(lambda),
        steps: Math.max(...point.runs.map(({ steps }) => steps)),
        size: point.batchSize,
        accuracy: accuracyCell(point),
        runs: runsCell(point),
      })),
    ),
  };
}

function accuracyCell(point: Point | undefined): Cell {
  return point ? meanCell(accuraciesOf(point.runs)) : null;
}

function runsCell({ runs, diverged }: Point): string {
  return `${runs.length}${diverged > 0 ? `, ${diverged} diverged` : ''}`;
}
