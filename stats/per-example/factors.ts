/**
 * The gradient of one unit's loss with respect to a weight as a sum of outer products, M = Σ_t a_t b_tᵀ: what a matrix product
 * or a convolution multiplied the weight with, and the cotangent of what came out. A weight that is used more than once has the
 * positions of all its uses.
 */
import type { Operation } from '../../engine/graph/tensor.ts';
import type { Use } from '../../engine/autodiff/uses.ts';
import type { MatmulAttributes } from '../../engine/ops/contraction.ts';
import type { ConvolutionAttributes } from '../../engine/ops/convolution-geometry.ts';
import { concat, pad, reshape, slice, stack, swapAxes, transpose, type Tensor } from '../../engine/index.ts';
import type { ProductSizes } from './cost.ts';

/** M_g = leftᵀ right for every group g. */
export interface Factors {
  /** [groups, T, p] */
  readonly left: Tensor;
  /** [groups, T, d] */
  readonly right: Tensor;
  readonly patches: boolean;
}

export function sizesOfFactors({ left, right, patches }: Factors): ProductSizes {
  const [groups, positions, rows] = left.shape as readonly [number, number, number];
  return { groups, positions, rows, columns: right.shape[2] as number, patches };
}

/** The factors of a leaf's gradient, or undefined if one of its uses is no product with it. */
export function factorsOf(uses: readonly Use[]): Factors | undefined {
  const parts: Factors[] = [];
  for (const use of uses) {
    const factors = matrixFactors(use) ?? filterFactors(use);
    if (!factors) return undefined;
    parts.push(factors);
  }
  const [first] = parts;
  if (!first || parts.length === 1) return first;
  const side = (of: 'left' | 'right'): Tensor[] => parts.map((part) => part[of]);
  const shapes = new Set(
    parts.map(({ left, right }) => [left, right].map((x) => [x.shape[0], x.shape[2]]).join()),
  );
  if (shapes.size > 1) return undefined;
  return {
    left: concat(side('left'), 1),
    right: concat(side('right'), 1),
    patches: parts.some(({ patches }) => patches),
  };
}

// C = op(A) op(B) with cotangent C̄: for B the gradient of op(B) is op(A)ᵀ C̄, for A that of op(A) is C̄ op(B)ᵀ. Where op
// transposes the leaf the two factors change places.
function matrixFactors({ operation, operand, cotangent }: Use): Factors | undefined {
  if (operation.primitive.name !== 'matmul' || cotangent.rank !== 2) return undefined;
  const { transposeA, transposeB } = operation.attributes as MatmulAttributes;
  const [a, b] = operation.inputs as readonly [Tensor, Tensor];
  const [left, right, transposed] =
    operand === 1
      ? [transposeA ? swapAxes(a, 0, 1) : a, cotangent, transposeB]
      : [swapAxes(cotangent, 0, 1), transposeB ? b : swapAxes(b, 0, 1), transposeA];
  const grouped = (x: Tensor): Tensor => reshape(x, [1, ...x.shape]);
  return {
    left: grouped(transposed ? right : left),
    right: grouped(transposed ? left : right),
    patches: false,
  };
}

function filterFactors({ operation, operand, cotangent }: Use): Factors | undefined {
  if (operation.primitive.name !== 'conv2d' || operand !== 1 || cotangent.rank !== 4) return undefined;
  const { groups } = operation.attributes as ConvolutionAttributes;
  const [examples, height, width, filters] = cotangent.shape as readonly [number, number, number, number];
  const positions = examples * height * width;
  const right = transpose(reshape(cotangent, [positions, groups, filters / groups]), [1, 0, 2]);
  return { left: patchesOf(operation, height, width), right, patches: true };
}

/** [groups, N·OH·OW, R·S·C/groups]: the part of the padded image under the filter at every position. */
function patchesOf({ inputs, attributes }: Operation, height: number, width: number): Tensor {
  const [x, filter] = inputs as readonly [Tensor, Tensor];
  const { stride, padding, dilation, groups } = attributes as ConvolutionAttributes;
  const [examples, , , channels] = x.shape as readonly [number, number, number, number];
  const [rows, columns] = filter.shape as readonly [number, number];
  const padded = pad(x, [[0, 0], ...padding, [0, 0]]);
  const taps = Array.from({ length: rows * columns }, (_, tap) => {
    const [top, left] = [Math.floor(tap / columns) * dilation[0], (tap % columns) * dilation[1]];
    return slice(
      padded,
      [0, top, left, 0],
      [examples, top + (height - 1) * stride[0] + 1, left + (width - 1) * stride[1] + 1, channels],
      [1, ...stride, 1],
    );
  });
  const positions = examples * height * width;
  const split = reshape(stack(taps, 3), [positions, taps.length, groups, channels / groups]);
  return reshape(transpose(split, [2, 0, 1, 3]), [groups, positions, (taps.length * channels) / groups]);
}
