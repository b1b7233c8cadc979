/** Networks made from their description as data. */
import {
  alexnet,
  batchNorm,
  c1,
  dense,
  ghostBatchNorm,
  initializers,
  k16,
  mlp,
  relu,
  resnet,
  resnet18,
  resnet34,
  sequential,
  sigmoid,
  tanh,
  vgg,
  type Layer,
  type SequentialParams,
  type SequentialState,
} from '../../nn/index.ts';
import type { ModelSpec, MlpSpec, NetworkSpec } from './settings.ts';

export type Network = Layer<SequentialParams, SequentialState>;

/** @param classes logits, one for each */
export function networkOf(spec: NetworkSpec, classes: number): Network {
  switch (spec.kind) {
    case 'mlp':
      return perceptron(spec, classes);
    case 'convolutions': {
      const { stages, hidden = [], norm, initializer = 'glorotUniform' } = spec;
      const plan = stages.flatMap((stage) => [...stage, 'M' as const]);
      return c1({ plan, hidden, groupSize: norm, classes, weight: initializers[initializer] });
    }
    default:
      return modelOf(spec, classes);
  }
}

const activations = { relu, tanh, sigmoid };

function perceptron(
  { hidden, activation = 'relu', norm, initializer = 'glorotUniform' }: MlpSpec,
  classes: number,
): Network {
  const weight = initializers[initializer];
  if (norm === undefined) return mlp({ widths: [...hidden, classes], activation, weight });
  const normalization = (): Layer => (norm === 'batch' ? batchNorm() : ghostBatchNorm({ groupSize: norm }));
  return sequential(
    ...hidden.flatMap((units) => [dense(units, { weight }), normalization(), activations[activation]()]),
    dense(classes, { weight }),
  );
}

function modelOf({ kind, depth = 20, norm = 'batch', dropout = 0.5 }: ModelSpec, classes: number): Network {
  const options = { groupSize: norm, classes };
  switch (kind) {
    case 'k16':
      return k16({ classes });
    case 'alexnet':
      return alexnet({ classes, dropout });
    case 'vgg11':
      return vgg(options);
    case 'resnet':
      return depth === 18 ? resnet18(options) : depth === 34 ? resnet34(options) : resnet(depth, options);
  }
}

/** Whether batch normalisation couples the examples of a whole minibatch, which then cannot be cut into passes. */
export function couplesBatch(spec: NetworkSpec): boolean {
  switch (spec.kind) {
    case 'mlp':
    case 'convolutions':
      return spec.norm === 'batch';
    default:
      return (spec.kind === 'vgg11' || spec.kind === 'resnet') && (spec.norm ?? 'batch') === 'batch';
  }
}

/** Examples per group of ghost batch normalisation; 0 without. */
export function ghostGroup(spec: NetworkSpec): number {
  const norm = spec.kind === 'k16' || spec.kind === 'alexnet' ? undefined : spec.norm;
  return typeof norm === 'number' ? norm : 0;
}

/** Whether a pass of training draws at random. */
export function drawsAtRandom(spec: NetworkSpec): boolean {
  return spec.kind === 'alexnet' && spec.dropout !== 0;
}
