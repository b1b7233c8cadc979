/** The costs that are held against a limit: per-example norms and curvature of C1, and replicas of a small network. */
import {
  crossEntropy,
  hvp,
  jit,
  random,
  stack,
  tree,
  valueAndGrad,
  vmap,
  type Shape,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import { c1, mlp, type Layer } from '../nn/index.ts';
import { applyUpdates, sgd } from '../optim/index.ts';
import { classification, microbatches, policyContext, type NormalizationPolicy } from '../stats/index.ts';
import { squaredNormsOfUnits } from '../stats/per-example/squared-norms.ts';
import { unitsOf } from '../stats/per-example/units.ts';
import type { Cost, RunningCost } from './costs.ts';
import { hashedBatch, hashedWeights } from './steps.ts';

/**
 * A single example has a gradient of its own only where no batch ties it to others. So statistics are frozen, in the batch
 * gradient too, which is thereby cheaper than one of training: the ratio is the larger for it.
 */
const POLICY: NormalizationPolicy = { kind: 'frozen' };
const FROZEN = 'frozen statistics, in both';

interface Network {
  readonly model: () => Layer;
  readonly inputShape: Shape;
  readonly batch: number;
}

/** Loss and gradient of a batch, recorded, with its arguments. */
function batchGradient({ model, inputShape, batch }: Network): {
  readonly params: Tree;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly outputs: (params: Tree, inputs: Tensor) => Tensor;
  readonly gradient: () => Tensor[];
  readonly dispose: () => void;
} {
  const layer = model();
  const { params: drawn, state } = layer.init(random.key(0), inputShape);
  const params = hashedWeights(drawn);
  const { x, y } = hashedBatch(batch, inputShape);
  const outputs = (p: Tree, inputs: Tensor): Tensor =>
    layer.apply(p, inputs, { state, ...policyContext(POLICY) });
  const recorded = jit((p: Tree, inputs: Tensor, labels: Tensor) =>
    valueAndGrad((weights: Tree) => crossEntropy(outputs(weights, inputs), labels))(p),
  );
  return {
    params,
    x,
    y,
    outputs,
    gradient: () => tree.leaves(recorded(params, x, y)),
    dispose: () => recorded.dispose(),
  };
}

/** |g_μ|² of every example and tensor, [B, 1 + tensors] with the losses, beside [loss, ...gradient]. */
export function squaredNorms(network: Network): RunningCost {
  const { params, x, y, outputs, gradient, dispose } = batchGradient(network);
  const units = unitsOf({
    problem: classification<Tree, { readonly x: Tensor; readonly y: Tensor }>({
      outputs: (p, batch) => outputs(p, batch.x),
      targets: (batch) => batch.y,
    }),
    params,
    data: microbatches({ x, y }, network.batch),
    policy: POLICY,
  });
  const [piece] = units.pieces(network.batch);
  if (!piece) throw new Error('There are no examples.');
  const { chosen, fixed } = units.coordinates;
  type Leaves = readonly Tensor[];
  const recorded = jit(
    (at: Leaves, mapped: Leaves) => squaredNormsOfUnits(units, at, fixed, mapped, piece.common).rows,
  );
  return {
    measured: () => [recorded(chosen, piece.mapped)],
    beside: gradient,
    dispose() {
      recorded.dispose();
      dispose();
    },
  };
}

/** H v of the mean loss with v = the parameters, beside [loss, ...gradient]. */
export function hessianVector(network: Network): RunningCost {
  const { params, x, y, outputs, gradient, dispose } = batchGradient(network);
  const recorded = jit((p: Tree, v: Tree, inputs: Tensor, labels: Tensor) =>
    hvp((weights: Tree) => crossEntropy(outputs(weights, inputs), labels))(p, v),
  );
  return {
    measured: () => tree.leaves(recorded(params, params, x, y)),
    beside: gradient,
    dispose() {
      recorded.dispose();
      dispose();
    },
  };
}

/** A step of SGD of `count` replicas, each with parameters and a minibatch of its own; beside the step of the first. Losses. */
export function replicas(count: number, { model, inputShape, batch }: Network): RunningCost {
  const layer = model();
  const rule = sgd({ learningRate: 0.1 });
  const initial = (replica: number): State => {
    const { params, state } = layer.init(random.key(replica), inputShape);
    return { params, model: state, optimizer: rule.init(params) };
  };
  let one = initial(0);
  const [first, ...others] = Array.from({ length: count }, (_, r) => initial(r)) as [State, ...State[]];
  let states = tree.map((...leaves) => stack(leaves), first, ...others);
  const all = hashedBatch(count * batch, inputShape);
  const [x, y] = [all.x.reshape([count, batch, ...inputShape]), all.y.reshape([count, batch])];
  const step = (old: State, inputs: Tensor, labels: Tensor): readonly [State, Tensor] => {
    const loss = (weights: Tree): readonly [Tensor, Tree] => {
      const [logits, next] = layer.forward(weights, old.model, inputs, { training: true });
      return [crossEntropy(logits, labels), next];
    };
    const [[value, memory], gradients] = valueAndGrad(loss, { aux: true })(old.params);
    const [updates, next] = rule.update(gradients, old.optimizer, old.params);
    return [{ params: applyUpdates(old.params, updates), model: memory, optimizer: next }, value];
  };
  const together = jit(vmap(step), { donate: [0] });
  const alone = jit(step, { donate: [0] });
  const { x: ownX, y: ownY } = hashedBatch(batch, inputShape);
  return {
    measured() {
      const [next, losses] = together(states, x, y);
      states = next;
      return [losses];
    },
    beside() {
      const [next, value] = alone(one, ownX, ownY);
      one = next;
      return [value];
    },
    dispose() {
      together.dispose();
      alone.dispose();
    },
  };
}

type State = { readonly params: Tree; readonly model: Tree; readonly optimizer: Tree };

const C1: Network = { model: () => c1({ groupSize: 32 }), inputShape: [32, 32, 3], batch: 32 };
const SMALL: Network = { model: () => mlp({ widths: [64, 10] }), inputShape: [784], batch: 32 };

export const COSTS: readonly Cost[] = [
  {
    workload: 'c1-adam',
    title: 'C1, B = 32: squared norms of the gradients of all examples',
    normalisation: FROZEN,
    beside: 'loss and gradient of the batch',
    target: 3,
    start: () => squaredNorms(C1),
  },
  {
    workload: 'c1-adam',
    title: 'C1, B = 32: Hessian-vector product',
    normalisation: FROZEN,
    beside: 'loss and gradient of the batch',
    target: 4,
    start: () => hessianVector(C1),
  },
  {
    workload: 'small-sgd',
    title: '784-64-10, SGD, B = 32: step of 8 replicas by vmap',
    normalisation: 'none',
    beside: 'step of one',
    target: 2.5,
    start: () => replicas(8, SMALL),
  },
];
