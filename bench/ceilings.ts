/**
 * What the adapter can do at most: multiply-adds on registers alone, and bytes through its memory, measured by shaders that do
 * nothing else. No one form of such a shader is the fastest everywhere, so several are tried and the best is taken. Every
 * figure of a kernel stands beside its share of these.
 *
 * The processor clock and the neighbours on a shared machine move both, so they are measured in the run that uses them.
 */
import { currentDevice } from '../engine/index.ts';

export interface Ceiling {
  /** GFLOP/s, or GB/s read and written. */
  readonly rate: number;
  /** The form that reached it. */
  readonly form: string;
}

export interface Ceilings {
  readonly arithmetic: Ceiling;
  /** Buffers far larger than the caches of a CPU. */
  readonly memory: Ceiling;
  /** Buffers that stay in the caches. */
  readonly cache: Ceiling;
}

interface Form {
  readonly name: string;
  readonly code: string;
  readonly groups: number;
  /** Of one dispatch. */
  readonly amount: number;
}

const TYPES = { f32: 1, 'vec4<f32>': 4 } as const;
type Type = keyof typeof TYPES;

/** Without brackets, which a page would take for markup. */
const PLAIN: Readonly<Record<Type, string>> = { f32: 'f32', 'vec4<f32>': 'vec4' };

/** Enough groups to fill a large GPU many times over; a CPU driver is busy with a few. */
const ARITHMETIC_GROUPS = 1024;
const LOOPS = 64;
/** Multiply-adds of each accumulator in one turn of the loop. */
const UNROLLED = 8;

/**
 * `chains` accumulators of a type, independent, so that the latency of one is hidden by the others. The factors come from
 * memory, for a compiler could do with constants what it likes; their values keep the accumulators bounded: a fixed
 * point of x ↦ ax + b with |a| < 1.
 */
function arithmeticForm(type: Type, chains: number, size: number, fused: boolean): Form {
  const names = Array.from({ length: chains }, (_, k) => `x${k}`);
  const update = (x: string): string => (fused ? `${x} = fma(${x}, a, b);` : `${x} = ${x} * a + b;`);
  const code = `
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(${size}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      let a = ${type}(x[0]);
      let b = ${type}(x[1]);
      ${names.map((name, k) => `var ${name} = ${type}(f32(id.x) * 1e-6 + ${k}.0);`).join('\n')}
      for (var i = 0u; i < ${LOOPS}u; i++) {
        ${Array.from({ length: UNROLLED }, () => names.map(update).join('\n')).join('\n')}
      }
      let sum = ${names.join(' + ')};
      y[id.x] = ${type === 'f32' ? 'sum' : 'dot(sum, sum)'};
    }`;
  return {
    name: `${chains} × ${PLAIN[type]}${fused ? ', fma' : ''}, ${size} invocations`,
    code,
    groups: ARITHMETIC_GROUPS,
    amount: 2 * TYPES[type] * chains * UNROLLED * LOOPS * ARITHMETIC_GROUPS * size,
  };
}

/** 8 × f32 fit 16 vector registers of a CPU whose driver puts an invocation into each lane; vec4 needs four registers. */
const ARITHMETIC: readonly Form[] = (
  [
    ['f32', 4],
    ['f32', 8],
    ['f32', 12],
    ['vec4<f32>', 2],
    ['vec4<f32>', 4],
  ] as const
).flatMap(([type, chains]) => [
  arithmeticForm(type, chains, 64, false),
  arithmeticForm(type, chains, 64, true),
  arithmeticForm(type, chains, 256, true),
]);

const MOVES = {
  copy: { statement: 'y[i] = x[i];', arrays: 2 },
  triad: { statement: 'y[i] = x[i] + s * z[i];', arrays: 3 },
} as const;

/** `count` elements of f32 in each array; every invocation moves `each` elements of a type, side by side with its neighbours. */
function memoryForm(move: keyof typeof MOVES, type: Type, each: number, count: number): Form {
  const { statement, arrays } = MOVES[move];
  const groups = count / TYPES[type] / each / 256;
  const code = `
    @group(0) @binding(0) var<storage, read> x: array<${type}>;
    @group(0) @binding(1) var<storage, read_write> y: array<${type}>;
    @group(0) @binding(2) var<storage, read> z: array<${type}>;
    @compute @workgroup_size(256)
    fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
      ${move === 'triad' ? 'let s = 0.5;' : '_ = z[0];'}
      let first = group.x * ${256 * each}u + local;
      ${Array.from({ length: each }, (_, k) => `{ let i = first + ${256 * k}u; ${statement} }`).join('\n')}
    }`;
  return {
    name: `${move} of ${PLAIN[type]}, ${each} for each invocation`,
    code,
    groups,
    amount: 4 * arrays * count,
  };
}

/** Elements of an invocation. With one, 64 MiB would take more groups than a dispatch has. */
const EACH = [2, 8];

const memoryForms = (count: number): readonly Form[] =>
  (['copy', 'triad'] as const).flatMap((move) =>
    (Object.keys(TYPES) as Type[]).flatMap((type) => EACH.map((each) => memoryForm(move, type, each, count))),
  );

/** 64 MiB in each array, and 4 MiB. */
const LARGE = 2 ** 24;
const SMALL = 2 ** 20;

/** Milliseconds of the timed part of a form. */
const TIMED_MS = 100;
const REPEATS = 3;

export async function measureCeilings(log: (line: string) => void): Promise<Ceilings> {
  return {
    arithmetic: await best('arithmetic', ARITHMETIC, ARITHMETIC_GROUPS * 256, 'GFLOP/s', log),
    memory: await best('memory', memoryForms(LARGE), LARGE, 'GB/s', log),
    cache: await best('cache', memoryForms(SMALL), SMALL, 'GB/s', log),
  };
}

async function best(
  what: string,
  forms: readonly Form[],
  count: number,
  unit: string,
  log: (line: string) => void,
): Promise<Ceiling> {
  const device = currentDevice() as NonNullable<ReturnType<typeof currentDevice>>;
  const { gpu } = device;
  const { STORAGE, COPY_DST } = GPUBufferUsage;
  const buffers = [0, 1, 2].map(() => gpu.createBuffer({ size: 4 * count, usage: STORAGE | COPY_DST }));
  const [x] = buffers as [GPUBuffer];
  gpu.queue.writeBuffer(x, 0, Float32Array.of(0.5, 0.25));
  const rates: Ceiling[] = [];
  for (const form of forms) rates.push({ rate: await rateOf(gpu, form, buffers), form: form.name });
  for (const buffer of buffers) buffer.destroy();
  await device.settle();
  const ceiling = rates.reduce((a, b) => (b.rate > a.rate ? b : a));
  log(`${what} ceiling: ${ceiling.rate.toFixed(1)} ${unit} (${ceiling.form})`);
  return ceiling;
}

/** In 1e9 per second: the best of a few timings, for a ceiling is what nothing else held back. */
async function rateOf(
  gpu: GPUDevice,
  { code, groups, amount }: Form,
  buffers: readonly GPUBuffer[],
): Promise<number> {
  const pipeline = await gpu.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: gpu.createShaderModule({ code }) },
  });
  const bindings = code.includes('@binding(2)') ? 3 : 2;
  const group = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.slice(0, bindings).map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const run = async (dispatches: number): Promise<number> => {
    const start = performance.now();
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let k = 0; k < dispatches; k++) pass.dispatchWorkgroups(groups);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    await gpu.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
  await run(1);
  const once = await run(1);
  const dispatches = Math.max(1, Math.min(1000, Math.round(TIMED_MS / once)));
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) times.push(await run(dispatches));
  return (amount * dispatches) / Math.min(...times) / 1e6;
}
