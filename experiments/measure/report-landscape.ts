/** The loss around the parameters in tables and figures. */
import type { FigureSection, ReferenceLine, Section, TableSection } from '../report.ts';
import type { RunRecord } from '../types.ts';
import { levelLines, levelsOf, type Grid } from './contours.ts';
import { short } from './numbers.ts';
import { find, findAll, numbers, rows, type Fields, text } from './records.ts';
import { textColumn } from './report-spectra.ts';

export function landscapeSections(records: readonly RunRecord[]): Section[] {
  return [...line(records), ...plane(records), ...sharpness(records)];
}

function line(records: readonly RunRecord[]): FigureSection[] {
  const found = find(records, 'line');
  if (!found) return [];
  const points = rows(found['points']);
  const [from = 0, to = 0] = numbers(found['steps']);
  const ends: readonly ReferenceLine[] = [
    { axis: 'x', value: 0, label: `step ${from}` },
    { axis: 'x', value: 1, label: `step ${to}` },
  ];
  const figure = (
    id: string,
    field: 'loss' | 'accuracy',
    label: string,
    percent: boolean,
  ): FigureSection => ({
    kind: 'figure',
    id,
    heading: `${label[0]?.toUpperCase()}${label.slice(1)} on a line`,
    caption: `On the straight line through two parameter sets of the training${policyOf(found)}.${missing(found)}`,
    x: { label: 'a' },
    y: { label, percent },
    series: [{ label, points: points.map((point) => ({ x: Number(point['a']), y: Number(point[field]) })) }],
    lines: ends,
  });
  return [
    figure('line-loss', 'loss', 'loss', false),
    ...(points.some(({ accuracy }) => accuracy !== undefined)
      ? [figure('line-accuracy', 'accuracy', 'accuracy', true)]
      : []),
  ];
}

/** Level lines; the loss in the middle is named. */
function plane(records: readonly RunRecord[]): FigureSection[] {
  const found = find(records, 'plane');
  if (!found) return [];
  const points = rows(found['points']);
  const column = (field: string): number[] => points.map((point) => Number(point[field]));
  const grid: Grid = { columns: distinct(column('a')), rows: distinct(column('b')), values: column('loss') };
  const middle = points.find(({ a, b }) => a === 0 && b === 0)?.['loss'];
  return [
    {
      kind: 'figure',
      id: 'plane-loss',
      heading: 'Loss on a plane',
      caption:
        `Lines of equal loss around the parameters, along two random directions whose filters are as long as those of the parameters${policyOf(found)}.` +
        `${typeof middle === 'number' ? ` The loss in the middle is ${short(middle)}.` : ''}${missing(found)}`,
      x: { label: 'along the first direction', domain: domainOf(grid.columns) },
      y: { label: 'along the second', domain: domainOf(grid.rows) },
      series: levelsOf(grid.values, 7).map((level) => ({
        label: short(level, 3),
        style: 'line',
        points: levelLines(grid, level),
      })),
    },
  ];
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function domainOf(values: readonly number[]): readonly [number, number] {
  return [values[0] ?? 0, values.at(-1) ?? 1];
}

function sharpness(records: readonly RunRecord[]): TableSection[] {
  const found = findAll(records, 'sharpness');
  if (found.length === 0) return [];
  return [
    {
      kind: 'table',
      heading: 'Sharpness',
      caption:
        '100 (max f − f)/(1 + f) over the box |z| ≤ ε(|x| + 1), component by component (Keskar et al., 2017). The maximum is the best that projected gradient ascent found from the centre and from a random point, so the number is a lower bound.',
      terminal: true,
      columns: [
        textColumn('epsilon', 'ε'),
        textColumn('sharpness', 'sharpness in %'),
        textColumn('loss', 'loss'),
        textColumn('maximum', 'largest loss'),
      ],
      rows: found.map(({ epsilon, sharpness: percent, loss, maximum }) => ({
        epsilon: text(epsilon),
        sharpness: short(Number(percent)),
        loss: short(Number(loss)),
        maximum: short(Number(maximum)),
      })),
    },
  ];
}

function policyOf({ policy }: Fields): string {
  return typeof policy === 'string' ? `; ${policy}` : '';
}

function missing({ nonFinite }: Fields): string {
  return Number(nonFinite) > 0
    ? ` At ${text(nonFinite)} points the loss is not finite; they are left out.`
    : '';
}
