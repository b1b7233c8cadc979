/** How a matrix product runs: its operands and epilogue, put into the variant for the adapter and the shape. */
import type { Aval } from '../graph/ndarray.ts';
import type { Call, Launch } from '../graph/primitive.ts';
import { bufferOperand } from './buffer-operand.ts';
import { partialsOf, sumOfChunks } from './chunk-sums.ts';
import { matmulSizes, type MatmulAttributes } from './contraction.ts';
import { cpuVariants } from './matmul-cpu.ts';
import { gpuVariants, halfVariants } from './matmul-gpu.ts';
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
  const { shader, groups, extra, cut, halves } = choose(
    adapter,
    matmulClass(sizes, attributes, [leftVectors, rightVectors], adapter.products === 'f16'),
    adapter.products === 'f16'
      ? halfVariants(sizes)
      : adapter.kind === 'gpu'
        ? gpuVariants(sizes)
        : cpuVariants(adapter, sizes),
    matmulVariantName,
  );
  const partials = cut && partialsOf(batch, cut.chunks, m * n);
  const product: Launch = {
    shader,
    constants: {
      ...extra,
      ...(cut && { CHUNKS: cut.chunks, CHUNK: cut.chunk }),
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
      ...(shader === 'matmul_tiled' && { storage: { text: halves ? HALVES : 'as written' } }),
      epilogue: {
        store: partials ?? 'output',
        parameters: ['b: u32', 'row: u32', 'col: u32', 'value: f32'],
        linear: `((b * ${m}u + row) * ${n}u + col)`,
        coordinates: { shape: [batch, m, n], of: ['b', 'row', 'col'] },
      },
    },
    groups: [...groups, batch * (cut?.chunks ?? 1)],
  };
  return partials ? [product, sumOfChunks(partials)] : [product];
}

/** Slabs of f16 in shaders/matmul_tiled.wgsl. */
const HALVES = 'enable f16;\nalias Quad = vec4h;';
