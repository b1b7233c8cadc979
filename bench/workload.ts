/** Work that is repeated and timed, here and in other engines. */
import { abs, counters, currentDevice, mean, type Tensor } from '../engine/index.ts';

export interface Workload {
  readonly title: string;
  /** Floating-point operations of one step. Products only: of matrices, and of filters with images. */
  readonly flops: number;
  /** How many times as fast as each peer the step is meant to be on two cores; absent where no figure was set. */
  readonly targets: Targets;
  /** Initial values on the current device. */
  start(): Running;
}

export interface Targets {
  readonly tensorflow?: number;
  readonly jax?: number;
}

export interface Running {
  /** Numbers that are trained, filtered or multiplied with: engines that compute the same have the same number. */
  readonly parameters: number;
  /** One step; its results are the caller's to dispose. Synchronous but for the first call. */
  step(): readonly Tensor[];
  dispose(): void;
}

/** Resolves when the device has done everything submitted so far. */
export async function finished(): Promise<void> {
  await currentDevice()?.gpu.queue.onSubmittedWorkDone();
}

export function disposeAll(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}

/** The mean magnitude of every result, by which engines are held against each other; of a loss it is the loss. */
export async function magnitudes(results: readonly Tensor[]): Promise<number[]> {
  const values: number[] = [];
  for (const result of results) {
    const magnitude = mean(abs(result));
    values.push(await magnitude.item());
    magnitude.dispose();
  }
  return values;
}

/** Kernels dispatched while `f` runs. */
export function dispatchesOf(f: () => void): number {
  const before = counters()?.dispatches ?? 0;
  f();
  return (counters()?.dispatches ?? 0) - before;
}
