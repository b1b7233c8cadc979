/** Results as Markdown tables: read on a terminal as they are, and as pages in docs/benchmarks.md. */

export type Row = readonly (string | number)[];

/** A table with columns padded to one width. Numbers stand right, with three significant digits. */
export function markdownTable(head: readonly string[], rows: readonly Row[]): string {
  const cells = [head, ...rows.map((row) => row.map(show))];
  const right = head.map((_, k) => rows.length > 0 && rows.every((row) => isNumeric(row[k])));
  const widths = head.map((_, k) => Math.max(3, ...cells.map((row) => lengthOf(row[k] ?? ''))));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, k) => pad(row[k] ?? '', width, right[k] === true)).join(' | ')} |`;
  const rule = `| ${widths.map((width, k) => (right[k] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(head), rule, ...cells.slice(1).map(line)].join('\n');
}

/** Numbers, shares, and the dash of a figure that is missing. */
function isNumeric(cell: string | number | undefined): boolean {
  return typeof cell === 'number' || (cell !== undefined && /^([\d.]+ %|–)$/.test(cell));
}

/** `0.0123`, `1.23`, `123`, `1230`. */
export function show(cell: string | number): string {
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell) || !Number.isFinite(cell)) return String(cell);
  return Math.abs(cell) >= 100 ? cell.toFixed(0) : String(Number(cell.toPrecision(3)));
}

/** `12.3 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return right ? space + text : text + space;
}

/** In code points: the symbols used here (×, ᵀ, µ) each take one place on a terminal. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
