/** Where the time of a step goes, by the engine's own profiles: dispatches of one label added up. */
import { profile as profileOf, type Profile } from '../engine/index.ts';
import { disposeAll, type Workload } from './workload.ts';

export interface ProfileResult {
  readonly title: string;
  /** Milliseconds of a step as it usually runs, all dispatches in one pass. */
  readonly stepMs: number;
  /** Milliseconds in kernels. */
  readonly ms: number;
  /** The most expensive first. */
  readonly kernels: readonly ProfiledKernel[];
}

export interface ProfiledKernel {
  /** Operations and result, as in `matmul+add f32[32, 10]`. */
  readonly name: string;
  readonly dispatches: number;
  /** Of all dispatches of that name in one step. */
  readonly ms: number;
  /** Of the buffers that they bind, each counted once per dispatch. */
  readonly bytes: number;
  /** Floating-point operations of all that is composed into them. */
  readonly flops: number;
}

const REPEATS = 3;

/** Undefined where the device has no timestamps. */
export async function profile(workload: Workload): Promise<ProfileResult | undefined> {
  const { step, dispose } = workload.start();
  const profiled = await profileOf(() => disposeAll(step()), { repeats: REPEATS });
  dispose();
  return profiled.untimed === undefined ? summary(workload.title, profiled) : undefined;
}

function summary(title: string, { dispatches, stepMs }: Profile): ProfileResult {
  const byName = new Map<string, Omit<ProfiledKernel, 'name'>>();
  for (const { dispatch, ms = 0, bytesRead, bytesWritten, flops } of dispatches) {
    const sum = byName.get(dispatch.label) ?? { dispatches: 0, ms: 0, bytes: 0, flops: 0 };
    byName.set(dispatch.label, {
      dispatches: sum.dispatches + 1,
      ms: sum.ms + ms,
      bytes: sum.bytes + bytesRead + bytesWritten,
      flops: sum.flops + flops,
    });
  }
  const kernels = [...byName].map(([name, sums]) => ({ name, ...sums }));
  return {
    title,
    stepMs,
    ms: kernels.reduce((sum, { ms }) => sum + ms, 0),
    kernels: kernels.toSorted((a, b) => b.ms - a.ms),
  };
}
