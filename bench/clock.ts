/** Timing work on the device: many calls behind one another, then one wait. */
import type { Tensor } from '../engine/index.ts';
import { median } from './statistics.ts';
import { disposeAll, finished } from './workload.ts';

/** Milliseconds that one batch of timed calls should take: far above the wait at its end, 1 ms or so. */
const BATCH_MS = 200;

/**
 * Median milliseconds per call of `f` once it is warm, over `batches` batches. Waiting for the device costs about as
 * much as a small kernel, so a batch is as many calls as take {@link BATCH_MS}.
 */
export async function timePerCall(f: () => readonly Tensor[], batches: number = 5): Promise<number> {
  const first = f();
  for (const result of first) await result.data();
  disposeAll(first);
  const once = await timeOf(f, 1);
  const calls = Math.max(1, Math.min(500, Math.round(BATCH_MS / once)));
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) times.push((await timeOf(f, calls)) / calls);
  return median(times);
}

async function timeOf(f: () => readonly Tensor[], calls: number): Promise<number> {
  await finished();
  const start = performance.now();
  for (let k = 0; k < calls; k++) disposeAll(f());
  await finished();
  return performance.now() - start;
}
