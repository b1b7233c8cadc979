/**
 * What a replayed step costs on the main thread: from the call until it returns, while the device works beside it. The
 * same loop with WebGPU's calls replaced by empty functions leaves what is our own JavaScript.
 */
import { finished } from './clock.ts';
import { median } from './statistics.ts';
import { dispatchesOf, trainer, type Trainer, type Workload } from './steps.ts';

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
  const run = trainer(workload);
  const first = run.step();
  await first.data();
  first.dispose();
  const dispatches = dispatchesOf(() => run.step().dispose());
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
async function hostTimes({ step }: Trainer, steps: number): Promise<number[]> {
  const times: number[] = [];
  for (let k = 0; k < steps; k++) {
    if (k % BURST === 0) await finished();
    const start = performance.now();
    const loss = step();
    times.push(1000 * (performance.now() - start));
    loss.dispose();
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

function replaceMethod(prototype: object, name: string, method: () => unknown): () => void {
  const original = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  Object.defineProperty(prototype, name, { value: method, configurable: true, writable: true });
  return () => {
    Object.defineProperty(prototype, name, original);
  };
}
