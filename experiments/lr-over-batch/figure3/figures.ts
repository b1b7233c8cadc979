/** The panels of figure 3: everything over η/S, a series per batch size. */
import type { FigureSection, Point, Series } from '../../report.ts';
import { groupBy, meanPoint } from '../../spread.ts';
import { accuracy, frobenius, lambdaMax } from './claims.ts';
import { pointsOf, type GridPoint, type Measured } from './records.ts';

/** @param runs of one network */
export function gridFigures(network: string, runs: readonly Measured[]): FigureSection[] {
  const points = pointsOf(runs);
  return [
    { id: 'lambda-max', quantity: lambdaMax, scale: 'log' as const, percent: false },
    { id: 'frobenius', quantity: frobenius, scale: 'log' as const, percent: false },
    { id: 'accuracy', quantity: accuracy, scale: 'linear' as const, percent: true },
  ].map(({ id, quantity: { name, value }, scale, percent }) => ({
    kind: 'figure',
    id: `${id}-${network.toLowerCase()}`,
    heading: `${network}: ${name} over η/S`,
    caption:
      'Means over initialisations; bars are one standard error. If only η/S matters, the series lie on one curve.',
    x: { label: 'η/S', scale: 'log' },
    y: { label: name, scale, ...(percent && { percent }) },
    series: bySize(points, (point) => dot(point, value)),
  }));
}

/** A series per S, over η/S. */
export function bySize(points: readonly GridPoint[], dotOf: (point: GridPoint) => Point): Series[] {
  return [...groupBy(points, ({ batchSize }) => batchSize)]
    .sort(([a], [b]) => a - b)
    .map(([size, group]) => ({ label: `S = ${size}`, points: group.map(dotOf) }));
}

export function dot(point: GridPoint, valueOf: (run: Measured) => number): Point {
  return meanPoint(point.ratio, point.over(valueOf));
}
