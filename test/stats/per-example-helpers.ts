/** Small problems for the statistics of gradients, and gradients by the book: one example at a time. */
import {
  grad,
  mean,
  random,
  reshape,
  slice,
  tensor,
  tree,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { conv2d, dense, layerNorm, maxPool, relu, sequential, type Layer } from '../../nn/index.ts';
import { classification, type PredictiveProblem } from '../../stats/index.ts';

export type Batch = { readonly x: Tensor; readonly y: Tensor };

/** Every kind of parameter: filters with groups, strides and a bias, scales and offsets, a matrix. */
export const smallConvNet = (): Layer =>
  sequential(
    conv2d(4, { stride: [2, 1] }),
    layerNorm(),
    relu(),
    maxPool([1, 2]),
    conv2d(4, { groups: 2, dilation: 2, bias: false }),
    relu(),
    dense(3),
  );

export const imageShape: readonly number[] = [6, 4, 2];

export function images(count: number, seed = 3): Batch {
  return {
    x: random.normal(random.key(seed), [count, ...imageShape]),
    y: tensor(Int32Array.from({ length: count }, (_, k) => (k * k + seed) % 3)),
  };
}

export function problemOf(
  model: Layer,
  context: { readonly training?: boolean } = {},
): PredictiveProblem<Tree, Batch> {
  return classification<Tree, Batch>({
    outputs: (params, { x }) => model.apply(params, x, context),
    targets: ({ y }) => y,
  });
}

/** Examples `from` to `to`. */
export function part({ x, y }: Batch, from: number, to: number): Batch {
  return { x: slice(x, [from], [to]), y: slice(y, [from], [to]) };
}

/** One flat gradient per unit of `each` examples, each by a backward pass of its own. */
export async function gradientsByLoop(
  { losses }: { losses(params: Tree, batch: Batch): Tensor },
  params: Tree,
  data: Batch,
  each = 1,
): Promise<Float64Array[]> {
  const rows: Float64Array[] = [];
  for (let from = 0; from < data.y.size; from += each) {
    const batch = part(data, from, from + each);
    const gradient = grad((p: Tree) => mean(losses(p, batch)))(params);
    rows.push(Float64Array.from(await tree.ravel(gradient)[0].data()));
  }
  return rows;
}

export const numbers = async (x: Tensor): Promise<Float64Array> => Float64Array.from(await x.data());
export const flat = async (value: Tree): Promise<Float64Array> => numbers(tree.ravel(value)[0]);
export const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((total, value, k) => total + value * b[k]!, 0);
export const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length ? Math.max(0, ...Array.from(a, (value, k) => Math.abs(value - b[k]!))) : Infinity;
export const meanOf = (rows: readonly ArrayLike<number>[]): Float64Array =>
  Float64Array.from(rows[0]!, (_, k) => rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length);
export const rowsOf = (x: Tensor): Tensor => reshape(x, [x.shape[0] as number, -1]);
