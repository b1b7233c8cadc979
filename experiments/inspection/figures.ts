/** The figures of a profile: what each dispatch does, moves and takes, and what the step does in all. */
import type { Binding, Profile, ProfiledDispatch } from '../../engine/index.ts';

/** One dispatch of the step, for listings. Rates are absent where there is nothing to count or no time, or one of 0 on a coarse clock. */
export interface DispatchFigures {
  /** Position in the step, from 1. */
  readonly number: number;
  /** Which of the step's programs it belongs to, from 0: one that runs twice counts twice. */
  readonly program: number;
  /** Names of its operations in order of composition, each once: `matmul+add+relu`. */
  readonly operations: string;
  /** `f32[256, 500]`; where it writes several values, the first of them and how many there are. */
  readonly output: string;
  /** The file of shaders/ that its code was composed from. */
  readonly shader: string;
  readonly workgroups: readonly [number, number, number];
  /** Its place in the memory plan: the slots it reads, and what it writes. `2 5 → 3`; `args` is in place, over arguments, `out` a result. */
  readonly slots: string;
  /** Of its kernel, counted with the first dispatch of several. */
  readonly flops: number;
  /** Of the buffers it binds, each binding once. */
  readonly bytes: number;
  /** Whether some operation reads a part of a buffer, so that `bytes` is more than what is moved. */
  readonly partial: boolean;
  readonly ms: number | undefined;
  /** Of the time of all kernels. */
  readonly share: number | undefined;
  /** 10⁹ floating-point operations per second, in all dispatches of its kernel. */
  readonly gigaflops: number | undefined;
  /** 10⁹ bytes per second. */
  readonly gigabytes: number | undefined;
}

export interface StepFigures {
  readonly dispatches: readonly DispatchFigures[];
  readonly flops: number;
  readonly bytes: number;
  /** Milliseconds in kernels; absent if one of them has no time. */
  readonly ms: number | undefined;
}

/** Movement that reads some elements of its operand and leaves others. */
const PARTIAL: ReadonlySet<string> = new Set(['gather', 'slice', 'poolGather']);

export function figuresOf({ dispatches }: Pick<Profile, 'dispatches'>): StepFigures {
  const times = dispatches.map(({ ms }) => ms);
  const timed = times.filter((ms) => ms !== undefined);
  const total = timed.length === times.length ? sum(timed) : undefined;
  const rows = dispatches.map((each, k) => dispatchFigures(each, k + 1, total, kernelTime(each, dispatches)));
  return {
    dispatches: rows,
    flops: sum(rows.map(({ flops }) => flops)),
    bytes: sum(rows.map(({ bytes }) => bytes)),
    ms: total,
  };
}

/** Milliseconds of all dispatches of a kernel; absent if one of them has no time. */
function kernelTime(
  { program, dispatch }: ProfiledDispatch,
  dispatches: readonly ProfiledDispatch[],
): number | undefined {
  const launches = dispatches.filter(
    (other) => other.program === program && other.dispatch.kernel === dispatch.kernel,
  );
  return launches.reduce<number | undefined>(
    (time, { ms }) => (time === undefined || ms === undefined ? undefined : time + ms),
    0,
  );
}

function dispatchFigures(
  { program, dispatch, bytesRead, bytesWritten, flops, ms }: ProfiledDispatch,
  number: number,
  total: number | undefined,
  kernelMs: number | undefined,
): DispatchFigures {
  const space = dispatch.label.indexOf(' ');
  const written = dispatch.bindings.filter(
    ({ access, buffer }) => access === 'write' && buffer.kind !== 'faults',
  ).length;
  const bytes = bytesRead + bytesWritten;
  const rate = (amount: number, time: number | undefined): number | undefined =>
    time && amount ? amount / time / 1e6 : undefined;
  return {
    number,
    program,
    operations: dispatch.label.slice(0, space),
    output: dispatch.label.slice(space + 1) + (written > 1 ? ` ×${written}` : ''),
    shader: dispatch.shader,
    workgroups: dispatch.groups,
    slots: slotsText(dispatch.bindings),
    flops,
    bytes,
    partial: dispatch.operations.some(({ name }) => PARTIAL.has(name)),
    ms,
    share: ms !== undefined && total ? ms / total : undefined,
    gigaflops: rate(flops, kernelMs),
    gigabytes: rate(bytes, ms),
  };
}

function slotsText(bindings: readonly Binding[]): string {
  const places = (wanted: Binding['access']): string =>
    [...new Set(bindings.flatMap(({ buffer, access }) => (access === wanted ? placeOf(buffer, access) : [])))]
      .toSorted((a, b) => Number(a) - Number(b))
      .join(' ');
  return `${places('read')} → ${places('write')}`.trim();
}

function placeOf(buffer: Binding['buffer'], access: Binding['access']): string[] {
  if (buffer.kind === 'slot') return [String(buffer.index + 1)];
  if (access === 'read' || buffer.kind === 'faults') return [];
  return [buffer.kind === 'input' ? 'args' : 'out'];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
