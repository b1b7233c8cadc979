/** Heavy-ball and Nesterov momentum. */
import { add, mul, tree, zerosLike, type Tree } from '../engine/index.ts';
import { requireShares } from './check.ts';
import type { GradientTransformation } from './transformation.ts';

export interface TraceOptions {
  /** Share of the trace that is kept at every step, in [0, 1). */
  readonly momentum: number;
  /** Looks one step ahead: the update is g + momentum · trace rather than the trace. */
  readonly nesterov?: boolean;
}

/** v <- m v + g, passing on v (or g + m v with `nesterov`). No dampening: in the long run v is g/(1 - m). @throws OPTIMIZER unless 0 <= m < 1 */
export function trace({
  momentum,
  nesterov = false,
}: TraceOptions): GradientTransformation<{ readonly trace: Tree }> {
  requireShares('trace', { momentum });
  return {
    init: (params) => ({ trace: tree.map(zerosLike, params) }),
    update<P extends Tree>(gradients: P, state: { readonly trace: Tree }) {
      const accumulate = (g: P, v: P): P => tree.map((gk, vk) => add(mul(vk, momentum), gk), g, v);
      const next = accumulate(gradients, state.trace as P);
      return [nesterov ? accumulate(gradients, next) : next, { trace: next }] as const;
    },
  };
}
