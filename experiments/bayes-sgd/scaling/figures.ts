/** The figures of section 4: trajectories, accuracy over the batch size, and the best batch size over what it grows with. */
import type { FigureSection, Point as Dot, Series } from '../../report.ts';
import { groupBy, meanPoint, spread } from '../../spread.ts';
import type { Variable } from './law.ts';
import { bestOf, type MeasuredSeries, type Point } from './records.ts';

const BARS = 'Means over initialisations; bars are one standard error.';

/** Test accuracy and test cross-entropy over the steps, of every batch size and λ. */
export function trajectoryFigures(series: readonly MeasuredSeries[]): FigureSection[] {
  const several = new Set(series.map(({ lambda }) => lambda)).size > 1;
  const curves = (valueOf: 'testAccuracy' | 'testLoss'): Series[] =>
    series.flatMap(({ lambda, points }) =>
      points.map((point) => ({
        label: `B = ${point.batchSize}${several ? `, λ = ${lambda}` : ''}`,
        style: 'line',
        points: overSteps(point, valueOf),
      })),
    );
  const x = { label: 'steps' };
  return [
    {
      kind: 'figure',
      id: 'test-accuracy',
      heading: 'Test accuracy during training',
      caption: BARS,
      x,
      y: { label: 'test accuracy', percent: true },
      series: curves('testAccuracy'),
    },
    {
      kind: 'figure',
      id: 'test-cross-entropy',
      heading: 'Test cross-entropy during training',
      caption: `${BARS} In nats.`,
      x,
      y: { label: 'test cross-entropy' },
      series: curves('testLoss'),
    },
  ];
}

function overSteps({ runs }: Point, valueOf: 'testAccuracy' | 'testLoss'): Dot[] {
  const all = runs.flatMap(({ evaluations }) =>
    evaluations.flatMap((evaluation) => {
      const value = evaluation[valueOf];
      return value === undefined ? [] : [{ step: evaluation.step, value }];
    }),
  );
  return [...groupBy(all, ({ step }) => step)]
    .sort(([a], [b]) => a - b)
    .map(([step, group]) => meanPoint(step, spread(group.map(({ value }) => value))));
}

/** Test accuracy at the end over the batch size, a curve for each series. */
export function accuracyFigure(series: readonly MeasuredSeries[], variable?: Variable): FigureSection {
  return {
    kind: 'figure',
    id: 'accuracy-batch-size',
    heading: 'Test accuracy over the batch size',
    caption: BARS,
    x: { label: 'batch size B', scale: 'log' },
    y: { label: 'test accuracy', percent: true },
    series: series.map((each) => ({
      label: variable ? `${variable.symbol} = ${variable.of(each)}` : 'test accuracy',
      points: each.points.flatMap(({ batchSize, accuracy }) =>
        Number.isNaN(accuracy.mean) ? [] : [meanPoint(batchSize, accuracy)],
      ),
    })),
  };
}

/** The best batch size over the variable, with proportionality through the middle of the points. */
export function lawFigure(series: readonly MeasuredSeries[], variable: Variable): FigureSection {
  const points = series.flatMap((each): Dot[] => {
    const best = bestOf(each);
    if (!best) return [];
    const size = best.point.batchSize;
    const [below, above] = [best.below ?? size, best.above ?? size];
    return [{ x: variable.of(each), y: size, error: (above - below) / 2 }];
  });
  const scale = proportionality(points.map(({ x, y }) => [x, y]));
  return {
    kind: 'figure',
    id: 'best-batch-size',
    heading: `The best batch size over ${variable.phrase}`,
    caption:
      'By mean test accuracy. Bars are half the distance between the sampled batch sizes on either side. Dashed: proportional, as published, through the middle of the points.',
    x: { label: variable.symbol, scale: 'log' },
    y: { label: 'best batch size', scale: 'log' },
    series: [{ label: 'measured', style: 'dots', points }],
    ...(points.length > 1 && {
      curves: [{ label: 'proportional', points: points.map(({ x }) => ({ x, y: scale * x })) }],
    }),
  };
}

/** The factor of y = factor · x through the mean of the points on logarithmic axes. */
export function proportionality(points: readonly (readonly [x: number, y: number])[]): number {
  return Math.exp(points.reduce((sum, [x, y]) => sum + Math.log(y / x), 0) / points.length);
}
