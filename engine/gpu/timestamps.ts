/**
 * Pairs of timestamps on the device, as many as are asked for. A set of queries holds 2048 pairs; more are taken as they are
 * needed and kept, so that a second round of the same length makes none.
 */
import type { Device } from './device.ts';

/** WebGPU's limit is 4096 queries in a set. */
const PAIRS_PER_SET = 2048;
const BYTES_PER_PAIR = 16;

interface QuerySet {
  readonly queries: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly readable: GPUBuffer;
}

export class Timestamps {
  private readonly gpu: GPUDevice;
  private readonly sets: QuerySet[] = [];
  private used = 0;

  private constructor(gpu: GPUDevice) {
    this.gpu = gpu;
  }

  /** Undefined on a device that has none. */
  static of({ gpu }: Device): Timestamps | undefined {
    return gpu.features.has('timestamp-query') ? new Timestamps(gpu) : undefined;
  }

  /** A sentence for people about a device that has none. */
  static whyNot({ description }: Device): string {
    const name = description.description || description.device || description.vendor || 'this adapter';
    return `${name} has no timestamps (the WebGPU feature timestamp-query)`;
  }

  /** The first of `count` pairs that are next in order. */
  reserve(count: number): number {
    const first = this.used;
    this.used += count;
    while (this.sets.length * PAIRS_PER_SET < this.used) this.sets.push(this.makeSet());
    return first;
  }

  /** Where a pass writes pair `k`. */
  writes(k: number): GPUComputePassTimestampWrites {
    const { queries } = this.sets[Math.floor(k / PAIRS_PER_SET)] as QuerySet;
    const query = 2 * (k % PAIRS_PER_SET);
    return { querySet: queries, beginningOfPassWriteIndex: query, endOfPassWriteIndex: query + 1 };
  }

  /** All pairs since the last call, in nanoseconds of the device's clock, once everything submitted is done. */
  async take(): Promise<(readonly [begin: bigint, end: bigint])[]> {
    const counts = this.sets.map((_, k) => Math.min(PAIRS_PER_SET, this.used - k * PAIRS_PER_SET));
    this.used = 0;
    const encoder = this.gpu.createCommandEncoder();
    this.sets.forEach(({ queries, resolved, readable }, k) => {
      const count = counts[k] as number;
      if (count <= 0) return;
      encoder.resolveQuerySet(queries, 0, 2 * count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, readable, 0, BYTES_PER_PAIR * count);
    });
    this.gpu.queue.submit([encoder.finish()]);
    const pairs: (readonly [bigint, bigint])[] = [];
    for (const [k, { readable }] of this.sets.entries()) {
      const bytes = BYTES_PER_PAIR * (counts[k] as number);
      if (bytes <= 0) continue;
      await readable.mapAsync(1 /* GPUMapMode.READ */, 0, bytes);
      const times = new BigUint64Array(readable.getMappedRange(0, bytes).slice(0));
      readable.unmap();
      for (let n = 0; n < times.length; n += 2) pairs.push([times[n] as bigint, times[n + 1] as bigint]);
    }
    return pairs;
  }

  destroy(): void {
    for (const { queries, resolved, readable } of this.sets) {
      queries.destroy();
      resolved.destroy();
      readable.destroy();
    }
    this.sets.length = 0;
  }

  private makeSet(): QuerySet {
    const size = PAIRS_PER_SET * BYTES_PER_PAIR;
    return {
      queries: this.gpu.createQuerySet({ type: 'timestamp', count: 2 * PAIRS_PER_SET }),
      resolved: this.gpu.createBuffer({
        size,
        usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
      }),
      readable: this.gpu.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
    };
  }
}
