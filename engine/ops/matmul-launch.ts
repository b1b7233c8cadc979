/** How a matrix product runs: its operands and epilogue, put into the variant for the adapter and the shape. */
import type { Aval } from '../graph/ndarray.ts';
import type { Call, Launch } from '../graph/primitive.ts';
import { bufferOperand } from './buffer-operand.ts';
import { matmulSizes, type MatmulAttributes } from './contraction.ts';
import { cpuVariants } from './matmul-cpu.ts';
import { gpuVariants } from './matmul-gpu.ts';
import { matmulClass, matmulVariantName } from './matmul-variants.ts';
import { choose } from './variant-choice.ts';

export function matmulLaunches(call: Call<MatmulAttributes>): Launch[] {
  const { adapter, attributes } = call;
  const { transposeA, transposeB } = attributes;
  const sizes = matmulSizes(call.inputs as [Aval, Aval], attributes);
  const { batch, m, n, k } = sizes;
  // One matrix may serve the whole batch.
  const strideA = call.elementsOf(0) === m * k ? 0 : m * k;
  const strideB = call.elementsOf(1) === k * n ? 0 : k * n;
  const leftVectors = (transposeA ? m : k) % 4 === 0 && strideA % 4 === 0;
  const rightVectors = (transposeB ? k : n) % 4 === 0 && strideB % 4 === 0;
  const { shader, groups, extra } = choose(
    adapter,
    matmulClass(sizes, attributes, [leftVectors, rightVectors]),
    adapter.kind === 'gpu' ? gpuVariants(sizes) : cpuVariants(adapter, sizes),
    matmulVariantName,
  );
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
        left: bufferOperand(0, 'left', leftVectors),
        right: bufferOperand(1, 'right', rightVectors),
        epilogue: {
          store: 'output',
          parameters: ['b: u32', 'row: u32', 'col: u32', 'value: f32'],
          linear: `((b * ${m}u + row) * ${n}u + col)`,
          coordinates: { shape: [batch, m, n], of: ['b', 'row', 'col'] },
        },
      },
      groups: [...groups, batch],
    },
  ];
}
