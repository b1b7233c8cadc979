/**
 * A program on a device: its pipelines, scratch memory and bind groups. A run encodes one compute pass and submits
 * once; with the buffers of an earlier run it creates nothing.
 */
import { fail, type LangevinError } from '../graph/errors.ts';
import { beginPhase, phase } from '../graph/phases.ts';
import { bytesOf, type BufferRef, type Dispatch, type Program } from '../compile/program.ts';
import type { Engine, RunWatch } from './engine.ts';
import type { PooledBuffer } from './pool.ts';

/** Inputs given as host words and results up to this size pass through buffers of the program's own. */
export const SMALL_BYTES: number = 1 << 16;
/** Sets of bind groups that a program keeps, one for each combination of outside buffers. */
const MAX_BIND_GROUP_SETS = 8;

/** What becomes of a run whose code does not compile, or whose inputs could not be computed. */
export interface Fate {
  obstacle(): LangevinError | undefined;
  failed(reason: LangevinError): void;
}

/** An input of a run: a buffer, or words to be copied into the program's own. */
export type RunInput = PooledBuffer | Uint32Array<ArrayBuffer>;

export class Runner {
  private readonly engine: Engine;
  private readonly program: Program;
  private readonly ready: Promise<unknown> | undefined;
  private isReady = false;
  /** Buffers of the program: scratch slots, and copies of small inputs and outputs. */
  private readonly own = new Map<string, PooledBuffer>();
  private readonly groups = new Map<string, GPUBindGroup[]>();
  private readonly pipelines: ReturnType<Engine['pipelines']['get']>[];
  private readonly inputNames: readonly string[];

  /** @param inputNames of the program's first inputs, for profiles */
  constructor(engine: Engine, program: Program, inputNames: readonly string[] = []) {
    this.engine = engine;
    this.program = program;
    this.inputNames = inputNames;
    const { maxComputeWorkgroupsPerDimension } = engine.device.gpu.limits;
    for (const { label, groups } of program.dispatches)
      if (groups.some((n) => n > maxComputeWorkgroupsPerDimension))
        fail(
          'DISPATCH_TOO_LARGE',
          `${label} needs ${groups.join(' × ')} workgroups; this adapter grants ${maxComputeWorkgroupsPerDimension} per dimension: split the tensor.`,
        );
    this.pipelines = phase('shaders', () =>
      program.dispatches.map((dispatch) => engine.pipelines.get(dispatch)),
    );
    const pending = this.pipelines.filter((entry) => !entry.pipeline).map((entry) => entry.ready);
    this.isReady = pending.length === 0;
    this.ready = this.isReady
      ? undefined
      : Promise.all(pending).then(() => {
          this.isReady = true;
        });
    this.ready?.catch(() => undefined);
  }

  /**
   * @param inputs one for each input of the program
   * @param scalars the words of its table of scalars
   * @param outputs where each output without a donor goes
   * @param fate asked before the run why it cannot be, and told if it could not
   */
  run(
    inputs: readonly RunInput[],
    scalars: Uint32Array<ArrayBuffer>,
    outputs: readonly (PooledBuffer | undefined)[],
    fate: Fate,
  ): void {
    const { engine, program } = this;
    const { device } = engine;
    const uploads: [GPUBuffer, Uint32Array<ArrayBuffer>][] = [];
    const inputBuffers = inputs.map((input, k) => {
      if (!(input instanceof Uint32Array)) return input;
      const buffer = this.ownBuffer(
        `input ${k}`,
        bytesOf(program.inputs[k] as (typeof program.inputs)[number]),
      );
      uploads.push([buffer.buffer, input]);
      return buffer;
    });
    const copies: { readonly from: PooledBuffer; readonly to: PooledBuffer; readonly bytes: number }[] = [];
    const outputBuffers = outputs.map((output, k) => {
      if (!output) return undefined;
      const bytes = bytesOf((program.outputs[k] as (typeof program.outputs)[number]).aval);
      if (bytes > SMALL_BYTES) return output;
      const buffer = this.ownBuffer(`output ${k}`, bytes);
      copies.push({ from: buffer, to: output, bytes });
      return buffer;
    });
    if (program.scalars > 0) uploads.push([this.ownBuffer('scalars', 4 * program.scalars).buffer, scalars]);

    const resolve = (ref: BufferRef): PooledBuffer => {
      switch (ref.kind) {
        case 'input':
          return inputBuffers[ref.index] as PooledBuffer;
        case 'output':
          return outputBuffers[ref.index] as PooledBuffer;
        case 'slot':
          return this.ownBuffer(`slot ${ref.index}`, program.slots[ref.index] as number);
        case 'scalars':
          return this.ownBuffer('scalars', 4 * program.scalars);
        case 'faults':
          return engine.faults;
      }
    };
    program.outputs.forEach(({ donor, from, aval }) => {
      if (from && donor !== undefined)
        copies.push({ from: resolve(from), to: inputBuffers[donor] as PooledBuffer, bytes: bytesOf(aval) });
    });
    const groups = phase('bind', () => this.bindGroups(resolve, [...inputBuffers, ...outputBuffers]));
    const watch = engine.observer?.run(program, this.inputNames);

    engine.stream.push({
      ready: this.isReady ? undefined : this.ready,
      fail: (reason) => {
        fate.failed(reason as LangevinError);
        watch?.failed(reason as LangevinError);
      },
      run: () => {
        const reason = fate.obstacle();
        if (reason) {
          fate.failed(reason);
          return watch?.failed(reason);
        }
        const encoded = beginPhase('encode');
        for (const [buffer, words] of uploads) device.gpu.queue.writeBuffer(buffer, 0, words);
        const encoder = device.gpu.createCommandEncoder();
        if (watch) this.encodeApart(encoder, groups, watch);
        else {
          const pass = encoder.beginComputePass();
          program.dispatches.forEach((_, k) => this.encodeDispatch(pass, k, groups));
          pass.end();
        }
        for (const { from, to, bytes } of copies)
          encoder.copyBufferToBuffer(from.buffer, 0, to.buffer, 0, bytes);
        const commands = encoder.finish();
        encoded();
        phase('submit', () => device.gpu.queue.submit([commands]));
        device.counters.submits++;
        device.counters.dispatches += program.dispatches.length;
      },
    });
  }

  private encodeDispatch(pass: GPUComputePassEncoder, k: number, groups: readonly GPUBindGroup[]): void {
    pass.setPipeline((this.pipelines[k] as { pipeline: GPUComputePipeline }).pipeline);
    pass.setBindGroup(0, groups[k]);
    pass.dispatchWorkgroups(...(this.program.dispatches[k] as Dispatch).groups);
  }

  /** Every dispatch in a pass of its own: the borders of passes are where a device notes the time. */
  private encodeApart(encoder: GPUCommandEncoder, groups: readonly GPUBindGroup[], watch: RunWatch): void {
    this.program.dispatches.forEach((_, k) => {
      const timestampWrites = watch.timestamps(k);
      const pass = encoder.beginComputePass(timestampWrites && { timestampWrites });
      this.encodeDispatch(pass, k, groups);
      pass.end();
    });
  }

  /** The bind groups for a combination of outside buffers. */
  private bindGroups(
    resolve: (ref: BufferRef) => PooledBuffer,
    outside: readonly (PooledBuffer | undefined)[],
  ): GPUBindGroup[] {
    const key = outside.map((buffer) => buffer?.id ?? '').join();
    const known = this.groups.get(key);
    if (known) {
      // The least recently used comes first.
      this.groups.delete(key);
      this.groups.set(key, known);
      return known;
    }
    const { device, pipelines } = this.engine;
    const made = this.program.dispatches.map((dispatch) =>
      device.gpu.createBindGroup({
        label: dispatch.label,
        layout: pipelines.layout(dispatch),
        entries: dispatch.bindings.map(({ buffer, bytes }, binding) => ({
          binding,
          resource: { buffer: resolve(buffer).buffer, size: bytes },
        })),
      }),
    );
    device.counters.bindGroups += made.length;
    this.groups.set(key, made);
    for (const [oldest] of this.groups)
      if (this.groups.size > MAX_BIND_GROUP_SETS) this.groups.delete(oldest);
    return made;
  }

  private ownBuffer(name: string, bytes: number): PooledBuffer {
    let buffer = this.own.get(name);
    if (!buffer) this.own.set(name, (buffer = this.engine.pool.acquire(Math.max(16, bytes))));
    return buffer;
  }

  /** Gives the program's memory back to the pool. Bind groups go with it, since they name the buffers. */
  release(): void {
    for (const buffer of this.own.values()) this.engine.pool.release(buffer);
    this.own.clear();
    this.groups.clear();
  }
}
