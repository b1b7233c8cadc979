/**
 * Device memory. Buffers that are given back are kept for the next request of their size class, so that a steady
 * loop creates none. Size classes grow by eighths of a power of two: at most 12.5 % of a buffer is unused.
 */
import { LangevinError } from '../graph/errors.ts';
import type { Device } from './device.ts';

export interface PooledBuffer {
  readonly buffer: GPUBuffer;
  /** Identifies the buffer in the keys of bind groups. */
  readonly id: number;
  /** Bytes of the buffer: its size class. */
  readonly bytes: number;
}

/** Free memory above this is given back to the device. */
const MAX_FREE_BYTES = 1 << 30;

export class Pool {
  private readonly free = new Map<number, PooledBuffer[]>();
  private freeBytes = 0;
  private nextId = 0;
  private readonly device: Device;
  private readonly usage: GPUBufferUsageFlags;
  private readonly later: (action: () => void) => void;

  /** @param later runs an action after every command that has been asked for */
  constructor(device: Device, usage: GPUBufferUsageFlags, later: (action: () => void) => void) {
    this.later = later;
    this.device = device;
    this.usage = usage;
  }

  acquire(bytes: number): PooledBuffer {
    const size = sizeClass(bytes);
    const found = this.free.get(size)?.pop();
    if (found) {
      this.freeBytes -= size;
      return found;
    }
    this.device.checkSize(bytes);
    const buffer = this.device.guarded(
      'out-of-memory',
      () => this.device.gpu.createBuffer({ size, usage: this.usage }),
      () =>
        new LangevinError(
          'OUT_OF_MEMORY',
          `The device has no room for ${size} bytes more (${this.device.counters.allocatedBytes} are allocated): use a smaller batch, or dispose tensors.`,
        ),
    );
    this.device.counters.allocatedBytes += size;
    this.device.counters.buffers++;
    return { buffer, id: this.nextId++, bytes: size };
  }

  release(pooled: PooledBuffer): void {
    const list = this.free.get(pooled.bytes);
    if (list) list.push(pooled);
    else this.free.set(pooled.bytes, [pooled]);
    this.freeBytes += pooled.bytes;
    if (this.freeBytes > MAX_FREE_BYTES) this.trim();
  }

  /** Gives all free memory back to the device. */
  trim(): void {
    for (const list of this.free.values())
      for (const { buffer, bytes } of list) {
        // WebGPU keeps a destroyed buffer alive until the commands that were submitted with it are done.
        this.later(() => buffer.destroy());
        this.device.counters.allocatedBytes -= bytes;
      }
    this.free.clear();
    this.freeBytes = 0;
  }
}

function sizeClass(bytes: number): number {
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 3));
  return Math.ceil(bytes / step) * step;
}
