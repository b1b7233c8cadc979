/**
 * Where the time of a step goes: every kernel in a compute pass of its own, between two timestamps of the device. A
 * kernel is known by the label of its bind group, which names its operations and what it writes.
 */
import { currentDevice } from '../engine/index.ts';
import { replaceMethod } from './replace.ts';
import { median } from './statistics.ts';
import { disposeAll, finished, type Workload } from './workload.ts';

export interface ProfileResult {
  readonly title: string;
  /** Milliseconds from the first kernel's start to the last one's end. */
  readonly stepMs: number;
  /** Milliseconds in kernels. */
  readonly ms: number;
  /** The most expensive first. */
  readonly kernels: readonly ProfiledKernel[];
}

export interface ProfiledKernel {
  /** Operations and result, as in `matmul+add f32[32, 10]`. */
  readonly name: string;
  readonly dispatches: number;
  /** Of all dispatches of that name in one step. */
  readonly ms: number;
  /** Of the buffers that they bind, each counted once per dispatch. */
  readonly bytes: number;
}

interface Kernel {
  readonly label: string;
  readonly bytes: number;
}

/** Dispatches of one step that can be told apart: a set holds 4096 queries. */
const MOST_DISPATCHES = 2048;
const LEAST_STEPS = 3;
const MOST_STEPS = 20;
/** Milliseconds that the timed steps take together, roughly. */
const TOTAL_MS = 2000;

/** Undefined where the device has no timestamps. */
export async function profile(workload: Workload): Promise<ProfileResult | undefined> {
  const gpu = currentDevice()?.gpu;
  if (!gpu?.features.has('timestamp-query')) return undefined;
  const recorder = record(gpu);
  try {
    const { step, dispose } = workload.start();
    const steps: Recorded[] = [];
    const begin = async (): Promise<Recorded> => {
      disposeAll(step());
      await finished();
      return recorder.take();
    };
    // The first step waits for pipelines, and data for its initial values.
    for (const result of step()) await result.data();
    const { span } = await begin();
    const count = Math.max(LEAST_STEPS, Math.min(MOST_STEPS, Math.round(TOTAL_MS / span)));
    while (steps.length < count) steps.push(await begin());
    dispose();
    return summary(workload.title, steps);
  } finally {
    recorder.stop();
  }
}

interface Recorded {
  /** Milliseconds from the first start to the last end. */
  readonly span: number;
  readonly kernels: readonly (Kernel & { readonly ms: number })[];
}

/** Every step dispatches the same kernels, so each has a median time over steps. */
function summary(title: string, steps: readonly Recorded[]): ProfileResult {
  const [first] = steps as [Recorded];
  const byName = new Map<string, Omit<ProfiledKernel, 'name'>>();
  for (const [k, { label, bytes }] of first.kernels.entries()) {
    const sum = byName.get(label) ?? { dispatches: 0, ms: 0, bytes: 0 };
    const ms = median(steps.map(({ kernels }) => (kernels[k] as Recorded['kernels'][number]).ms));
    byName.set(label, { dispatches: sum.dispatches + 1, ms: sum.ms + ms, bytes: sum.bytes + bytes });
  }
  const kernels = [...byName].map(([name, sums]) => ({ name, ...sums }));
  return {
    title,
    stepMs: median(steps.map(({ span }) => span)),
    ms: kernels.reduce((sum, { ms }) => sum + ms, 0),
    kernels: kernels.toSorted((a, b) => b.ms - a.ms),
  };
}

/** Puts timestamps around every dispatch, on bind groups made from now on, until `stop`. */
function record(gpu: GPUDevice): { take(): Promise<Recorded>; stop(): void } {
  const querySet = gpu.createQuerySet({ type: 'timestamp', count: 2 * MOST_DISPATCHES });
  const size = 16 * MOST_DISPATCHES;
  const resolved = gpu.createBuffer({
    size,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const readable = gpu.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const kernelOf = new WeakMap<GPUBindGroup, Kernel>();
  let kernels: Kernel[] = [];

  const createBindGroup = gpu.createBindGroup.bind(gpu);
  const createCommandEncoder = gpu.createCommandEncoder.bind(gpu);
  const prototype = Object.getPrototypeOf(gpu) as GPUDevice;
  const restores = [
    replaceMethod(prototype, 'createBindGroup', (descriptor: GPUBindGroupDescriptor) => {
      const group = createBindGroup(descriptor);
      const bytes = [...descriptor.entries].reduce(
        (sum, { resource }) => sum + ((resource as GPUBufferBinding).size ?? 0),
        0,
      );
      kernelOf.set(group, { label: descriptor.label ?? '', bytes });
      return group;
    }),
    replaceMethod(prototype, 'createCommandEncoder', () => {
      const encoder = createCommandEncoder();
      let pipeline: GPUComputePipeline;
      let group: GPUBindGroup;
      const pass = {
        setPipeline: (next: GPUComputePipeline) => (pipeline = next),
        setBindGroup: (_index: number, next: GPUBindGroup) => (group = next),
        dispatchWorkgroups(...groups: [number, number, number]) {
          const kernel = kernelOf.get(group);
          const first = 2 * kernels.length;
          const timed = kernel && kernels.length < MOST_DISPATCHES;
          const timestampWrites = {
            querySet,
            beginningOfPassWriteIndex: first,
            endOfPassWriteIndex: first + 1,
          };
          const own = encoder.beginComputePass(timed ? { timestampWrites } : {});
          own.setPipeline(pipeline);
          own.setBindGroup(0, group);
          own.dispatchWorkgroups(...groups);
          own.end();
          if (timed) kernels.push(kernel);
        },
        end: () => undefined,
      };
      return new Proxy(encoder, {
        get(target, name) {
          if (name === 'beginComputePass') return () => pass;
          const member: unknown = Reflect.get(target, name, target);
          // Methods of WebGPU work on the object itself alone.
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        },
      });
    }),
  ];
  return {
    async take() {
      const taken = kernels;
      kernels = [];
      const encoder = createCommandEncoder();
      encoder.resolveQuerySet(querySet, 0, 2 * taken.length, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16 * taken.length);
      gpu.queue.submit([encoder.finish()]);
      await readable.mapAsync(GPUMapMode.READ);
      // Nanoseconds.
      const times = new BigUint64Array(readable.getMappedRange(0, 16 * taken.length).slice(0));
      readable.unmap();
      const between = (from: number, to: number): number =>
        Number((times[to] as bigint) - (times[from] as bigint)) / 1e6;
      return {
        span: between(0, times.length - 1),
        kernels: taken.map((kernel, k) => ({ ...kernel, ms: between(2 * k, 2 * k + 1) })),
      };
    },
    stop() {
      for (const restore of restores) restore();
      querySet.destroy();
      resolved.destroy();
      readable.destroy();
    },
  };
}
