/**
 * The kernels of one operation on the device, to be timed: each is the program that the compiler makes of the operation
 * alone when it is told which variant to take, on buffers of its sizes. One whose results are not those of the rule's own
 * choice is refused.
 */
import { captureGraph } from '../compile/capture.ts';
import { compile, type Target } from '../compile/compile.ts';
import { bytesOf, type BufferRef, type Program } from '../compile/program.ts';
import type { Device } from '../gpu/device.ts';
import { Pipelines } from '../gpu/pipelines.ts';
import { fail, LangevinError } from '../graph/errors.ts';
import { apply, placeholder, transforming } from '../graph/tensor.ts';
import { broadcastTo } from '../ops/movement.ts';
import { deviceClock, paced, type Encode } from './clock.ts';
import type { Contestant } from './contest.ts';
import { agree, fill } from './operands.ts';
import type { Subject } from './subjects.ts';

/** Contestants, and the memory they run on. */
export interface Field {
  readonly contestants: readonly Contestant[];
  /** Gives the memory back. */
  dispose(): void;
}

/** The variants of `subject`. @throws BUFFER_TOO_LARGE */
export function fieldOf(subject: Subject, device: Device, target: Target): Field {
  const { gpu } = device;
  const pipelines = new Pipelines(device);
  const clock = deviceClock(device);
  const made: { destroy(): void }[] = [clock];
  const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const newBuffer = (size: number, usage: number = storage): GPUBuffer => {
    device.checkSize(size);
    const buffer = gpu.createBuffer({ size, usage });
    made.push(buffer);
    return buffer;
  };

  const programs = subject.variants.map((name) => ({ name, program: programOf(subject, name, target) }));
  const [{ program: first }] = programs as [(typeof programs)[number]];
  const inputs = first.inputs.map((aval) => {
    const buffer = newBuffer(bytesOf(aval));
    fill(gpu, buffer, aval);
    return buffer;
  });
  const output = newBuffer(bytesOf((first.outputs as [Program['outputs'][number]])[0].aval));
  const staging = newBuffer(output.size, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);

  /** Pipelines, scratch memory and bind groups of a program. */
  const prepare = async (program: Program): Promise<Encode> => {
    const slots = program.slots.map((bytes) => newBuffer(Math.max(16, bytes)));
    const resolve = (ref: BufferRef): GPUBuffer =>
      ref.kind === 'input'
        ? (inputs[ref.index] as GPUBuffer)
        : ref.kind === 'slot'
          ? (slots[ref.index] as GPUBuffer)
          : output;
    const entries = program.dispatches.map((dispatch) => pipelines.get(dispatch));
    await Promise.all(entries.map(({ ready }) => ready));
    const groups = program.dispatches.map((dispatch) =>
      gpu.createBindGroup({
        layout: pipelines.layout(dispatch),
        entries: dispatch.bindings.map(({ buffer, bytes }, binding) => ({
          binding,
          resource: { buffer: resolve(buffer), size: bytes },
        })),
      }),
    );
    return (pass) =>
      program.dispatches.forEach((dispatch, k) => {
        pass.setPipeline((entries[k] as { pipeline: GPUComputePipeline }).pipeline);
        pass.setBindGroup(0, groups[k]);
        pass.dispatchWorkgroups(...dispatch.groups);
      });
  };

  const results = async (): Promise<Uint32Array<ArrayBuffer>> => {
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(output, 0, staging, 0, staging.size);
    // What one variant leaves must not pass for the next one's result.
    encoder.clearBuffer(output);
    gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(1 /* GPUMapMode.READ */);
    const words = new Uint32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return words;
  };

  let expected: Uint32Array<ArrayBuffer> | undefined;
  const contestants = programs.map(({ name, program }): Contestant => {
    let encode: Encode | undefined;
    let estimate = Infinity;
    return {
      name,
      async time() {
        const ready = encode;
        if (ready) {
          estimate = await paced((repeats) => clock.time(ready, repeats), clock.span, estimate);
          return estimate;
        }
        encode = await scoped(gpu, async () => {
          const run = await prepare(program);
          estimate = await clock.time(run, 1);
          const actual = await results();
          expected ??= actual;
          if (!agree(actual, expected, subject))
            fail('TUNING_RESULT', 'Its results are not those of the kernel that was measured first.');
          return run;
        });
        return estimate;
      },
    };
  });
  return {
    contestants,
    dispose: () => {
      for (const each of made) each.destroy();
    },
  };
}

/** The operation alone, with one of its variants. */
function programOf(
  { primitive, inputs, attributes, shared, shapeClass }: Subject,
  name: string,
  target: Target,
): Program {
  const places = inputs.map(({ shape, dtype }, k) =>
    placeholder(
      { shape: shared.has(k) ? shape.slice(-(shared.get(k) as number)) : shape, dtype },
      `operand ${k}`,
    ),
  );
  const result = transforming(() =>
    apply(
      primitive,
      places.map((place, k) =>
        shared.has(k) ? broadcastTo(place, (inputs[k] as (typeof inputs)[number]).shape) : place,
      ),
      attributes,
    ),
  );
  const choice = (asked: string): string | undefined => (asked === shapeClass ? name : undefined);
  return compile(captureGraph([result], places, 'constants'), [], {
    ...target,
    adapter: { ...target.adapter, choice },
  });
}

/** Runs `work`; what the device refuses meanwhile is an error of it. */
async function scoped<T>(gpu: GPUDevice, work: () => Promise<T>): Promise<T> {
  gpu.pushErrorScope('out-of-memory');
  gpu.pushErrorScope('validation');
  const outcome = await work().then(
    (value) => ({ value }),
    (cause: unknown) => ({ cause }),
  );
  const errors = [await gpu.popErrorScope(), await gpu.popErrorScope()];
  if ('cause' in outcome) throw outcome.cause;
  const error = errors.find((each) => each !== null);
  if (error) throw new LangevinError('TUNING_RESULT', `The device refused it: ${error.message}`);
  return outcome.value;
}
