/** The figures of the paper: accuracy and convergence time over the batch size, and accuracy against convergence time. */
import type { FigureSection, Point as Dot, Series } from '../../report.ts';
import { groupBy, meanPoint, type Spread } from '../../spread.ts';
import type { Measured, Point } from './records.ts';

/** Figures 1 and 2. */
export function overBatchSize({ network, points }: Measured): FigureSection[] {
  const id = network.toLowerCase();
  const x = { label: 'batch size B', scale: 'log' } as const;
  return [
    {
      kind: 'figure',
      id: `accuracy-${id}`,
      heading: `${network}: test accuracy`,
      caption: 'Mean over initialisations; bars are one standard error.',
      x,
      y: { label: 'test accuracy', percent: true },
      series: byAlpha(points, ({ accuracy }) => accuracy),
    },
    {
      kind: 'figure',
      id: `steps-${id}`,
      heading: `${network}: convergence time`,
      caption: stepsCaption(points),
      x,
      y: { label: 'optimizer steps', scale: 'log' },
      series: byAlpha(points, ({ steps }) => steps),
    },
  ];
}

/** Figure 3. */
export function accuracyOverSteps({ network, points }: Measured): FigureSection[] {
  const largest = Math.max(...points.map(({ batchSize }) => batchSize));
  const dots = (chosen: readonly Point[]): Dot[] =>
    chosen.flatMap(({ steps, accuracy }) =>
      Number.isNaN(accuracy.mean) ? [] : [meanPoint(steps.mean, accuracy)],
    );
  return [
    {
      kind: 'figure',
      id: `accuracy-steps-${network.toLowerCase()}`,
      heading: `${network}: test accuracy against convergence time`,
      caption: `Each mark is one α and B, the mean over initialisations; bars are one standard error. ${stepsCaption(points)}`,
      x: { label: 'optimizer steps', scale: 'log' },
      y: { label: 'test accuracy', percent: true },
      series: [
        { label: 'α = 1, over B', style: 'dots', points: dots(points.filter(({ alpha }) => alpha === 1)) },
        {
          label: `B = ${largest}, over α`,
          style: 'dots',
          points: dots(points.filter(({ batchSize }) => batchSize === largest)),
        },
      ],
    },
  ];
}

function stepsCaption(points: readonly Point[]): string {
  const runs = points.reduce((sum, point) => sum + point.runs.length, 0);
  const converged = points.reduce((sum, point) => sum + point.converged, 0);
  return converged === runs
    ? `All ${runs} runs converged.`
    : `${runs - converged} of ${runs} runs did not converge and count with their cap: their points are lower bounds.`;
}

function byAlpha(points: readonly Point[], valueOf: (point: Point) => Spread): Series[] {
  return [...groupBy(points, ({ alpha }) => alpha)].map(([alpha, group]) => ({
    label: `α = ${alpha}`,
    points: group.flatMap((point) => {
      const value = valueOf(point);
      return Number.isNaN(value.mean) ? [] : [meanPoint(point.batchSize, value)];
    }),
  }));
}
