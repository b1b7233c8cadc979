/** The rows of the master table of docs/papers.md: each is shown by experiments that exist, and each experiment is named by a row. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { experiments } from '../../experiments/index.ts';
import { root } from './markdown.ts';

const text = readFileSync(join(root, 'docs/papers.md'), 'utf8');
/** The cells of the table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const [, after = ''] = text.split(heading);
  const lines = after.split(/^#/m)[0]!.split('\n');
  return lines
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .slice(2);
}
const rows = rowsUnder('### Where every row is shown, and what asserts it');
const names = experiments.map(({ name }) => name);
/** Experiments by their names in inline code; `langevin tune` and its like are commands. */
const experimentsIn = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!).filter((code) => !code.startsWith('langevin '));

describe('the table of where rows are shown', () => {
  test('has every row of the master table, in its order', () => {
    const master = rowsUnder('## 7. Master table').map(([key]) => key);
    expect(master.length).toBeGreaterThan(40);
    expect(rows.map(([key]) => key)).toEqual(master);
  });

  test('names experiments that exist, for every row but those that say that there is none', () => {
    for (const [key, shown = ''] of rows) expect(shown, key).toMatch(/`|^none$/);
    expect(
      rows.flatMap(([, shown = '']) => experimentsIn(shown)).filter((name) => !names.includes(name)),
    ).toEqual([]);
  });

  test('names every experiment', () => {
    const shown = new Set(rows.flatMap(([, cell = '']) => experimentsIn(cell)));
    expect(names.filter((name) => !shown.has(name))).toEqual([]);
  });

  test('says of every row which test asserts it, or that docs/results has it', () => {
    for (const [key, , asserted = ''] of rows)
      expect(asserted, key).toMatch(/`test\/[\w./-]+` › \*|docs\/results/);
  });
});
