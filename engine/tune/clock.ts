/** How long the device takes: by its own timestamps where it has them, else by the host's clock. */
import type { Device } from '../gpu/device.ts';
import { Timestamps } from '../gpu/timestamps.ts';

/** Encodes launches into a pass. */
export type Encode = (pass: GPUComputePassEncoder) => void;

export interface DeviceClock {
  /** Milliseconds from the beginning of a pass with `repeats` times `encode` to its end. */
  time(encode: Encode, repeats: number): Promise<number>;
  /** Milliseconds that are measured well: far above the step of the clock and what surrounds the pass. */
  readonly span: number;
  destroy(): void;
}

const MOST_REPEATS = 1000;

/**
 * Milliseconds of one launch, from as many as take `span` together. How many that are is guessed from `guess`, and again from
 * what they took: a guess that holds compiling, or an interruption, would have too few measured, and what surrounds a pass with them.
 *
 * @param time as {@link DeviceClock.time}, of the launch
 */
export async function paced(
  time: (repeats: number) => Promise<number>,
  span: number,
  guess: number,
): Promise<number> {
  for (let estimate = guess; ;) {
    const repeats = Math.ceil(span / Math.max(estimate, span / MOST_REPEATS));
    const total = await time(repeats);
    estimate = total / repeats;
    if (total >= span / 2 || repeats >= MOST_REPEATS) return estimate;
  }
}

export function deviceClock(device: Device): DeviceClock {
  const timestamps = Timestamps.of(device);
  return timestamps ? ownClock(device.gpu, timestamps) : hostClock(device.gpu);
}

function ownClock(gpu: GPUDevice, timestamps: Timestamps): DeviceClock {
  return {
    // A browser rounds to 0.1 ms; on a software driver the system takes the processor away for some milliseconds.
    span: 20,
    async time(encode, repeats) {
      submit(gpu, encode, repeats, { timestampWrites: timestamps.writes(timestamps.reserve(1)) });
      const [[begin, end]] = (await timestamps.take()) as [readonly [bigint, bigint]];
      // A clock that was set back meanwhile tells nothing.
      return Math.max(0, Number(end - begin)) / 1e6;
    },
    destroy: () => timestamps.destroy(),
  };
}

function hostClock(gpu: GPUDevice): DeviceClock {
  return {
    span: 50,
    async time(encode, repeats) {
      await gpu.queue.onSubmittedWorkDone();
      const start = performance.now();
      submit(gpu, encode, repeats, {});
      await gpu.queue.onSubmittedWorkDone();
      return performance.now() - start;
    },
    destroy: () => undefined,
  };
}

function submit(gpu: GPUDevice, encode: Encode, repeats: number, descriptor: GPUComputePassDescriptor): void {
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass(descriptor);
  for (let k = 0; k < repeats; k++) encode(pass);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
}
