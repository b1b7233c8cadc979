/**
 * Training steps recorded by `jit`, from the batch to the updated parameters. The scripts of bench/peers hold the same
 * steps, and their losses must agree.
 */
import {
  crossEntropy,
  jit,
  random,
  tensor,
  tree,
  valueAndGrad,
  type Shape,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import { parameterCount, type Layer } from '../nn/index.ts';
import { applyUpdates, type GradientTransformation } from '../optim/index.ts';
import { fill, hash, symmetric } from './hash.ts';
import type { Targets, Workload } from './workload.ts';

export interface Training {
  readonly title: string;
  /** Ten logits. */
  readonly model: () => Layer;
  /** Of one example. */
  readonly inputShape: Shape;
  readonly batch: number;
  readonly optimizer: () => GradientTransformation;
  /** Multiplications with a weight in the forward pass of one example. */
  readonly products: number;
  readonly targets: Targets;
}

type State = { readonly params: Tree; readonly model: Tree; readonly optimizer: Tree };

/**
 * Six operations per product and example: each is a multiplication and an addition in the forward pass, in the gradient
 * of the input and in that of the weight.
 */
export function training({
  title,
  model,
  inputShape,
  batch,
  optimizer,
  products,
  targets,
}: Training): Workload {
  return {
    title,
    targets,
    flops: 6 * batch * products,
    start() {
      const layer = model();
      const rule = optimizer();
      const initial = layer.init(random.key(0), inputShape);
      const params = hashedWeights(initial.params);
      const { x, y } = hashedBatch(batch, inputShape);
      const loss = (weights: Tree, memory: Tree, inputs: Tensor, labels: Tensor): readonly [Tensor, Tree] => {
        const [logits, next] = layer.forward(weights, memory, inputs, { training: true });
        return [crossEntropy(logits, labels), next];
      };
      const recorded = jit(
        (old: State, inputs: Tensor, labels: Tensor): [State, Tensor] => {
          const [[value, memory], gradients] = valueAndGrad(loss, { aux: true })(
            old.params,
            old.model,
            inputs,
            labels,
          );
          const [updates, next] = rule.update(gradients, old.optimizer, old.params);
          return [{ params: applyUpdates(old.params, updates), model: memory, optimizer: next }, value];
        },
        { donate: [0] },
      );
      let state: State = { params, model: initial.state, optimizer: rule.init(params) };
      return {
        parameters: parameterCount(params),
        step() {
          const [next, value] = recorded(state, x, y);
          state = next;
          return [value];
        },
        dispose: () => recorded.dispose(),
      };
    },
  };
}

/**
 * Weights uniform with variance 2/inputs, each layer's from hashes of its own; vectors (biases, scales, offsets) as the
 * layers have them. A weight's last axis is that of its outputs.
 */
export function hashedWeights<P extends Tree>(params: P): P {
  let layers = 0;
  return tree.map((leaf) => {
    if (leaf.shape.length < 2) return leaf;
    const limit = Math.sqrt((6 * (leaf.shape.at(-1) as number)) / leaf.size);
    return tensor(
      fill(leaf.size, ++layers << 24, (u) => limit * symmetric(u)),
      leaf.shape,
    );
  }, params);
}

/** Inputs in [0, 1) and one of ten labels for each. */
export function hashedBatch(batch: number, inputShape: Shape): { readonly x: Tensor; readonly y: Tensor } {
  const shape = [batch, ...inputShape];
  return {
    x: tensor(fill(sizeOf(shape), 0), shape),
    y: tensor(
      Int32Array.from({ length: batch }, (_, i) => Math.floor(10 * hash(i + (255 << 24)))),
      [batch],
    ),
  };
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
