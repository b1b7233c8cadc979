/** Tables as text: how a cell is written anywhere, and columns on a terminal of any width. */
import type { Cell, Column, TableSection } from './report.ts';

/** `2.49 ± 0.03`, `88.05 %`, `300`; an absent value is a dash. */
export function formatCell(cell: Cell | undefined, column: Column): string {
  if (cell === undefined || cell === null) return '–';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return formatNumber(cell, column);
  const bare = (value: number): string => formatNumber(value, column).replace(/ %$/, '');
  return `${bare(cell.value)} ± ${bare(cell.error)}${column.format === 'percent' ? ' %' : ''}`;
}

/** From here on a float64 has no digits after the point that mean anything, and a column none for those before it. */
const HUGE = 1e15;

function formatNumber(value: number, { format = 'text', digits = 2 }: Column): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (format !== 'text' && Math.abs(value) >= HUGE)
    return signed(format === 'percent' ? `${(100 * value).toExponential(2)} %` : value.toExponential(2));
  switch (format) {
    case 'text':
      return signed(String(value));
    case 'integer':
      return signed(value.toFixed(0));
    case 'number':
      return signed(value.toFixed(digits));
    case 'percent':
      return `${signed((100 * value).toFixed(digits))} %`;
  }
}

/** A minus sign instead of a hyphen, and no sign on what rounds to zero. */
function signed(text: string): string {
  return text.replace(/^-(?=0(?:\.0*)?$)/, '').replace(/^-/, '−');
}

/** Text columns stand left, others right. */
export function alignOf({ align, format = 'text' }: Column): 'left' | 'right' {
  return align ?? (format === 'text' ? 'left' : 'right');
}

/**
 * The table in lines of at most `width` characters: in columns when they fit, else each row as a block of
 * `label: value` lines. Lines end without spaces.
 */
export function renderTable(table: TableSection, width: number = Infinity): string {
  const { columns, rows } = table;
  const labels = columns.map(({ label }) => label);
  const cells = rows.map((row) => columns.map((column) => formatCell(row[column.key], column)));
  const widths = columns.map((_, k) =>
    Math.max(...[labels, ...cells].map((line) => lengthOf(line[k] ?? ''))),
  );
  const total = widths.reduce((sum, w) => sum + w, 0) + 2 * (columns.length - 1);
  if (total > width) return renderBlocks(labels, cells, width);
  const line = (parts: readonly string[]): string =>
    columns
      .map((column, k) => padded(parts[k] ?? '', widths[k] ?? 0, alignOf(column)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((w) => '─'.repeat(w)).join('  ');
  return [line(labels), rule, ...cells.map(line)].join('\n');
}

function renderBlocks(
  labels: readonly string[],
  cells: readonly (readonly string[])[],
  width: number,
): string {
  const block = (row: readonly string[]): string =>
    row
      .flatMap((cell, k) => {
        const whole = `${labels[k] ?? ''}: ${cell}`;
        return lengthOf(whole) <= width ? [whole] : wrap(whole, width);
      })
      .join('\n');
  return cells.map(block).join('\n\n');
}

/** `text` broken at spaces into lines of at most `width` characters; a longer word stands in a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && lengthOf(line) + 1 + lengthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function padded(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return align === 'left' ? text + space : space + text;
}

/** In code points: the symbols used here (±, –, α, η) each take one place on a terminal. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
