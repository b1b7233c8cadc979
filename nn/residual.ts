/** Residual connections (He et al. 2016): what a branch adds to its input. */
import { add, LangevinError, type Tree } from '../engine/index.ts';
import { sameShape, show } from '../engine/graph/shape.ts';
import { forwardChild, initChild, type Child, type Children } from './child.ts';
import { stateful, type Layer } from './layer.ts';

/** The parameters of `branch` and `shortcut`, where they have any. */
export type ResidualParams = Children;
/** The state of `branch` and `shortcut`, where they have any. */
export type ResidualState = Children;

/**
 * branch(x) + shortcut(x). Without a shortcut, branch(x) + x.
 *
 * @throws LAYER from `init` if the two terms differ in shape
 */
export function residual(branch: Layer, shortcut?: Layer): Layer<ResidualParams, ResidualState> {
  const main: Child = { name: 'branch', layer: branch };
  const side: Child | undefined = shortcut && { name: 'shortcut', layer: shortcut };
  return stateful<ResidualParams, ResidualState>(
    'residual',
    (key, inputShape) => {
      const params: Record<string, Tree> = {};
      const state: Record<string, Tree> = {};
      const outputShape = initChild(main, key, inputShape, params, state);
      const other = side ? initChild(side, key, inputShape, params, state) : inputShape;
      if (!sameShape(outputShape, other))
        throw new LangevinError(
          'LAYER',
          `residual: the branch gives ${show(outputShape)} and the shortcut ${show(other)}: pass a shortcut that ends in the branch's shape.`,
        );
      return { params, state, outputShape };
    },
    (params, state, x, context) => {
      const next: Record<string, Tree> = {};
      const output = forwardChild(main, params, state, x, context, next);
      const other = side ? forwardChild(side, params, state, x, context, next) : x;
      return [add(output, other), next];
    },
  );
}
