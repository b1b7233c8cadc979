/** The training steps in our own engine: time, memory, and what the first call costs. */
import { counters } from '../engine/index.ts';
import { median } from './statistics.ts';
import { dispatchesOf, disposeAll, finished, type Workload } from './workload.ts';

export interface StepResult {
  readonly title: string;
  readonly parameters: number;
  readonly ms: number;
  readonly gflops: number;
  readonly dispatches: number;
  /** The first call until it returns: capture, differentiation, fusion, memory plan. */
  readonly recordMs: number;
  /** From then until its loss is read: shader compilation, one step. */
  readonly firstLossMs: number;
  readonly pipelines: number;
  readonly liveBytes: number;
  readonly allocatedBytes: number;
}

/** Milliseconds that the timed steps take together, roughly. */
const TOTAL_MS = 2000;
/** After so long two times are enough. */
const MOST_MS = 10_000;

export async function timeTraining(workload: Workload): Promise<StepResult> {
  const before = counters();
  const { parameters, step, dispose } = workload.start();
  const start = performance.now();
  const first = step();
  const recorded = performance.now();
  for (const result of first) await result.data();
  const ready = performance.now();
  disposeAll(first);

  const dispatches = dispatchesOf(() => disposeAll(step()));
  await finished();
  const times: number[] = [];
  const began = performance.now();
  for (let batch = 0, calls = 1; batch < 5; batch++) {
    if (batch >= 2 && performance.now() - began > MOST_MS) break;
    const begin = performance.now();
    for (let k = 0; k < calls; k++) disposeAll(step());
    await finished();
    times.push((performance.now() - begin) / calls);
    calls = Math.max(1, Math.min(200, Math.round(TOTAL_MS / 5 / median(times))));
  }
  const after = counters();
  dispose();
  const ms = median(times);
  return {
    title: workload.title,
    parameters,
    ms,
    gflops: workload.flops / ms / 1e6,
    dispatches,
    recordMs: recorded - start,
    firstLossMs: ready - recorded,
    pipelines: (after?.pipelines ?? 0) - (before?.pipelines ?? 0),
    liveBytes: (after?.liveBytes ?? 0) - (before?.liveBytes ?? 0),
    allocatedBytes: (after?.allocatedBytes ?? 0) - (before?.allocatedBytes ?? 0),
  };
}
