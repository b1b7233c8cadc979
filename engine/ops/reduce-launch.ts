/**
 * How a reduction runs: one thread per output, or per chunk of an output with a second pass over the
 * partial results when the outputs alone would leave the adapter idle, or a workgroup per output or chunk.
 */
import type { DType } from '../graph/dtype.ts';
import type { Aval } from '../graph/ndarray.ts';
import { fibre } from '../graph/position.ts';
import type { AdapterTraits, Block, Call, Launch } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import type { AxesAttributes } from './reduction.ts';
import { choose, extentClass } from './variant-choice.ts';

type Operator = 'sum' | 'max' | 'min';

export function reduceLaunches(call: Call<AxesAttributes>, operator: Operator): Launch[] {
  const { inputs, output, attributes, adapter } = call;
  const { shape, dtype } = inputs[0] as Aval;
  const { axes } = attributes;
  const outputs = sizeOf(output.shape);
  const length = sizeOf(axes.map((axis) => shape[axis] as number));
  const blocks: Record<string, Block> = {
    type: { text: `alias T = ${dtype};` },
    combine: { text: combine(operator, dtype) },
  };
  const element: Block = {
    element: { input: 0 },
    parameters: ['o: u32', 'r: u32'],
    at: fibre(shape, axes, 'o', 'r'),
  };
  const finish: Block = { store: 'output', parameters: ['o: u32', 'value: T'], linear: 'o' };
  const { shader, chunks } = choose(
    adapter,
    `${operator} ${dtype} of ${extentClass(length)} for each of ${extentClass(outputs)}${isTrailing(axes, shape.length) ? '' : ', strided'}`,
    reduceVariants(adapter, outputs, length),
    ({ name }) => name,
  );
  const first = { OUTPUTS: outputs, LENGTH: length, CHUNKS: chunks };
  const parts = outputs * chunks;
  const groups = [shader === 'reduce' ? Math.ceil(parts / 64) : parts, 1, 1] as const;
  if (chunks === 1) return [{ shader, constants: first, blocks: { ...blocks, element, finish }, groups }];
  const partials = { temporary: 0, aval: { shape: [outputs, chunks], dtype } };
  return [
    {
      shader,
      constants: first,
      blocks: {
        ...blocks,
        element,
        finish: { store: partials, parameters: ['o: u32', 'value: T'], linear: 'o' },
      },
      groups,
    },
    {
      shader: 'reduce',
      constants: { OUTPUTS: outputs, LENGTH: chunks, CHUNKS: 1 },
      blocks: {
        ...blocks,
        element: {
          element: partials,
          parameters: ['o: u32', 'r: u32'],
          at: fibre([outputs, chunks], [1], 'o', 'r'),
        },
        finish,
      },
      groups: [Math.ceil(outputs / 64), 1, 1],
    },
  ];
}

interface Variant {
  readonly name: string;
  readonly shader: 'reduce' | 'reduce_workgroup';
  /** Parts of an output that threads of their own reduce, for a second pass to join. */
  readonly chunks: number;
}

/** Outputs for each of which a CPU driver may be asked to synchronise a workgroup, which costs it up to 0.4 ms. */
const FEW = 64;
/** Terms that one thread may be asked to reduce without need. */
const LONG = 1 << 16;
/** Workgroups that give every core of a usual GPU something to read. Reasoning, not measured. */
const FILL = 128;
/** Terms that a workgroup of 256 has at least where its sum is shared with others: 16 for each thread. */
const SHARE = 4096;

/** The variants that can run, the one to take first. */
function reduceVariants({ kind }: AdapterTraits, outputs: number, length: number): readonly Variant[] {
  const chunks = chunkCount(outputs, length);
  const threads: readonly Variant[] = [
    ...(chunks > 1 ? [{ name: 'reduce in chunks', shader: 'reduce', chunks } as const] : []),
    ...(chunks === 1 || length <= LONG ? [{ name: 'reduce', shader: 'reduce', chunks: 1 } as const] : []),
  ];
  const workgroup: Variant = { name: 'reduce_workgroup', shader: 'reduce_workgroup', chunks: 1 };
  if (length < 256 || outputs > (kind === 'gpu' ? 65535 : FEW)) return threads;
  if (kind !== 'gpu') return [...threads, workgroup];
  // On a GPU one workgroup per output fills the machine when outputs are many; few long ones are shared, in two passes.
  const shares = Math.min(Math.ceil(FILL / Math.max(1, outputs)), Math.floor(length / SHARE));
  const shared: Variant = { ...workgroup, name: 'reduce_workgroup in chunks', chunks: shares };
  return [...(shares > 1 ? [shared] : []), workgroup, ...threads];
}

function isTrailing(axes: readonly number[], rank: number): boolean {
  return axes.every((axis) => axis >= rank - axes.length);
}

/** Chunks of at least 256 terms, and no more than give every core a few workgroups. */
function chunkCount(outputs: number, length: number): number {
  if (outputs >= 512 || length < 1024) return 1;
  return Math.max(1, Math.min(Math.floor(length / 256), Math.ceil(1024 / Math.max(1, outputs))));
}

function combine(operator: Operator, dtype: DType): string {
  const identity = {
    sum: '0',
    max: dtype === 'u32' ? '0' : dtype === 'i32' ? '-2147483648' : undefined,
    min: dtype === 'u32' ? '4294967295' : dtype === 'i32' ? '2147483647' : undefined,
  }[operator];
  // The infinities have no literal in WGSL; a `var` keeps their bits out of constant evaluation.
  const start =
    identity === undefined
      ? `var bits = ${operator === 'max' ? '0xff800000u' : '0x7f800000u'}; return bitcast<f32>(bits);`
      : `return T(${identity});`;
  return `fn identity() -> T { ${start} }\nfn combine(a: T, b: T) -> T { ${keepNaN(operator, dtype)}return ${operator === 'sum' ? 'a + b' : `${operator}(a, b)`}; }`;
}

/** WGSL's max and min may drop a NaN, which is told by its bits. */
function keepNaN(operator: Operator, dtype: DType): string {
  if (operator === 'sum' || dtype !== 'f32') return '';
  return ['a', 'b']
    .map((x) => `if ((bitcast<u32>(${x}) & 0x7fffffffu) > 0x7f800000u) { return ${x}; } `)
    .join('');
}
