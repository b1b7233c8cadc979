/**
 * How a matrix product runs: the kernel variant for the adapter and the shape (docs/kernels.md has the
 * measurements behind the rule).
 */
import type { Aval } from '../graph/ndarray.ts';
import type { AdapterTraits, Call, Launch } from '../graph/primitive.ts';
import { bufferOperand } from './buffer-operand.ts';
import { matmulSizes, type MatmulAttributes } from './contraction.ts';

export function matmulLaunches(call: Call<MatmulAttributes>): Launch[] {
  const { transposeA, transposeB } = call.attributes;
  const { batch, m, n, k } = matmulSizes(call.inputs as [Aval, Aval], call.attributes);
  // One matrix may serve the whole batch.
  const strideA = call.elementsOf(0) === m * k ? 0 : m * k;
  const strideB = call.elementsOf(1) === k * n ? 0 : k * n;
  const { shader, groups, extra } = variantFor(call.adapter, batch, m, n, k);
  return [
    {
      shader,
      constants: {
        ...extra,
        M: m,
        N: n,
        K: k,
        TRANSPOSE_A: Number(transposeA),
        TRANSPOSE_B: Number(transposeB),
        A_BATCH: strideA,
        B_BATCH: strideB,
      },
      blocks: {
        left: bufferOperand(0, 'left', (transposeA ? m : k) % 4 === 0 && strideA % 4 === 0),
        right: bufferOperand(1, 'right', (transposeB ? k : n) % 4 === 0 && strideB % 4 === 0),
        epilogue: {
          store: 'output',
          parameters: ['b: u32', 'row: u32', 'col: u32', 'value: f32'],
          linear: `((b * ${m}u + row) * ${n}u + col)`,
        },
      },
      groups: [...groups, batch],
    },
  ];
}

/** A kernel, the workgroups that one matrix takes, and constants that only this kernel has. */
interface Variant {
  readonly shader: string;
  readonly groups: readonly [number, number];
  readonly extra?: Readonly<Record<string, number>>;
}

/** Multiply-adds below which compiling a tiled kernel costs more than it ever saves. */
const SMALL = 1 << 16;

function variantFor({ kind, lanes }: AdapterTraits, batch: number, m: number, n: number, k: number): Variant {
  const tiles = (rows: number, columns: number): [number, number] => [
    Math.ceil(n / columns),
    Math.ceil(m / rows),
  ];
  if (batch * m * n * k <= SMALL || (m === 1 && kind === 'cpu'))
    return { shader: 'matmul_small', groups: [Math.ceil((m * n) / 64), 1] };
  if (kind === 'gpu') return { shader: 'matmul_tiled', groups: tiles(64, 64) };
  if (lanes === 4 || lanes === 8)
    return { shader: 'matmul_subgroup', groups: tiles(32, 64), extra: { LANES: lanes } };
  return { shader: 'matmul_registers', groups: tiles(64, 64) };
}
