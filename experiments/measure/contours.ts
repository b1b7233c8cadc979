/**
 * Level lines of values on a grid, by marching squares: in every cell of the grid the line of a level enters and leaves where
 * the values at two neighbouring corners, taken as linear between them, reach it. In a saddle the mean of the corners decides
 * which pairs are joined. A figure draws the segments as one line with gaps.
 */
import type { Point } from '../report.ts';

export interface Grid {
  readonly columns: readonly number[];
  readonly rows: readonly number[];
  /** Row by row, of as many columns. */
  readonly values: readonly number[];
}

/** The segments of one level, each followed by a gap. Cells with a corner that is not finite have none. */
export function levelLines({ columns, rows, values }: Grid, level: number): Point[] {
  const points: Point[] = [];
  const width = columns.length;
  for (let r = 0; r + 1 < rows.length; r++)
    for (let c = 0; c + 1 < width; c++) {
      const [x0, x1, y0, y1] = [columns[c]!, columns[c + 1]!, rows[r]!, rows[r + 1]!];
      // Around the cell: lower left, lower right, upper right, upper left.
      const corners = [
        { x: x0, y: y0, z: values[r * width + c]! },
        { x: x1, y: y0, z: values[r * width + c + 1]! },
        { x: x1, y: y1, z: values[(r + 1) * width + c + 1]! },
        { x: x0, y: y1, z: values[(r + 1) * width + c]! },
      ];
      if (!corners.every(({ z }) => Number.isFinite(z))) continue;
      const crossings = corners.flatMap((a, k) => {
        const b = corners[(k + 1) % 4]!;
        if (a.z >= level === b.z >= level) return [];
        const t = (level - a.z) / (b.z - a.z);
        return [{ x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) }];
      });
      if (crossings.length === 4) {
        const middle = corners.reduce((sum, { z }) => sum + z / 4, 0);
        // The corners on the other side than the middle are cut off; that of the first corner lies between 3 and 0.
        const cut = corners[0]!.z >= level !== middle >= level;
        crossings.push(...crossings.splice(0, cut ? 3 : 0));
      }
      for (let k = 0; k + 1 < crossings.length; k += 2)
        points.push(crossings[k]!, crossings[k + 1]!, { x: crossings[k + 1]!.x, y: NaN });
    }
  return points;
}

/** Levels that divide the range of values, in equal steps of their square root: closer together near the bottom. */
export function levelsOf(values: readonly number[], count: number): number[] {
  const finite = values.filter(Number.isFinite).sort((a, b) => a - b);
  const low = finite[0];
  // Walls at the border would take all the levels for themselves.
  const high = finite[Math.floor(0.9 * (finite.length - 1))];
  if (low === undefined || high === undefined || low === high) return [];
  return Array.from({ length: count }, (_, k) => low + (high - low) * ((k + 1) / count) ** 2);
}
