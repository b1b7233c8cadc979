import { expect, test } from 'vitest';
import type { Cell, Column, TableSection } from '../../experiments/report.ts';
import { formatCell, renderTable } from '../../experiments/text-table.ts';

const table: TableSection = {
  kind: 'table',
  heading: 'Covariance',
  columns: [
    { key: 'net', label: 'net' },
    { key: 'alpha', label: 'α', format: 'number', digits: 1 },
    { key: 'factor', label: 'factor', format: 'number' },
    { key: 'accuracy', label: 'accuracy', format: 'percent' },
    { key: 'steps', label: 'steps', format: 'integer' },
  ],
  rows: [
    { net: 'F1', alpha: 1, factor: { value: 1.004, error: 0.021 }, accuracy: 0.8805, steps: 24500 },
    { net: 'C1', alpha: 2.5, factor: { value: 8.44, error: 0.2 }, accuracy: null, steps: NaN },
  ],
};

test('columns are aligned, text to the left and numbers to the right', () => {
  expect(renderTable(table).split('\n')).toEqual([
    'net    α       factor  accuracy  steps',
    '───  ───  ───────────  ────────  ─────',
    'F1   1.0  1.00 ± 0.02   88.05 %  24500',
    'C1   2.5  8.44 ± 0.20         –    NaN',
  ]);
});

test('a terminal too narrow for the columns gets one block per row, and no line is wider', () => {
  const text = renderTable(table, 30);
  expect(text.split('\n').slice(0, 7)).toEqual([
    'net: F1',
    'α: 1.0',
    'factor: 1.00 ± 0.02',
    'accuracy: 88.05 %',
    'steps: 24500',
    '',
    'net: C1',
  ]);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(30);
});

test.each<[Cell, Partial<Column>, string]>([
  [-0.001, { format: 'number' }, '0.00'],
  [-1.5, { format: 'number', digits: 1 }, '−1.5'],
  [Infinity, { format: 'number' }, '∞'],
  [1.5, {}, '1.5'],
  [true, {}, 'yes'],
  [{ value: 0.9017, error: 0.0014 }, { format: 'percent' }, '90.17 ± 0.14 %'],
  [{ value: 2, error: NaN }, { format: 'number' }, '2.00 ± NaN'],
  [123_456_789_012, { format: 'number', digits: 1 }, '123456789012.0'],
  [-9.891081135720015e26, { format: 'number', digits: 5 }, '−9.89e+26'],
  [1e15, { format: 'integer' }, '1.00e+15'],
  [2e30, { format: 'percent' }, '2.00e+32 %'],
  [{ value: 3e20, error: 1.5 }, { format: 'number' }, '3.00e+20 ± 1.50'],
])('the cell %j is written %s', (cell, column, text) => {
  expect(formatCell(cell, { key: 'x', label: 'x', ...column })).toBe(text);
});
