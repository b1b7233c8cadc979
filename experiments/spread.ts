/** Measurements taken together: by what they have in common, and over repeats, as a number, a point of a figure or a cell of a table. */
import type { Cell, Point } from './report.ts';

/** The elements with each key, in order; the keys in the order of their first element. */
export function groupBy<T, K>(list: readonly T[], keyOf: (element: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const element of list) {
    const key = keyOf(element);
    const group = groups.get(key);
    if (group) group.push(element);
    else groups.set(key, [element]);
  }
  return groups;
}

/** Mean, standard deviation (divisor n - 1; 0 of one value) and standard error of the mean. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly error: number;
}

/** Over values; NaN throughout of none. */
export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((total, x) => total + (x - mean) ** 2, 0);
  const deviation = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  return { mean, deviation, error: deviation / Math.sqrt(values.length) };
}

/** The mean in a figure, with the standard error as its bar where there is one. */
export function meanPoint(x: number, { mean, error }: Pick<Spread, 'mean' | 'error'>): Point {
  return { x, y: mean, ...(error > 0 && { error }) };
}

/** The mean in a table, ± one standard deviation where there are several values; null of none. */
export function meanCell(values: readonly number[]): Cell {
  if (values.length === 0) return null;
  const { mean, deviation } = spread(values);
  return values.length > 1 ? { value: mean, error: deviation } : mean;
}
