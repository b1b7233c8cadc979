/** Reading values back. The fault words travel with every value, so that a wrong index never goes unnoticed. */
import { fromWords, type DeviceArray } from '../graph/dtype.ts';
import { LangevinError } from '../graph/errors.ts';
import { sizeOf } from '../graph/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { bytesOf } from '../compile/program.ts';
import type { Engine } from './engine.ts';
import { storageOf } from './storage.ts';

const FAULT_BYTES = 16;

export async function readBack(engine: Engine, tensor: Tensor): Promise<DeviceArray> {
  const { device, staging, stream } = engine;
  device.check();
  const storage = storageOf(tensor, device);
  const bytes = bytesOf(tensor);
  const target = staging.acquire(bytes + FAULT_BYTES);
  try {
    await new Promise<void>((resolve, reject) => {
      stream.push({
        run: () => {
          if (storage.failure) return reject(storage.failure);
          device.guarded('validation', () => {
            const encoder = device.gpu.createCommandEncoder();
            encoder.copyBufferToBuffer(storage.pooled.buffer, 0, target.buffer, 0, bytes);
            encoder.copyBufferToBuffer(engine.faults.buffer, 0, target.buffer, bytes, FAULT_BYTES);
            device.gpu.queue.submit([encoder.finish()]);
          });
          target.buffer.mapAsync(1 /* GPUMapMode.READ */, 0, bytes + FAULT_BYTES).then(resolve, reject);
        },
      });
    });
  } catch (cause) {
    if (cause instanceof LangevinError) {
      staging.release(target);
      throw cause;
    }
    // Only a lost device, or a buffer that could not be made, rejects a mapping.
    await device.settle();
    throw new LangevinError(
      'READBACK',
      `Reading ${String(tensor)} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const words = target.buffer.getMappedRange(0, bytes + FAULT_BYTES).slice(0);
  target.buffer.unmap();
  staging.release(target);
  await device.settle();
  checkFaults(engine, new Uint32Array(words, bytes, 3));
  return fromWords(tensor.dtype, words.slice(0, 4 * sizeOf(tensor.shape)));
}

function checkFaults(engine: Engine, [flag, index, extent]: Uint32Array): void {
  if (!flag) return;
  engine.stream.push({
    run: () => engine.device.gpu.queue.writeBuffer(engine.faults.buffer, 0, new Uint32Array(4)),
  });
  throw new LangevinError(
    'INDEX_OUT_OF_RANGE',
    `A gather or scatter since the last readback used index ${(index as number) | 0}, outside an axis of extent ${extent}: check the labels or indices it was given.`,
  );
}
