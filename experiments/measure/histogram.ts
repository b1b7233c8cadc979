/** Histograms as outlines that a figure draws as a line. */
import type { Point } from '../report.ts';

export interface Histogram {
  /** count + 1 borders, ascending. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/**
 * Equal bins from the least value to the greatest; equal in the logarithm if asked for, of positive values alone.
 * Values that are not finite are left out.
 */
export function histogram(
  values: readonly number[],
  {
    bins = binsFor(values.length),
    scale = 'linear',
  }: { readonly bins?: number; readonly scale?: 'linear' | 'log' } = {},
): Histogram {
  const [map, back] = scale === 'log' ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const kept = values.filter((x) => Number.isFinite(x) && (scale === 'linear' || x > 0)).map(map);
  if (kept.length === 0) return { edges: [], counts: [] };
  let [low, high] = [Infinity, -Infinity];
  for (const x of kept) [low, high] = [Math.min(low, x), Math.max(high, x)];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const width = (high - low) / bins;
  const counts = Array<number>(bins).fill(0);
  for (const x of kept) counts[Math.min(bins - 1, Math.floor((x - low) / width))]!++;
  return { edges: Array.from({ length: bins + 1 }, (_, k) => back(low + k * width)), counts };
}

/** √N bins, between 8 and 60. */
function binsFor(count: number): number {
  return Math.max(8, Math.min(60, Math.round(Math.sqrt(count))));
}

/** The outline from the axis up over all bins and down again. */
export function outline({ edges, counts }: Histogram, base = 0): Point[] {
  if (counts.length === 0) return [];
  const steps = counts.flatMap((y, k) => [
    { x: edges[k]!, y },
    { x: edges[k + 1]!, y },
  ]);
  return [{ x: edges[0]!, y: base }, ...steps, { x: edges.at(-1)!, y: base }];
}
