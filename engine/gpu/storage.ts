/**
 * A tensor's device memory. It returns to the pool when the tensor is disposed, when the scope it was made in
 * ends, or, as a last resort, when the tensor is collected as garbage.
 */
import { fail, type LangevinError } from '../graph/errors.ts';
import { tensorsMade, type Storage, type Tensor } from '../graph/tensor.ts';
import type { Device } from './device.ts';
import type { Pool, PooledBuffer } from './pool.ts';

const collected = new FinalizationRegistry<DeviceStorage>((storage) => storage.release());

export class DeviceStorage implements Storage {
  readonly pooled: PooledBuffer;
  readonly bytes: number;
  readonly device: Device;
  private readonly pool: Pool;
  released = false;
  /** Why the value could not be computed; what is computed from it fails for the same reason. */
  failure: LangevinError | undefined;

  constructor(device: Device, pool: Pool, bytes: number) {
    this.device = device;
    this.pool = pool;
    this.bytes = bytes;
    this.pooled = pool.acquire(bytes);
    device.counters.liveTensors++;
    device.counters.liveBytes += bytes;
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    collected.unregister(this);
    this.pool.release(this.pooled);
    this.device.counters.liveTensors--;
    this.device.counters.liveBytes -= this.bytes;
  }
}

/** Makes `storage` the value of `tensor`, and of no other. */
export function hold(tensor: Tensor, storage: DeviceStorage): void {
  collected.unregister(storage);
  tensor.source = { kind: 'value', storage };
  collected.register(tensor, storage, storage);
  for (const scope of scopes) if (tensor.serial >= scope.start) scope.made.add(storage);
}

/** The device memory of a realised tensor. */
export function storageOf(tensor: Tensor, device: Device): DeviceStorage {
  const { source } = tensor;
  if (source.kind === 'released')
    fail('RELEASED', `${String(tensor)} has no value any more: ${source.reason}.`);
  if (source.kind !== 'value' || !(source.storage instanceof DeviceStorage))
    return fail('BACKEND', `${String(tensor)} has no value on this device.`);
  if (source.storage.released)
    fail(
      'RELEASED',
      `${String(tensor)} has no value any more: the scope it was made in has ended; return it from there.`,
    );
  if (source.storage.device !== device)
    fail(
      'STALE_DEVICE',
      `${String(tensor)} lives on a device that is no longer in use: make it anew, or restore it from a checkpoint.`,
    );
  return source.storage;
}

interface Scope {
  /** Serial number of the first tensor that can belong to the scope. */
  readonly start: number;
  readonly made: Set<DeviceStorage>;
}

const scopes: Scope[] = [];

/**
 * Runs `f` and frees the device memory of every tensor made meanwhile that `survivors` does not name; older tensors
 * that `f` merely realised keep theirs. If `f` throws, all of it is freed.
 */
export function inScope<T>(f: () => T, survivors: (result: T) => readonly Tensor[]): T {
  const scope: Scope = { start: tensorsMade(), made: new Set() };
  scopes.push(scope);
  const kept = new Set<unknown>();
  try {
    const result = f();
    for (const { source } of survivors(result)) if (source.kind === 'value') kept.add(source.storage);
    return result;
  } finally {
    scopes.splice(scopes.indexOf(scope), 1);
    for (const storage of scope.made) if (!kept.has(storage)) storage.release();
  }
}
