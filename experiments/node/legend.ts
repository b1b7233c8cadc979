/** The legend of a figure, inside the drawing so that a figure saved alone keeps it. */
import * as Plot from '@observablehq/plot';
import type { Series } from '../report.ts';
import { seriesColour } from './theme.ts';

/** Height of one row in pixels. */
export const LEGEND_ROW = 21;

/** Mean width of a character at 13 px; fonts differ, so it errs on the wide side. */
const CHARACTER = 7.4;
const SYMBOL = 18; // pixels from an entry's left end to its text
const GAP = 18;

const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'star', 'wye', 'cross', 'times'] as const;

/** The symbol of the k-th series: with it a figure can be read without colours. */
export function seriesSymbol(k: number): (typeof SYMBOLS)[number] {
  return SYMBOLS[k % SYMBOLS.length] ?? 'circle';
}

interface Entry {
  readonly label: string;
  readonly k: number;
  /** Pixels from the frame's left side. */
  readonly left: number;
  readonly dots: boolean;
}

/** The entries in rows of at most `width` pixels. */
export function legendRows(series: readonly Series[], width: number): Entry[][] {
  const rows: Entry[][] = [];
  let left = Infinity;
  series.forEach(({ label, style }, k) => {
    const length = SYMBOL + Array.from(label).length * CHARACTER;
    if (left + length > width) {
      rows.push([]);
      left = 0;
    }
    rows.at(-1)?.push({ label, k, left, dots: style !== 'line' });
    left += length + GAP;
  });
  return rows;
}

/** The rows as marks above the frame, the last row just over it. */
export function legendMarks(rows: readonly (readonly Entry[])[]): Plot.Markish[] {
  return rows.flatMap((row, index) => {
    const dy = -(rows.length - index) * LEGEND_ROW + 6;
    return row.flatMap(({ label, k, left, dots }) => {
      const fill = seriesColour(k);
      return [
        dots
          ? Plot.dot([0], {
              frameAnchor: 'top-left',
              dx: left + 5,
              dy,
              fill,
              symbol: seriesSymbol(k),
              r: 4.5,
            })
          : Plot.text(['━━'], {
              frameAnchor: 'top-left',
              lineAnchor: 'middle',
              textAnchor: 'start',
              dx: left - 3,
              dy,
              fill,
            }),
        Plot.text([label], {
          frameAnchor: 'top-left',
          lineAnchor: 'middle',
          textAnchor: 'start',
          dx: left + SYMBOL,
          dy,
          fill: 'var(--ink)',
        }),
      ];
    });
  });
}
