/** Everything that belongs to one device. */
import { Device } from './device.ts';
import { Pipelines } from './pipelines.ts';
import { Pool, type PooledBuffer } from './pool.ts';
import { Stream } from './stream.ts';

export class Engine {
  readonly device: Device;
  readonly pool: Pool;
  readonly staging: Pool;
  readonly pipelines: Pipelines;
  readonly stream: Stream = new Stream();
  /** Flag, index and extent of the first index fault since the last readback. */
  readonly faults: PooledBuffer;

  constructor(device: Device) {
    this.device = device;
    this.pool = new Pool(device, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST);
    this.staging = new Pool(device, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    this.pipelines = new Pipelines(device);
    this.faults = this.pool.acquire(16);
    device.gpu.queue.writeBuffer(this.faults.buffer, 0, new Uint32Array(4));
  }
}
