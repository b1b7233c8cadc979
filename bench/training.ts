/** The training steps in our own engine: time, memory, and what the first call costs. */
import { counters } from '../engine/index.ts';
import { finished } from './clock.ts';
import { median } from './statistics.ts';
import { dispatchesOf, flopsOf, trainer, type Workload } from './steps.ts';

export interface StepResult {
  readonly title: string;
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

export async function timeTraining(workload: Workload): Promise<StepResult> {
  const before = counters();
  const { step, dispose } = trainer(workload);
  const start = performance.now();
  const first = step();
  const recorded = performance.now();
  await first.data();
  const ready = performance.now();
  first.dispose();

  const dispatches = dispatchesOf(() => step().dispose());
  await finished();
  const times: number[] = [];
  for (let batch = 0, calls = 1; batch < 5; batch++) {
    const begin = performance.now();
    for (let k = 0; k < calls; k++) step().dispose();
    await finished();
    times.push((performance.now() - begin) / calls);
    calls = Math.max(1, Math.min(200, Math.round(TOTAL_MS / 5 / median(times))));
  }
  const after = counters();
  dispose();
  const ms = median(times);
  return {
    title: workload.title,
    ms,
    gflops: flopsOf(workload) / ms / 1e6,
    dispatches,
    recordMs: recorded - start,
    firstLossMs: ready - recorded,
    pipelines: (after?.pipelines ?? 0) - (before?.pipelines ?? 0),
    liveBytes: (after?.liveBytes ?? 0) - (before?.liveBytes ?? 0),
    allocatedBytes: (after?.allocatedBytes ?? 0) - (before?.allocatedBytes ?? 0),
  };
}
