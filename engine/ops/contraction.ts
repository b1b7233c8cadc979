/** Batched matrix products, in all four transpose layouts. */
import { fail } from '../graph/errors.ts';
import { emptyArray, type Aval, type NdArray } from '../graph/ndarray.ts';
import type { Differential, Primitive } from '../graph/primitive.ts';
import { broadcastShapes, show, sizeOf } from '../graph/shape.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { add, mul } from './arithmetic.ts';
import { spread } from './batching.ts';
import { matmulLaunches } from './matmul-launch.ts';
import { broadcastTo, reshape, squeeze, swapAxes } from './movement.ts';
import { sum } from './reduction.ts';

export type MatmulAttributes = { readonly transposeA: boolean; readonly transposeB: boolean };

/** Rows and columns of op(x), where op transposes the last two axes or not. */
function matrix({ shape }: Aval, transposed: boolean): { readonly rows: number; readonly columns: number } {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? { rows: columns, columns: rows } : { rows, columns };
}

/** The sizes of C[b] = op(A[b]) op(B[b]): batch, rows M, columns N, inner extent K. */
export function matmulSizes(
  [a, b]: readonly [Aval, Aval],
  { transposeA, transposeB }: MatmulAttributes,
): { readonly batch: number; readonly m: number; readonly n: number; readonly k: number } {
  const { rows: m, columns: k } = matrix(a, transposeA);
  return { batch: sizeOf(a.shape.slice(0, -2)), m, n: matrix(b, transposeB).columns, k };
}

// With C = op(A) op(B):  d op(A) = dC op(B)ᵀ  and  d op(B) = op(A)ᵀ dC. Where op transposes, the whole product
// is transposed instead, (XY)ᵀ = Yᵀ Xᵀ, so that no gradient ever moves a matrix: it is one of the four layouts.
export const matmulPrimitive: Primitive<MatmulAttributes> = {
  name: 'matmul',
  shape([a, b]: [Aval, Aval], attributes) {
    if (a.dtype !== 'f32' || b.dtype !== 'f32')
      fail('DTYPE', `matmul: is defined for f32, not ${a.dtype} and ${b.dtype}: cast first.`);
    const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    if (a.shape.length < 2 || show(batchA) !== show(batchB))
      fail('SHAPE', `matmul: ${show(a.shape)} · ${show(b.shape)} must be matrices with one batch shape.`);
    const left = matrix(a, attributes.transposeA);
    const right = matrix(b, attributes.transposeB);
    if (left.columns !== right.rows)
      fail(
        'SHAPE',
        `matmul: inner dimensions differ: ${show(a.shape)}${attributes.transposeA ? 'ᵀ' : ''} · ${show(b.shape)}${attributes.transposeB ? 'ᵀ' : ''} needs ${left.columns} = ${right.rows}.`,
      );
    return { shape: [...batchA, left.rows, right.columns], dtype: 'f32' };
  },
  vjp: (ct, [a, b]: [Tensor, Tensor], _output, { transposeA, transposeB }) => [
    transposeA ? product(b, ct, transposeB, true) : product(ct, b, false, !transposeB),
    transposeB ? product(ct, a, true, transposeA) : product(a, ct, !transposeA, false),
  ],
  jvp([ta, tb]: [Differential, Differential], [a, b]: [Tensor, Tensor], _output, { transposeA, transposeB }) {
    const left = ta && product(ta, b, transposeA, transposeB);
    const right = tb && product(a, tb, transposeA, transposeB);
    return left && right ? add(left, right) : (left ?? right);
  },
  batch(call) {
    const { transposeA, transposeB } = call.attributes;
    const [a, b] = call.inputs as readonly [Tensor, Tensor];
    // One right factor serves all rows of all elements: a single larger product.
    if (!call.batched[1] && !transposeA && a.rank === 3) {
      const [size, rows, inner] = a.shape as readonly [number, number, number];
      const result = product(reshape(a, [size * rows, inner]), b, false, transposeB);
      return reshape(result, [size, rows, result.shape[1] as number]);
    }
    const [left, right] = [spread(call, 0), spread(call, 1)];
    // A product of one term is an outer product, elementwise: it fuses with what reads it.
    const { columns: inner } = matrix(left, transposeA);
    if (inner === 1)
      return mul(transposeA ? swapAxes(left, -1, -2) : left, transposeB ? swapAxes(right, -1, -2) : right);
    return product(left, right, transposeA, transposeB);
  },
  reference([a, b]: [NdArray, NdArray], attributes, output) {
    const { batch, m, n, k } = matmulSizes([a, b], attributes);
    const result = emptyArray(output);
    const [aRow, aColumn] = attributes.transposeA ? [1, m] : [k, 1];
    const [bRow, bColumn] = attributes.transposeB ? [1, k] : [n, 1];
    for (let z = 0; z < batch; z++)
      for (let i = 0; i < m; i++)
        for (let p = 0; p < k; p++) {
          const x = a.data[z * m * k + i * aRow + p * aColumn]!;
          const row = (z * m + i) * n;
          const from = z * k * n + p * bRow;
          for (let j = 0; j < n; j++) result.data[row + j]! += x * b.data[from + j * bColumn]!;
        }
    return result;
  },
  kernel: { kind: 'launch', launch: matmulLaunches, buffers: [0, 1], operandRank: 2 },
  accuracy: { kind: 'sum', terms: ([a], { transposeA }) => matrix(a as Aval, transposeA).columns },
};

function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  return apply(matmulPrimitive, [a, b], { transposeA, transposeB });
}

/**
 * Matrix product over the last two axes; leading axes broadcast. A vector on the left is a row, on the right a
 * column, and its axis is dropped from the result. `transposeA`, `transposeB` read an operand transposed, at no cost.
 */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: Partial<MatmulAttributes> = {},
): Tensor {
  if (a.rank === 0 || b.rank === 0)
    fail('RANK', `matmul: ${show(a.shape)} · ${show(b.shape)}: a scalar has no rows; use mul.`);
  if (a.rank === 1 || b.rank === 1) {
    const row = a.rank > 1 ? a : reshape(a, transposeA ? [a.size, 1] : [1, a.size]);
    const column = b.rank > 1 ? b : reshape(b, transposeB ? [1, b.size] : [b.size, 1]);
    const result = matmul(row, column, { transposeA, transposeB });
    return squeeze(result, [...(a.rank === 1 ? [-2] : []), ...(b.rank === 1 ? [-1] : [])]);
  }
  // One matrix for a whole batch of rows is a single larger product.
  if (b.rank === 2 && a.rank > 2 && !transposeA) {
    const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1) as number]);
    const result = product(rows, b, false, transposeB);
    return reshape(result, [...a.shape.slice(0, -1), result.shape[1] as number]);
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const spread = (x: Tensor): Tensor => broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  return product(spread(a), spread(b), transposeA, transposeB);
}

/** Inner product of two vectors. */
export function dot(a: Tensor, b: Tensor): Tensor {
  if (a.rank !== 1 || b.rank !== 1)
    fail('RANK', `dot: takes two vectors, not ${show(a.shape)} and ${show(b.shape)}: use matmul.`);
  if (a.size !== b.size)
    fail('SHAPE', `dot: vectors of ${a.size} and ${b.size} elements have no inner product.`);
  return sum(mul(a, b));
}
