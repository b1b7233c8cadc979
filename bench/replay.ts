/**
 * What a replayed step costs on the main thread: from the call until it returns, while the device works beside it. The
 * same loop with WebGPU's calls replaced by empty functions leaves what is our own JavaScript.
 */
import { replaceMethod } from './replace.ts';
import { median } from './statistics.ts';
import { dispatchesOf, disposeAll, finished, type Running, type Workload } from './workload.ts';

export interface ReplayResult {
  readonly title: string;
  readonly dispatches: number;
  /** Microseconds per step, with WebGPU's share: median over many steps, and the least. */
  readonly hostUs: number;
  readonly leastHostUs: number;
  /** The same without WebGPU's share. */
  readonly ownUs: number;
  readonly leastOwnUs: number;
}

const STEPS = 300;
/** The device's queue is emptied this often: a full one would make the calls wait. */
const BURST = 10;

export async function timeReplay(workload: Workload): Promise<ReplayResult> {
  const run = workload.start();
  const first = run.step();
  for (const result of first) await result.data();
  disposeAll(first);
  const dispatches = dispatchesOf(() => disposeAll(run.step()));
  const host = await hostTimes(run, STEPS);
  const restore = emptyWebGpu();
  let own: number[];
  try {
    // Without a device to wait for, more calls: enough for the optimizing compiler.
    own = await hostTimes(run, 10 * STEPS);
  } finally {
    restore();
  }
  run.dispose();
  return {
    title: workload.title,
    dispatches,
    hostUs: median(host),
    leastHostUs: Math.min(...host),
    ownUs: median(own),
    leastOwnUs: Math.min(...own),
  };
}

/** Microseconds of each call. */
async function hostTimes({ step }: Running, steps: number): Promise<number[]> {
  const times: number[] = [];
  for (let k = 0; k < steps; k++) {
    if (k % BURST === 0) await finished();
    const start = performance.now();
    const results = step();
    times.push(1000 * (performance.now() - start));
    disposeAll(results);
  }
  await finished();
  return times;
}

/** Makes encoding and submitting do nothing, for all devices, until the function it returns is called. */
function emptyWebGpu(): () => void {
  const nothing = (): void => undefined;
  const pass = { setPipeline: nothing, setBindGroup: nothing, dispatchWorkgroups: nothing, end: nothing };
  const encoder = { beginComputePass: () => pass, copyBufferToBuffer: nothing, finish: nothing };
  const restores = [
    replaceMethod(GPUDevice.prototype, 'createCommandEncoder', () => encoder),
    replaceMethod(GPUQueue.prototype, 'submit', nothing),
    replaceMethod(GPUQueue.prototype, 'writeBuffer', nothing),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}
