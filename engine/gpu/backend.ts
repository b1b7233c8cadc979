/** The device backend: graphs become programs, programs run, values come back. */
import { compile, type Target } from '../compile/compile.ts';
import { captureGraph, type CapturedGraph } from '../compile/capture.ts';
import { graphKey } from '../compile/node.ts';
import { bytesOf, type Program } from '../compile/program.ts';
import type { Backend, Capture, Executable } from '../graph/backend.ts';
import { fromWords, toWords } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { phase } from '../graph/phases.ts';
import type { AdapterTraits } from '../graph/primitive.ts';
import { DONATED, Tensor } from '../graph/tensor.ts';
import type { Device } from './device.ts';
import { Engine } from './engine.ts';
import type { PooledBuffer } from './pool.ts';
import { readBack } from './readback.ts';
import { Runner, SMALL_BYTES, type Fate, type RunInput } from './runner.ts';
import { DeviceStorage, hold, storageOf } from './storage.ts';

/** Programs of graphs realised outside `jit` that are kept for the next graph of the same structure. */
const MAX_PROGRAMS = 256;

export interface DeviceBackend extends Backend {
  readonly device: Device;
  readonly engine: Engine;
}

/** @param adapter the device's traits, or others that its kernels are chosen by */
export function deviceBackend(
  device: Device,
  adapter: AdapterTraits = device.traits,
  fusion?: Target['fusion'],
): DeviceBackend {
  const engine = new Engine(device);
  const target: Target = {
    adapter,
    maxBuffers: device.gpu.limits.maxStorageBuffersPerShaderStage,
    ...(fusion && { fusion }),
  };
  const programs = new Map<string, { readonly program: Program; readonly runner: Runner }>();

  const programFor = (graph: CapturedGraph): { readonly program: Program; readonly runner: Runner } => {
    const key = graphKey(graph.outputs);
    let entry = programs.get(key);
    if (entry) programs.delete(key);
    else {
      const program = phase('compile', () => compile(graph, [], target));
      entry = { program, runner: new Runner(engine, program) };
    }
    programs.set(key, entry);
    for (const [oldest] of programs) if (programs.size > MAX_PROGRAMS) programs.delete(oldest);
    return entry;
  };

  const newStorage = (tensor: {
    readonly shape: readonly number[];
    readonly dtype: Tensor['dtype'];
  }): DeviceStorage => new DeviceStorage(device, engine.pool, bytesOf(tensor));

  /** Moves a host value to the device, where it stays. */
  const upload = (tensor: Tensor): void => {
    if (tensor.source.kind !== 'host') return;
    const words = toWords(tensor.dtype, tensor.source.data);
    const storage = newStorage(tensor);
    hold(tensor, storage);
    engine.stream.push({ run: () => device.gpu.queue.writeBuffer(storage.pooled.buffer, 0, words) });
  };

  const bufferOf = (tensor: Tensor): PooledBuffer => {
    upload(tensor);
    return storageOf(tensor, device).pooled;
  };

  const realizeNow = (tensors: readonly Tensor[]): void => {
    device.check();
    const pending = [...new Set(tensors)].filter((tensor) => tensor.source.kind === 'operation');
    for (const tensor of tensors) if (tensor.source.kind === 'released') storageOf(tensor, device);
    if (pending.length === 0) return;
    const graph = phase('simplify', () => captureGraph(pending, [], 'inputs'));
    const { program, runner } = programFor(graph);
    const inputs = graph.inputs.map(bufferOf);
    const sources = graph.inputs.map((tensor) => storageOf(tensor, device));
    const storages = program.outputs.map(({ aval }) => newStorage(aval));
    runner.run(
      inputs,
      graph.scalars,
      storages.map((storage) => storage.pooled),
      fateOf(sources, storages),
    );
    engine.leaveUnchecked(storages);
    // Scratch memory goes back at once: what takes it next comes later in the stream.
    runner.release();
    pending.forEach((tensor, k) => hold(tensor, storages[k] as DeviceStorage));
  };

  const executable = ({ placeholders, outputs, donated }: Capture): Executable => {
    const graph = phase('simplify', () => captureGraph(outputs, placeholders, 'constants'));
    const program = phase('compile', () => compile(graph, donated, target));
    const names = placeholders.map(({ source }) => (source.kind === 'placeholder' ? source.name : ''));
    const runner = new Runner(engine, program, names);
    const captured = graph.inputs.slice(placeholders.length);
    return {
      run(args) {
        device.check();
        const pending = args.filter((tensor) => tensor.source.kind === 'operation');
        if (pending.length > 0) realizeNow(pending);
        const inputs = args.map((tensor, k): RunInput => {
          const { source } = tensor;
          if (source.kind === 'host' && !donated[k] && bytesOf(tensor) <= SMALL_BYTES)
            return toWords(tensor.dtype, source.data);
          return bufferOf(tensor);
        });
        const outside = captured.map(bufferOf);
        checkDonations(args, [...inputs, ...outside], donated);
        const storages = program.outputs.map(({ aval, donor }) =>
          donor === undefined ? newStorage(aval) : storageOf(args[donor] as Tensor, device),
        );
        const sources = [...args, ...captured].flatMap((tensor) =>
          tensor.source.kind === 'value' ? [storageOf(tensor, device)] : [],
        );
        runner.run(
          [...inputs, ...outside],
          graph.scalars,
          program.outputs.map(({ donor }, k) =>
            donor === undefined ? (storages[k] as DeviceStorage).pooled : undefined,
          ),
          fateOf(sources, storages),
        );
        engine.leaveUnchecked(storages);
        const kept = new Set(storages);
        args.forEach((tensor, k) => {
          if (!donated[k]) return;
          const storage = storageOf(tensor, device);
          tensor.source = { kind: 'released', reason: DONATED };
          if (!kept.has(storage)) storage.release();
        });
        return program.outputs.map(({ aval }, k) => {
          const storage = storages[k] as DeviceStorage;
          const result = new Tensor(aval, { kind: 'value', storage });
          hold(result, storage);
          return result;
        });
      },
      dispose: () => runner.release(),
    };
  };

  return {
    name: 'webgpu',
    device,
    engine,
    realizeNow,
    async realize(tensors) {
      realizeNow(tensors);
    },
    compile: executable,
    async read(tensor) {
      const { source } = tensor;
      if (source.kind === 'host') return fromWords(tensor.dtype, toWords(tensor.dtype, source.data).buffer);
      return readBack(engine, tensor);
    },
  };
}

/** A run fails if a value it reads failed, and then so have its results. */
function fateOf(sources: readonly DeviceStorage[], results: readonly DeviceStorage[]): Fate {
  return {
    obstacle: () => sources.find(({ failure }) => failure)?.failure,
    failed(reason) {
      for (const storage of results) storage.failure = reason;
    },
  };
}

/** A donated buffer is written while the program runs, so nothing else in the call may be that buffer. */
function checkDonations(
  args: readonly Tensor[],
  inputs: readonly RunInput[],
  donated: readonly boolean[],
): void {
  inputs.forEach((input, k) => {
    if (!donated[k] || input instanceof Uint32Array) return;
    const other = inputs.findIndex((buffer, j) => j !== k && buffer === input);
    if (other >= 0)
      fail(
        'DONATED_TWICE',
        `jit: ${String(args[k])} is donated and is also ${other < args.length ? 'another argument of the same call' : 'captured by the function'}: pass a copy, x.add(0), in one place.`,
      );
  });
}
