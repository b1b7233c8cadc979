/**
 * What a layer is: pure functions. `init` draws parameters from a key, `forward` computes with them. A layer
 * holds no tensors, so one layer serves any number of models, and a model is a tree that `grad`, `jit` and the
 * optimizers take like any other.
 *
 * What a layer remembers from step to step without being trained, such as running statistics, is its state: another
 * tree, which goes into `forward` and comes out new. Nothing hides.
 *
 *     const { params, state } = model.init(random.key(1), [32, 32, 3]);
 *     const [logits, next] = model.forward(params, state, images, { training: true });
 *     const prediction = model.apply(params, images, { state: next });
 */
import type { Shape, Tensor, Tree } from '../engine/index.ts';

/** What `forward` may be told beside parameters, state and inputs. */
export interface Context {
  /** Whether this is a pass of training, for layers that behave differently in one. Default false: evaluation. */
  readonly training?: boolean;
  /** Where in the model the layer stands, as in the paths of its parameters: `dense0`. Set by `sequential`. */
  readonly path?: string;
  /**
   * u32[2]; what layers that draw at random draw from, such as `dropout` in training. Give every step a key of its own.
   * `sequential` folds the path of the layer into it.
   */
  readonly key?: Tensor;
  /**
   * How many independent minibatches of one size lie one after the other along the first axis. Default 1. Layers that
   * couple the examples of a minibatch, such as `batchNorm`, treat each on its own, so that one pass over two
   * minibatches equals two passes.
   */
  readonly batches?: number;
  /**
   * The rate of running statistics in this pass, in place of the layers' own: a number or a scalar tensor, so that a
   * recorded pass may be told another rate in each call.
   */
  readonly momentum?: number | Tensor;
}

/** What `apply` may be told. */
export interface ApplyContext<S extends Tree = Tree> extends Context {
  /** What `forward` returned last, or `init`. A model with running statistics cannot be evaluated without. */
  readonly state?: S;
}

/** No parameters, or no state. */
export type NoParams = { readonly [key: string]: never };

/** Drawn parameters, the state to start from, and the shape of one output. */
export interface Initialized<P extends Tree, S extends Tree = Tree> {
  readonly params: P;
  readonly state: S;
  readonly outputShape: Shape;
}

export interface Layer<P extends Tree = Tree, S extends Tree = Tree> {
  /** Word that names the kind of layer in parameter paths: `dense`. */
  readonly name: string;
  /**
   * @param key u32[2]; the parameters are a function of it and of the shape alone
   * @param inputShape shape of one example, without the batch axis
   */
  init(key: Tensor, inputShape: Shape): Initialized<P, S>;
  /**
   * The output, and the state after this pass; in evaluation it is the state given.
   *
   * @param x [B, ...inputShape]; the output is [B, ...outputShape]
   */
  forward(params: P, state: S, x: Tensor, context?: Context): [output: Tensor, state: S];
  /**
   * The output of {@link forward} alone.
   *
   * @throws STATE if a layer needs its state and none was given: pass `{ state }`
   */
  apply(params: P, x: Tensor, context?: ApplyContext<S>): Tensor;
}

/** A layer whose output depends on parameters, input and context only. */
export function stateless<P extends Tree>(
  name: string,
  init: (key: Tensor, inputShape: Shape) => Omit<Initialized<P>, 'state'>,
  apply: (params: P, x: Tensor, context: Context) => Tensor,
): Layer<P, NoParams> {
  return {
    name,
    init: (key, inputShape) => ({ ...init(key, inputShape), state: {} }),
    forward: (params, state, x, context = {}) => [apply(params, x, context), state],
    apply: (params, x, context = {}) => apply(params, x, context),
  };
}

/**
 * A layer with state. `forward` is given an empty tree where the caller of `apply` gave none, and must then do without
 * or throw STATE.
 */
export function stateful<P extends Tree, S extends Tree>(
  name: string,
  init: Layer<P, S>['init'],
  forward: (
    params: P,
    state: S | NoParams,
    x: Tensor,
    context: Context,
  ) => [output: Tensor, state: S | NoParams],
): Layer<P, S> {
  return {
    name,
    init,
    // A state of S comes out where one went in.
    forward: (params, state, x, context = {}) => forward(params, state, x, context) as [Tensor, S],
    apply(params, x, { state = {}, ...context } = {}) {
      return forward(params, state, x, context)[0];
    },
  };
}
