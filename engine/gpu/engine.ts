/** Everything that belongs to one device. */
import type { Program } from '../compile/program.ts';
import type { LangevinError } from '../graph/errors.ts';
import type { Device } from './device.ts';
import { Pipelines } from './pipelines.ts';
import { Pool, type PooledBuffer } from './pool.ts';
import type { DeviceStorage } from './storage.ts';
import { Stream } from './stream.ts';

/** Values that wait for a readback to vouch for them before those that are gone are forgotten. */
const MANY = 4096;

/** Who is told of every run of a program from the moment it is asked for; see profile.ts. */
export interface RunObserver {
  run(program: Program, inputNames: readonly string[]): RunWatch;
}

/** One observed run. */
export interface RunWatch {
  /** Where the k-th dispatch notes its begin and end; undefined on a device that has no timestamps. */
  timestamps(k: number): GPUComputePassTimestampWrites | undefined;
  /** Called instead if the program cannot run. */
  failed(reason: LangevinError): void;
}

export class Engine {
  readonly device: Device;
  readonly pool: Pool;
  readonly staging: Pool;
  readonly pipelines: Pipelines;
  readonly stream: Stream = new Stream();
  /** Flag, index and extent of the first index fault since the last readback. */
  readonly faults: PooledBuffer;
  /** While one is set, every dispatch runs in a pass of its own. */
  observer: RunObserver | undefined;
  /** Settles when the last readback has looked at the fault words. */
  lastCheck: Promise<void> = Promise.resolve();
  private unchecked = new Set<DeviceStorage>();

  constructor(device: Device) {
    this.device = device;
    const later = (action: () => void): void => this.stream.push({ run: action });
    this.pool = new Pool(
      device,
      GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      later,
    );
    this.staging = new Pool(device, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST, later);
    this.pipelines = new Pipelines(device);
    this.faults = this.pool.acquire(16);
    device.gpu.queue.writeBuffer(this.faults.buffer, 0, new Uint32Array(4));
  }

  /** Notes values that a program computes: the fault words do not say which of them a wrong index made wrong. */
  leaveUnchecked(storages: readonly DeviceStorage[]): void {
    for (const storage of storages) this.unchecked.add(storage);
    if (this.unchecked.size > MANY)
      this.unchecked = new Set([...this.unchecked].filter(({ released }) => !released));
  }

  /** The values that the fault words, as they will be when the stream is here, speak for. */
  uncheckedSoFar(): readonly DeviceStorage[] {
    return [...this.unchecked];
  }

  /** No index was wrong while these were computed. */
  vouchFor(storages: readonly DeviceStorage[]): void {
    for (const storage of storages) this.unchecked.delete(storage);
  }

  /** An index was wrong: no value computed since the last clean readback is trusted, nor what was made of them since. */
  distrust(error: LangevinError): void {
    for (const storage of this.unchecked) storage.failure ??= error;
    this.unchecked = new Set();
  }
}
