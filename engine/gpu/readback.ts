/** Reading values back. The fault words travel with every value, so that a wrong index never goes unnoticed. */
import { fromWords, type DeviceArray } from '../graph/dtype.ts';
import { LangevinError } from '../graph/errors.ts';
import { beginPhase } from '../graph/phases.ts';
import { sizeOf } from '../graph/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { bytesOf } from '../compile/program.ts';
import type { Engine } from './engine.ts';
import type { PooledBuffer } from './pool.ts';
import { storageOf, type DeviceStorage } from './storage.ts';

const FAULT_BYTES = 16;

export async function readBack(engine: Engine, tensor: Tensor): Promise<DeviceArray> {
  const { device, staging } = engine;
  device.check();
  const storage = storageOf(tensor, device);
  const bytes = bytesOf(tensor);
  const target = staging.acquire(bytes + FAULT_BYTES);
  const unchecked = engine.uncheckedSoFar();
  // Readbacks look at the fault words in the order in which they were asked for.
  const previous = engine.lastCheck;
  const words = copyOut(engine, storage, target, bytes);
  const check = words.then(
    async (copied) => {
      await previous;
      const error = faultIn(new Uint32Array(copied, bytes, 3));
      if (error) engine.distrust(error);
      else engine.vouchFor(unchecked);
    },
    () => undefined,
  );
  engine.lastCheck = check;
  try {
    const copied = await words;
    await check;
    await device.settle();
    if (storage.failure) throw storage.failure;
    return fromWords(tensor.dtype, copied.slice(0, 4 * sizeOf(tensor.shape)));
  } catch (cause) {
    if (cause instanceof LangevinError) throw cause;
    // Only a lost device, or a buffer that could not be made, rejects a mapping.
    await device.settle();
    throw new LangevinError(
      'READBACK',
      `Reading ${String(tensor)} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** The words of a value and the fault words, which are cleared for the next readback. */
async function copyOut(
  { device, staging, stream, faults }: Engine,
  storage: DeviceStorage,
  target: PooledBuffer,
  bytes: number,
): Promise<ArrayBuffer> {
  const read = beginPhase('readback');
  await new Promise<void>((resolve, reject) => {
    stream.push({
      run: () => {
        if (storage.failure) return reject(storage.failure);
        device.guarded('validation', () => {
          const encoder = device.gpu.createCommandEncoder();
          encoder.copyBufferToBuffer(storage.pooled.buffer, 0, target.buffer, 0, bytes);
          encoder.copyBufferToBuffer(faults.buffer, 0, target.buffer, bytes, FAULT_BYTES);
          encoder.clearBuffer(faults.buffer, 0, FAULT_BYTES);
          device.gpu.queue.submit([encoder.finish()]);
        });
        target.buffer.mapAsync(1 /* GPUMapMode.READ */, 0, bytes + FAULT_BYTES).then(resolve, reject);
      },
    });
  });
  const words = target.buffer.getMappedRange(0, bytes + FAULT_BYTES).slice(0);
  target.buffer.unmap();
  read();
  staging.release(target);
  return words;
}

function faultIn([flag, index, extent]: Uint32Array): LangevinError | undefined {
  if (!flag) return undefined;
  return new LangevinError(
    'INDEX_OUT_OF_RANGE',
    `A gather or scatter since the last readback used index ${(index as number) | 0}, outside an axis of extent ${extent}: check the labels or indices it was given.`,
  );
}
