/** Leading eigenvalues with their residuals, of whichever operator. */
import type { Column, FigureSection, TableSection } from '../report.ts';
import type { RunRecord } from '../types.ts';
import { short } from './numbers.ts';
import { numbers, text } from './records.ts';

const words: Readonly<Record<string, string>> = { C: 'C', H: 'H', G: 'Gauss–Newton' };

/** What the operator of a record is called. */
export function nameOf({ operator, end }: RunRecord): string {
  return `${words[text(operator)] ?? text(operator)}${end === 'smallest' ? ', smallest' : ''}`;
}

/** A column of numbers that were put into words. */
export function textColumn(key: string, label: string): Column {
  return { key, label, align: 'right' };
}

/** A row per rank, a column per record. */
export function spectrumTable(id: string, records: readonly RunRecord[]): TableSection {
  const length = Math.max(0, ...records.map(({ values }) => numbers(values).length));
  const unsettled = records.filter(({ converged }) => converged === false).map(nameOf);
  return {
    kind: 'table',
    heading: id === 'c' ? 'Leading eigenvalues of C' : 'Eigenvalues at the ends of the spectrum',
    caption:
      'Behind ± stands the residual |A v − λ v| of a unit vector v: an eigenvalue lies within so much of the number.' +
      (unsettled.length > 0
        ? ` Lanczos came to the end of its steps before all residuals were below 10⁻⁴ of the largest: ${unsettled.join('; ')}.`
        : ''),
    terminal: true,
    columns: [
      { key: 'rank', label: 'rank', format: 'integer' },
      ...records.map((record, k) => textColumn(`v${k}`, nameOf(record))),
    ],
    rows: Array.from({ length }, (_, rank) => ({
      rank: rank + 1,
      ...Object.fromEntries(
        records.map((record, k) => {
          const [value, residual] = [numbers(record['values'])[rank], numbers(record['residuals'])[rank]];
          return [`v${k}`, value === undefined ? null : `${short(value)} ± ${short(residual, 2)}`];
        }),
      ),
    })),
  };
}

/** Magnitudes over ranks, with residuals as bars. */
export function spectrumFigure(id: string, records: readonly RunRecord[]): FigureSection {
  return {
    kind: 'figure',
    id: `eigenvalues-${id}`,
    heading: id === 'c' ? 'Leading eigenvalues of C by rank' : 'Eigenvalues by rank',
    caption: 'Magnitudes; bars are residuals.',
    x: { label: 'rank', scale: 'log' },
    y: { label: 'eigenvalue', scale: 'log' },
    series: records.map((record) => ({
      label: `${nameOf(record)}${record['end'] === 'smallest' ? ' (minus)' : ''}`,
      points: numbers(record['values']).map((value, k) => ({
        x: k + 1,
        y: record['end'] === 'smallest' ? -value : value,
        error: numbers(record['residuals'])[k] ?? 0,
      })),
    })),
  };
}
