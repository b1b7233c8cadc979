import { describe, expect, it } from 'vitest';
import type { Dispatch, Lifetime, Phase, Profile, Program } from '../../engine/index.ts';
import { figuresOf } from '../../experiments/inspection/figures.ts';
import { dispatchTable, listing, memoryTable, totalsTable } from '../../experiments/inspection/listing.ts';
import { memoryOf } from '../../experiments/inspection/memory.ts';
import { plainProfile } from '../../experiments/inspection/plain.ts';
import { sourceOf, sourceText } from '../../experiments/inspection/source.ts';
import { traceOf, type TraceEvent } from '../../experiments/inspection/trace.ts';
import { renderTable } from '../../experiments/text-table.ts';

const row = { dtype: 'f32', shape: [32] } as const;
const code = `@group(0) @binding(0) var<storage, read_write> buffer0: array<f32>;


fn store(i: u32) {
  let v0 = buffer1[i];
  let v1 = max(v0, 0.0); // relu
  let v2 = v1 + 1.0; // not an operation
}
`;

function dispatch(label: string, kernel: number, more: Partial<Dispatch> = {}): Dispatch {
  const names = label.slice(0, label.indexOf(' ')).split('+');
  return {
    label,
    kernel,
    operations: names.map((name) => ({ name, output: row, inputs: [row], attributes: {}, flops: 32 })),
    shader: 'map',
    code,
    entryPoint: 'main',
    constants: {},
    bindings: [
      { buffer: { kind: 'input', index: 0 }, bytes: 128, access: 'read' },
      { buffer: { kind: 'slot', index: 1 }, bytes: 128, access: 'write' },
    ],
    groups: [1, 1, 1],
    ...more,
  };
}

const lifetimes: readonly Lifetime[] = [
  { slot: 0, bytes: 400, from: 0, to: 1, label: 'a' },
  { slot: 1, bytes: 128, from: 1, to: 2, label: 'b' },
  { slot: 0, bytes: 100, from: 2, to: 3, label: 'c' },
];

/** Three dispatches, the last two of one kernel: a sum in two passes. */
const program: Program = {
  inputs: [row],
  outputs: [{ aval: row }, { aval: row, donor: 0 }],
  dispatches: [dispatch('relu f32[32]', 0), dispatch('sum f32[]', 1), dispatch('sum f32[]', 1)],
  slots: [400, 128],
  lifetimes,
  scalars: 0,
};

const phases: readonly Phase[] = [
  { name: 'compose', begin: 2, end: 3 },
  { name: 'compile', begin: 1, end: 4 },
  { name: 'pipeline', detail: 'relu f32[32]', begin: 4, end: 9 },
  { name: 'pipeline', detail: 'sum f32[]', begin: 4.5, end: 8 },
  { name: 'pipeline', detail: 'late', begin: 9.5, end: 10 },
  { name: 'encode', begin: 10, end: 10.1 },
  { name: 'submit', begin: 10.1, end: 10.2 },
  { name: 'readback', begin: 10.2, end: 12 },
  { name: 'readback', begin: 10.3, end: 12.5 },
];

function profile(ms: readonly (number | undefined)[]): Profile {
  const timed = ms.every((each) => each !== undefined);
  return {
    programs: [{ program, inputNames: ['argument 0'] }],
    dispatches: program.dispatches.map((each, index) => ({
      program: 0,
      index,
      dispatch: each,
      bytesRead: 128,
      bytesWritten: 128,
      flops: index === 2 ? 0 : 32e6,
      ...(ms[index] !== undefined && { ms: ms[index] }),
    })),
    ...(!timed && { untimed: 'toy has no timestamps' }),
    repeats: 1,
    firstMs: 50,
    stepMs: 5,
    ...(timed && { spanMs: 4.5 }),
    phases,
    timeline: timed
      ? [
          { dispatch: 0, begin: 10.1, end: 11.1 },
          { dispatch: 1, begin: 11.1, end: 12.1 },
          { dispatch: 2, begin: 12.2, end: 14.2 },
        ]
      : [],
  };
}

describe('the listing of a step', () => {
  it('counts the arithmetic of a kernel once, over the time of all its dispatches', () => {
    const { dispatches, ms, flops } = figuresOf(profile([1, 1, 2]));
    expect(ms).toBe(4);
    expect(flops).toBe(64e6);
    expect(dispatches.map(({ gigaflops }) => gigaflops)).toEqual([32, 32 / 3, undefined]);
    expect(dispatches.map(({ share }) => share)).toEqual([0.25, 0.25, 0.5]);
    expect(dispatches[0]).toMatchObject({ operations: 'relu', output: 'f32[32]', slots: '→ 2' });
  });

  it('marks the bandwidth of what reads a part of a buffer as a bound', () => {
    const { programs, ...rest } = profile([1, 1, 2]);
    const [first, ...others] = rest.dispatches;
    const gather = { ...first!, dispatch: dispatch('gather+mul f32[32]', 0) };
    const table = dispatchTable({ ...rest, programs, dispatches: [gather, ...others] });
    expect(table.rows.map(({ gigabytes }) => gigabytes)).toEqual(['≤ 0.000', '0.000', '0.000']);
  });

  it('has no columns of time where there is none, and says why', () => {
    const untimed = profile([undefined, undefined, undefined]);
    expect(dispatchTable(untimed).columns.map(({ key }) => key)).not.toContain('microseconds');
    expect(renderTable(totalsTable(untimed))).toContain('toy has no timestamps');
    expect(plainProfile(untimed)).toMatchObject({ untimed: 'toy has no timestamps', step: { ms: null } });
  });

  it('cuts the operations of a line as far as the terminal is narrow', () => {
    const long = profile([1, 1, 2]);
    const label = `${Array(20).fill('add').join('+')} f32[32]`;
    const [first, ...others] = long.dispatches;
    const cut = { ...long, dispatches: [{ ...first!, dispatch: dispatch(label, 0) }, ...others] };
    for (const width of [90, 110, 140]) {
      const lines = listing(cut, width).split('\n');
      expect(lines).toHaveLength(5);
      expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(width);
      expect(lines[2]).toContain('…');
    }
    expect(listing(cut, Infinity)).toContain(label.slice(0, label.indexOf(' ')));
  });

  it('bounds the scratch memory by the most that lives at one dispatch', () => {
    // a and b at dispatch 1, b and c at 2.
    expect(memoryOf(program)).toMatchObject({ planned: 528, bound: 528, inputs: 128, outputs: 128 });
    const apart = { ...program, lifetimes: lifetimes.map((each, k) => ({ ...each, from: k, to: k })) };
    expect(memoryOf(apart)).toMatchObject({ planned: 528, bound: 400 });
    expect(memoryTable(profile([1, 1, 2])).rows).toMatchObject([{ slots: 2, values: 3, ratio: 1 }]);
  });

  it('shows the code with the operation of each composed line in a column', () => {
    const lines = sourceOf(dispatch('relu f32[32]', 0));
    expect(lines.map(({ operation }) => operation)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'relu',
      undefined,
      undefined,
    ]);
    expect(sourceText(lines).split('\n')[4]).toBe('  let v1 = max(v0, 0.0);  // relu');
    expect(sourceText(lines)).toContain('let v2 = v1 + 1.0; // not an operation');
  });
});

type Span = Extract<TraceEvent, { ph: 'X' }>;

describe('the trace of a profile', () => {
  const trace = traceOf(profile([1, 1, 2]), { experiment: 'toy' });
  const spans = trace.traceEvents.filter((event): event is Span => event.ph === 'X');
  const tracksOf = ({ traceEvents }: typeof trace): unknown[] =>
    traceEvents.flatMap((event) =>
      event.ph === 'M' && event.name === 'thread_name' ? [event.args['name']] : [],
    );

  it('has the fields that the trace event format asks for, in microseconds', () => {
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
    for (const event of trace.traceEvents) {
      expect(Number.isInteger(event.pid) && Number.isInteger(event.tid)).toBe(true);
      expect(event.name).not.toBe('');
      if (event.ph === 'M') continue;
      expect(event.ts).toBeGreaterThanOrEqual(0);
      expect(event.dur).toBeGreaterThanOrEqual(0);
    }
    expect(spans.find(({ name }) => name === 'compile')).toMatchObject({ ts: 1000, dur: 3000 });
    expect(trace.otherData).toMatchObject({ experiment: 'toy' });
  });

  it('names every track, and each span stands on a named one', () => {
    const named = new Set(
      trace.traceEvents.flatMap(({ ph, name, pid, tid }) =>
        ph === 'M' && name === 'thread_name' ? [`${pid}/${tid}`] : [],
      ),
    );
    for (const { pid, tid } of spans) expect(named).toContain(`${pid}/${tid}`);
    expect(tracksOf(trace)).toEqual([
      'host',
      'readback 1',
      'readback 2',
      'pipelines 1',
      'pipelines 2',
      'kernels',
    ]);
  });

  it('nests the spans of a track, or keeps them apart: the format allows no others', () => {
    // In whole nanoseconds, which is what readers of the format work with.
    const nanoseconds = (us: number): number => Math.round(1e3 * us);
    const tracks = new Set(spans.map(({ pid, tid }) => `${pid}/${tid}`));
    for (const track of tracks) {
      const open: number[] = [];
      const sorted = spans
        .filter(({ pid, tid }) => `${pid}/${tid}` === track)
        .toSorted((a, b) => a.ts - b.ts || b.dur - a.dur);
      for (const { ts, dur } of sorted) {
        const [begin, end] = [nanoseconds(ts), nanoseconds(ts) + nanoseconds(dur)];
        while (open.length > 0 && open.at(-1)! <= begin) open.pop();
        expect(end).toBeLessThanOrEqual(open.at(-1) ?? Infinity);
        open.push(end);
      }
    }
  });

  it('gives kernels that a device runs at the same time tracks of their own', () => {
    const timeline = [
      { dispatch: 0, begin: 10, end: 12 },
      { dispatch: 1, begin: 11, end: 13 },
      { dispatch: 2, begin: 13, end: 14 },
    ];
    const beside = traceOf({ ...profile([1, 1, 2]), timeline }, {});
    expect(tracksOf(beside).slice(-2)).toEqual(['kernels 1', 'kernels 2']);
  });

  it('has a span for every kernel of every timed step with what it did, and none without timestamps', () => {
    const kernels = spans.filter(({ cat }) => cat === 'kernel');
    expect(kernels.map(({ name }) => name)).toEqual(['relu f32[32]', 'sum f32[]', 'sum f32[]']);
    expect(kernels[0]).toMatchObject({ dur: 1000, args: { dispatch: 1, shader: 'map', flops: 32e6 } });
    const untimed = traceOf(profile([undefined, undefined, undefined]), {});
    expect(untimed.traceEvents.some((event) => event.ph === 'X' && event.cat === 'kernel')).toBe(false);
    expect(untimed.otherData['clocks']).toContain('no timestamps');
  });
});
