/**
 * What a layer is: two pure functions. `init` draws parameters from a key, `apply` computes with them. A layer
 * holds no tensors, so one layer serves any number of models, and a model is a tree that `grad`, `jit` and the
 * optimizers take like any other.
 */
import type { Shape, Tensor, Tree } from '../engine/index.ts';

/** What `apply` may be told beside parameters and inputs. */
export interface Context {
  /** Whether this is a pass of training, for layers that behave differently in one. Default false. */
  readonly training?: boolean;
  /** Where in the model the layer stands, as in the paths of its parameters: `dense0`. Set by `sequential`. */
  readonly path?: string;
}

/** Drawn parameters, and the shape of one output. */
export interface Initialized<P extends Tree> {
  readonly params: P;
  readonly outputShape: Shape;
}

export interface Layer<P extends Tree = Tree> {
  /** Lower-case word that names the kind of layer in parameter paths. */
  readonly name: string;
  /**
   * @param key u32[2]; the parameters are a function of it and of the shape alone
   * @param inputShape shape of one example, without the batch axis
   */
  init(key: Tensor, inputShape: Shape): Initialized<P>;
  /** @param x [B, ...inputShape]; the result is [B, ...outputShape] */
  apply(params: P, x: Tensor, context?: Context): Tensor;
}

/** `parent/child`, either of which may be missing. */
export function joinPath(parent: string | undefined, child: string): string {
  return parent === undefined || parent === '' ? child : `${parent}/${child}`;
}
