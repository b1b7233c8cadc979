/** Networks made from their description as data. */
import {
  alexnet,
  c1,
  initializers,
  k16,
  mlp,
  resnet,
  resnet18,
  resnet34,
  resnet50,
  vgg,
  type Layer,
  type SequentialParams,
  type SequentialState,
} from '../../nn/index.ts';
import type { ModelSpec, NetworkSpec } from './settings.ts';

export type Network = Layer<SequentialParams, SequentialState>;

/** @param classes logits, one for each */
export function networkOf(spec: NetworkSpec, classes: number): Network {
  switch (spec.kind) {
    case 'mlp': {
      const { hidden, norm, initializer = 'glorotUniform', activation = 'relu' } = spec;
      const weight = initializers[initializer];
      return mlp({ widths: [...hidden, classes], activation, weight, ...(norm !== undefined && { norm }) });
    }
    case 'convolutions': {
      const { stages, hidden = [], norm, initializer = 'glorotUniform' } = spec;
      const plan = stages.flatMap((stage) => [...stage, 'M' as const]);
      return c1({ plan, hidden, groupSize: norm, classes, weight: initializers[initializer] });
    }
    default:
      return modelOf(spec, classes);
  }
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
      if (depth === 18) return resnet18(options);
      return depth === 34 ? resnet34(options) : resnet(depth, options);
    case 'resnet50':
      return resnet50(options);
  }
}

/** What is normalised together in training: so many examples, the whole minibatch, or nothing. */
export function groupOf(spec: NetworkSpec): number | 'batch' | undefined {
  switch (spec.kind) {
    case 'mlp':
    case 'convolutions':
      return spec.norm;
    case 'vgg11':
    case 'resnet':
    case 'resnet50':
      return spec.norm ?? 'batch';
    default:
      return undefined;
  }
}

/** What a batch may be cut into multiples of: ghost groups, or single examples. A batch that is normalised whole cannot be cut. */
export function smallestCut(spec: NetworkSpec): number {
  const group = groupOf(spec);
  return typeof group === 'number' ? group : 1;
}

/** Whether a pass of training draws at random. */
export function drawsAtRandom(spec: NetworkSpec): boolean {
  return spec.kind === 'alexnet' && spec.dropout !== 0;
}
