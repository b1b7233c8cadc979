/**
 * Gradient transformations, in the manner of optax: a pair of pure functions that turns gradients into updates and
 * carries a state along. An optimizer is a chain of them. States are trees of tensors, the step counter included,
 * so a whole training step is a function of trees and can be recorded by `jit`.
 */
import { add, tree, type Tree } from '../engine/index.ts';

export interface GradientTransformation<S extends Tree = Tree> {
  /** The state before the first update of parameters shaped like `params`. */
  init(params: Tree): S;
  /** What to add to the parameters (after the last link of a chain), and the next state. */
  update<P extends Tree>(gradients: P, state: S, params: P): readonly [updates: P, state: S];
}

/** No state. */
export type Stateless = readonly [];

/** A transformation that remembers nothing. */
export function stateless(
  update: <P extends Tree>(gradients: P, params: P) => P,
): GradientTransformation<Stateless> {
  return {
    init: () => [],
    update: (gradients, state, params) => [update(gradients, params), state],
  };
}

/** Applies transformations one after the other, first to last; the state is the list of theirs. */
export function chain(
  ...transformations: readonly GradientTransformation[]
): GradientTransformation<readonly Tree[]> {
  return {
    init: (params) => transformations.map((transformation) => transformation.init(params)),
    update(gradients, states, params) {
      let updates = gradients;
      const next = transformations.map((transformation, k) => {
        const [transformed, state] = transformation.update(updates, states[k] as Tree, params);
        updates = transformed;
        return state;
      });
      return [updates, next];
    },
  };
}

/** params + updates, leaf by leaf. */
export function applyUpdates<P extends Tree>(params: P, updates: P): P {
  return tree.map((parameter, update) => add(parameter, update), params, updates);
}
