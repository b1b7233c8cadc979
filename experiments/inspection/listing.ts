/** A profile as tables: a line for every dispatch, the totals, and the memory plan. */
import type { Profile, Program } from '../../engine/index.ts';
import type { Cell, Column, TableSection } from '../report.ts';
import { renderTable } from '../text-table.ts';
import { figuresOf, type DispatchFigures } from './figures.ts';
import { memoryOf } from './memory.ts';

/**
 * Every dispatch of the step.
 * @param longest of the list of operations, in characters; what is cut off ends in `…`
 */
export function dispatchTable(profile: Profile, longest: number = Infinity): TableSection {
  const timed = profile.untimed === undefined;
  const distinct = distinctPrograms(profile.programs);
  return {
    kind: 'table',
    heading: 'Dispatches',
    columns: [
      { key: 'number', label: '#', format: 'integer' },
      ...(profile.programs.length > 1
        ? [{ key: 'program', label: 'program', format: 'integer' } as const]
        : []),
      { key: 'operations', label: 'operations' },
      { key: 'output', label: 'writes' },
      { key: 'shader', label: 'shader' },
      { key: 'slots', label: 'slots' },
      { key: 'workgroups', label: 'groups', align: 'right' },
      ...FIGURES,
      ...(timed ? TIMES : []),
    ],
    rows: figuresOf(profile).dispatches.map((row) => ({
      ...cellsOf(row, longest),
      program:
        1 + distinct.indexOf((profile.programs[row.program] as (typeof profile.programs)[number]).program),
    })),
  };
}

const FIGURES: readonly Column[] = [
  { key: 'megaflop', label: 'MFLOP', format: 'number', digits: 3 },
  { key: 'kilobytes', label: 'kB', format: 'number', digits: 1 },
];

const TIMES: readonly Column[] = [
  { key: 'microseconds', label: 'µs', format: 'number', digits: 1 },
  { key: 'gigaflops', label: 'GFLOP/s', align: 'right' },
  { key: 'gigabytes', label: 'GB/s', align: 'right' },
  { key: 'share', label: 'share', format: 'percent', digits: 1 },
];

function cellsOf(row: DispatchFigures, longest: number): Readonly<Record<string, Cell>> {
  const { number, operations, output, shader, slots, workgroups, flops, bytes, partial, ms, share } = row;
  return {
    number,
    operations: operations.length > longest ? `${operations.slice(0, longest - 1)}…` : operations,
    output,
    shader,
    slots,
    workgroups: workgroups.filter((_, k) => k === 0 || workgroups.slice(k).some((n) => n > 1)).join('×'),
    megaflop: flops / 1e6,
    kilobytes: bytes / 1e3,
    microseconds: ms === undefined ? null : 1e3 * ms,
    gigaflops: rate(row.gigaflops),
    // Where only a part of a buffer is read, the figure is a bound.
    gigabytes: row.gigabytes === undefined ? null : `${partial ? '≤ ' : ''}${rate(row.gigabytes)}`,
    share: share ?? null,
  };
}

/** `0.012`, `1.23`, `12.3`, `123`: three digits, but no more than three decimals. */
function rate(value: number | undefined): string | null {
  return value === undefined
    ? null
    : value.toFixed(value < 1 ? 3 : Math.max(0, 2 - Math.floor(Math.log10(value))));
}

/**
 * The dispatches in lines of at most `width` characters: the operations are cut as far as that takes, and where it does not
 * suffice columns are left out. On a terminal that is narrower still, every dispatch is a block of lines.
 */
export function listing(profile: Profile, width: number): string {
  const over = (table: TableSection): number =>
    Math.max(
      ...renderTable(table)
        .split('\n')
        .map((line) => Array.from(line).length),
    ) - width;
  const whole = dispatchTable(profile);
  const longest = Math.max(...figuresOf(profile).dispatches.map(({ operations }) => operations.length));
  const cut = dispatchTable(profile, Math.max(SHORTEST, longest - Math.max(0, over(whole))));
  const tables = Array.from({ length: DISPENSABLE.length + 1 }, (_, k): TableSection => {
    const missing = DISPENSABLE.slice(0, k);
    return { ...cut, columns: cut.columns.filter(({ key }) => !missing.includes(key)) };
  });
  return renderTable(tables.find((table) => over(table) <= 0) ?? whole, width);
}

/** Operations are not cut below this. */
const SHORTEST = 20;
/** Columns that a narrow terminal goes without, the first of them first. */
const DISPENSABLE: readonly string[] = ['workgroups', 'slots', 'shader', 'kilobytes', 'gigabytes'];

/** What the whole step does and takes. */
export function totalsTable(profile: Profile): TableSection {
  const { dispatches, flops, bytes, ms } = figuresOf(profile);
  const { stepMs, spanMs, firstMs, untimed, programs } = profile;
  const rows: [string, string][] = [
    ['dispatches', `${dispatches.length} in ${programs.length} program${programs.length === 1 ? '' : 's'}`],
    ['arithmetic', `${(flops / 1e6).toFixed(3)} MFLOP`],
    ['buffers bound', `${(bytes / 1e6).toFixed(3)} MB`],
    [
      'time in kernels',
      ms === undefined
        ? `unknown: ${untimed ?? 'the device gave none that make sense'}`
        : `${ms.toFixed(3)} ms, ${rate(flops / ms / 1e6) ?? ''} GFLOP/s, ${rate(bytes / ms / 1e6) ?? ''} GB/s`,
    ],
    ...(spanMs === undefined
      ? []
      : [['first kernel to last', `${spanMs.toFixed(3)} ms, each in a pass of its own`] as [string, string]]),
    ['a step as it usually runs', `${stepMs.toFixed(3)} ms, from the call until the host has its result`],
    ['the first step', `${firstMs.toFixed(1)} ms, with recording and compiling`],
  ];
  return {
    kind: 'table',
    heading: 'The step',
    columns: [
      { key: 'what', label: 'of one step' },
      { key: 'amount', label: `median of ${profile.repeats}` },
    ],
    rows: rows.map(([what, amount]) => ({ what, amount })),
  };
}

/** The memory plan of every program, each once. */
export function memoryTable({ programs }: Profile): TableSection {
  return {
    kind: 'table',
    heading: 'Memory',
    caption:
      'Scratch memory is shared by what does not live at the same time. Its lower bound is the most that lives at one dispatch.',
    columns: [
      { key: 'program', label: 'program', format: 'integer' },
      { key: 'slots', label: 'slots', format: 'integer' },
      { key: 'values', label: 'values', format: 'integer' },
      { key: 'planned', label: 'scratch kB', format: 'number', digits: 1 },
      { key: 'bound', label: 'lower bound kB', format: 'number', digits: 1 },
      { key: 'ratio', label: 'ratio', format: 'number', digits: 3 },
      { key: 'inputs', label: 'arguments kB', format: 'number', digits: 1 },
      { key: 'outputs', label: 'new results kB', format: 'number', digits: 1 },
    ],
    rows: distinctPrograms(programs).map((program, k) => {
      const { slots, lifetimes, planned, bound, inputs, outputs } = memoryOf(program);
      return {
        program: k + 1,
        slots: slots.length,
        values: lifetimes.length,
        planned: planned / 1e3,
        bound: bound / 1e3,
        ratio: bound > 0 ? planned / bound : null,
        inputs: inputs / 1e3,
        outputs: outputs / 1e3,
      };
    }),
  };
}

/** The programs of a step, each once, in the order in which they first run. */
export function distinctPrograms(programs: Profile['programs']): readonly Program[] {
  return [...new Set(programs.map(({ program }) => program))];
}
