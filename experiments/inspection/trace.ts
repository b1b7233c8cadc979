/**
 * A profile in the Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing open.
 *
 * Complete events ("ph": "X") on one track must nest: each is within another, or beside it. What the host does nests by
 * construction. Pipelines are compiled beside one another, readbacks may overlap, and so may kernels on a GPU that do not
 * depend on each other, so these have as many tracks as run at a time.
 */
import type { Phase, Profile } from '../../engine/index.ts';

/** The object that a trace file holds. */
export interface Trace {
  readonly displayTimeUnit: 'ns';
  readonly traceEvents: readonly TraceEvent[];
  readonly otherData: Readonly<Record<string, string>>;
}

export type TraceEvent =
  | {
      /** A span. */
      readonly ph: 'X';
      readonly name: string;
      readonly cat: string;
      readonly pid: number;
      readonly tid: number;
      /** Microseconds since the profile began. */
      readonly ts: number;
      /** Microseconds. */
      readonly dur: number;
      readonly args: Readonly<Record<string, string | number>>;
    }
  | {
      /** The name of a process or a track, and where it stands. */
      readonly ph: 'M';
      readonly name: 'process_name' | 'thread_name' | 'thread_sort_index';
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, string | number>>;
    };

const HOST = 1;
const DEVICE = 2;

/** @param about what was profiled and on what, for the trace's own notes */
export function traceOf(profile: Profile, about: Readonly<Record<string, string>>): Trace {
  const { phases, timeline, dispatches } = profile;
  const named = (name: string): Phase[] => phases.filter((phase) => phase.name === name);
  const host = phases.filter(({ name }) => name !== 'pipeline' && name !== 'readback');
  const groups = [
    { title: 'host', lanes: [host] },
    { title: 'readback', lanes: lanesOf(named('readback')) },
    { title: 'pipelines', lanes: lanesOf(named('pipeline')) },
  ];
  const events: TraceEvent[] = [...naming('process_name', HOST, 0, 'host')];
  let tid = 0;
  for (const { title, lanes } of groups)
    lanes.forEach((lane, k) => {
      tid++;
      events.push(
        ...naming('thread_name', HOST, tid, lanes.length > 1 ? `${title} ${k + 1}` : title),
        ...lane.map((phase): TraceEvent => {
          const { name, detail } = phase;
          return { ...span(phase, detail ?? name), cat: name, pid: HOST, tid, args: { phase: name } };
        }),
      );
    });
  const lanes = lanesOf(timeline);
  if (lanes.length > 0) events.push(...naming('process_name', DEVICE, 0, 'device'));
  lanes.forEach((lane, k) =>
    events.push(
      ...naming('thread_name', DEVICE, k + 1, lanes.length > 1 ? `kernels ${k + 1}` : 'kernels'),
      ...lane.map((kernel): TraceEvent => {
        const { dispatch, flops, bytesRead, bytesWritten } = dispatches[
          kernel.dispatch
        ] as (typeof dispatches)[number];
        const args = {
          dispatch: kernel.dispatch + 1,
          shader: dispatch.shader,
          workgroups: dispatch.groups.join(' × '),
          flops,
          bytesRead,
          bytesWritten,
        };
        return { ...span(kernel, dispatch.label), cat: 'kernel', pid: DEVICE, tid: k + 1, args };
      }),
    ),
  );
  return {
    displayTimeUnit: 'ns',
    traceEvents: events,
    otherData: {
      ...about,
      clocks:
        profile.untimed ??
        'The device has a clock of its own: the first kernel of each step is drawn where its program was submitted.',
    },
  };
}

function span(
  { begin, end }: { readonly begin: number; readonly end: number },
  name: string,
): { readonly ph: 'X'; readonly name: string; readonly ts: number; readonly dur: number } {
  // In whole nanoseconds, each end rounded by itself: so what nests stays nested.
  const [from, to] = [Math.round(begin * 1e6), Math.round(end * 1e6)];
  return { ph: 'X', name, ts: from / 1e3, dur: (to - from) / 1e3 };
}

function naming(
  kind: 'process_name' | 'thread_name',
  pid: number,
  tid: number,
  name: string,
): readonly TraceEvent[] {
  const title: TraceEvent = { ph: 'M', name: kind, pid, tid, args: { name } };
  return kind === 'process_name'
    ? [title]
    : [title, { ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: tid } }];
}

/** Spans in as few lanes as keep those of one lane apart. */
function lanesOf<T extends { readonly begin: number; readonly end: number }>(spans: readonly T[]): T[][] {
  const lanes: T[][] = [];
  for (const next of spans.toSorted((a, b) => a.begin - b.begin)) {
    const lane = lanes.find((each) => (each.at(-1) as T).end <= next.begin);
    if (lane) lane.push(next);
    else lanes.push([next]);
  }
  return lanes;
}
