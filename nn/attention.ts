/**
 * Multi-head self-attention (Vaswani et al. 2017): every position takes a mean of the values of all positions, weighted by how well
 * its query fits their keys,
 *   softmax(Q Kᵀ/√(width/heads)) V,
 * in `heads` parts of the width at once, which are then joined by one more affine map.
 */
import {
  equal,
  LangevinError,
  matmul,
  mul,
  random,
  reshape,
  softmax,
  transpose,
  where,
  type Shape,
  type Tensor,
} from '../engine/index.ts';
import { dropout } from './dropout.ts';
import type { DenseParams } from './dense.ts';
import { glorotUniform, type Initializer } from './initializers.ts';
import { stateless, type Context, type Layer, type NoParams } from './layer.ts';
import { affine, linear } from './linear.ts';

/** Four affine maps of [width] to [width]; head h has the columns h·width/heads … of the first three. */
export type AttentionParams = {
  readonly query: DenseParams;
  readonly key: DenseParams;
  readonly value: DenseParams;
  readonly output: DenseParams;
};

export interface AttentionOptions {
  readonly heads: number;
  /** Of the weights, after the softmax. Default 0. */
  readonly dropout?: number;
  /** Default `glorotUniform`. */
  readonly weight?: Initializer;
}

export interface AttentionContext extends Context {
  /** [B, L], 0 where a position is padding that no other may look at. Default: all may be looked at. */
  readonly mask?: Tensor;
}

/** Put for a score that must not count: its weight underflows to 0. Finite, so that a row without any other is uniform and not NaN. */
const EXCLUDED = -1e30;

/** Draws the four maps. @throws LAYER unless `heads` divides the width */
export function initAttention(
  key: Tensor,
  [, width]: Shape,
  { heads, weight = glorotUniform }: AttentionOptions,
): AttentionParams {
  if (width === undefined || !Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw new LangevinError(
      'LAYER',
      `attention: ${heads} heads do not divide vectors of length ${width}: examples are [positions, width].`,
    );
  const map = (k: number): DenseParams =>
    linear(width, { weight }).init(random.foldIn(key, k), [width]).params;
  return { query: map(0), key: map(1), value: map(2), output: map(3) };
}

/** [B, L, width] to the same; parameters of {@link initAttention}. */
export function attend(
  params: AttentionParams,
  x: Tensor,
  { heads, dropout: rate = 0 }: AttentionOptions,
  { mask, ...context }: AttentionContext = {},
): Tensor {
  const [batch, positions, width] = x.shape as readonly [number, number, number];
  // [B, L, width] -> [B, heads, L, width/heads]
  const split = (y: Tensor): Tensor =>
    transpose(reshape(y, [batch, positions, heads, width / heads]), [0, 2, 1, 3]);
  const [query, key, value] = [params.query, params.key, params.value].map((map) =>
    split(affine(map, x)),
  ) as [Tensor, Tensor, Tensor];
  const scores = mul(matmul(query, key, { transposeB: true }), Math.sqrt(heads / width));
  const allowed = mask ? where(equal(reshape(mask, [batch, 1, 1, positions]), 0), EXCLUDED, scores) : scores;
  const weights = dropout({ rate }).apply({}, softmax(allowed, -1), context);
  const joined = reshape(transpose(matmul(weights, value), [0, 2, 1, 3]), [batch, positions, width]);
  return affine(params.output, joined);
}

/** Self-attention without a mask as a layer: [B, L, width] to the same. @throws LAYER from `init` unless `heads` divides the width */
export function selfAttention(options: AttentionOptions): Layer<AttentionParams, NoParams> {
  return stateless<AttentionParams>(
    'attention',
    (key, inputShape) => ({ params: initAttention(key, inputShape, options), outputShape: inputShape }),
    (params, x, context) => attend(params, x, options, context),
  );
}
