/** The figures of a profile: what each dispatch does, moves and takes, and what the step does in all. */
import type { Profile, ProfiledDispatch } from '../../engine/index.ts';

/** One dispatch of the step, for listings. Rates are absent where there is nothing to count or no time, or one of 0 on a coarse clock. */
export interface DispatchFigures {
  /** Position in the step, from 1. */
  readonly number: number;
  /** Names of its operations in order of composition, each once: `matmul+add+relu`. */
  readonly operations: string;
  /** `f32[256, 500]`; where it writes several values, the first of them and how many there are. */
  readonly output: string;
  /** The file of shaders/ that its code was composed from. */
  readonly shader: string;
  readonly workgroups: readonly [number, number, number];
  readonly flops: number;
  /** Of the buffers it binds, each binding once. */
  readonly bytes: number;
  /** Whether some operation reads a part of a buffer, so that `bytes` is more than what is moved. */
  readonly partial: boolean;
  readonly ms: number | undefined;
  /** Of the time of all kernels. */
  readonly share: number | undefined;
  /** 10⁹ floating-point operations per second. */
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
  const rows = dispatches.map((each, k) => dispatchFigures(each, k + 1, total));
  return {
    dispatches: rows,
    flops: sum(rows.map(({ flops }) => flops)),
    bytes: sum(rows.map(({ bytes }) => bytes)),
    ms: total,
  };
}

function dispatchFigures(
  { dispatch, bytesRead, bytesWritten, flops, ms }: ProfiledDispatch,
  number: number,
  total: number | undefined,
): DispatchFigures {
  const space = dispatch.label.indexOf(' ');
  const written = dispatch.bindings.filter(
    ({ access, buffer }) => access === 'write' && buffer.kind !== 'faults',
  ).length;
  const bytes = bytesRead + bytesWritten;
  const rate = (amount: number): number | undefined => (ms && amount ? amount / ms / 1e6 : undefined);
  return {
    number,
    operations: dispatch.label.slice(0, space),
    output: dispatch.label.slice(space + 1) + (written > 1 ? ` ×${written}` : ''),
    shader: dispatch.shader,
    workgroups: dispatch.groups,
    flops,
    bytes,
    partial: dispatch.operations.some(({ name }) => PARTIAL.has(name)),
    ms,
    share: ms !== undefined && total ? ms / total : undefined,
    gigaflops: rate(flops),
    gigabytes: rate(bytes),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
