/**
 * Adam (Kingma & Ba 2015, algorithm 1): with t counted from 1,
 *   m <- β1 m + (1 - β1) g        v <- β2 v + (1 - β2) g²
 *   update = m̂ / (√v̂ + eps),      m̂ = m/(1 - β1^t),  v̂ = v/(1 - β2^t)
 * so at t = 1 the update is g/(|g| + eps): the sign of g wherever |g| is far above eps.
 *
 * 1 - β^t is -expm1(t ln β), with ln β taken in float64: in f32 the difference itself would lose most of its
 * digits at first, and β2 = 0.999 rounded to f32 is off by 5e-5 of 1 - β2.
 */
import {
  add,
  cast,
  div,
  expm1,
  mul,
  neg,
  sqrt,
  tree,
  zeros,
  zerosLike,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import { requireNotNegative, requireShares } from './check.ts';
import type { GradientTransformation } from './transformation.ts';

export interface AdamOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added to √v̂, after the bias correction. Default 1e-7. */
  readonly eps?: number;
}

export type AdamState = {
  /** Updates made, i32 scalar. */
  readonly step: Tensor;
  /** m, shaped like the parameters. */
  readonly mean: Tree;
  /** v, shaped like the parameters; of g² about 0, not about the mean. */
  readonly square: Tree;
};

/** Turns gradients into Adam's steps of rate 1 (not yet negated). @throws OPTIMIZER unless 0 <= β1, β2 < 1 and eps >= 0 */
export function scaleByAdam({
  beta1 = 0.9,
  beta2 = 0.999,
  eps = 1e-7,
}: AdamOptions = {}): GradientTransformation<AdamState> {
  requireShares('scaleByAdam', { beta1, beta2 });
  requireNotNegative('scaleByAdam', { eps });
  return {
    init: (params) => ({
      step: zeros([], 'i32'),
      mean: tree.map(zerosLike, params),
      square: tree.map(zerosLike, params),
    }),
    update<P extends Tree>(gradients: P, state: AdamState) {
      const step = add(state.step, 1);
      const mean = average(beta1, state.mean as P, gradients);
      const square = average(
        beta2,
        state.square as P,
        tree.map((g) => mul(g, g), gradients),
      );
      const [meanCorrection, squareCorrection] = [correction(beta1, step), correction(beta2, step)];
      const updates = tree.map(
        (m, v) => div(div(m, meanCorrection), add(sqrt(div(v, squareCorrection)), eps)),
        mean,
        square,
      );
      return [updates, { step, mean, square }] as const;
    },
  };
}

/** β a + (1 - β) x. */
function average<P extends Tree>(beta: number, old: P, x: P): P {
  return tree.map((a, b) => add(mul(a, beta), mul(b, 1 - beta)), old, x);
}

/** 1 - β^step. */
function correction(beta: number, step: Tensor): Tensor {
  return neg(expm1(mul(cast(step, 'f32'), Math.log(beta))));
}
