/** What a sweep trains on: images on the device, the model, and its losses as functions of example indices. */
import {
  cast,
  crossEntropy,
  crossEntropyPerExample,
  random,
  sum,
  tensor,
  type Tensor,
} from '../../engine/index.ts';
import { averagePool2, subset, type ImageSet } from '../../data/index.ts';
import { gatherBatch, resident, type ResidentSet, type ResidentTensors } from '../../data/resident.ts';
import { correctCount, initializers, mlp, type Layer, type SequentialParams } from '../../nn/index.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Sweep } from './config.ts';

export type Params = SequentialParams;

/** An image set on the device, with its tensors as a tree to pass to recorded functions. */
export interface Examples {
  readonly set: ResidentSet;
  readonly tensors: ResidentTensors;
  readonly count: number;
}

export interface Problem {
  readonly train: Examples;
  readonly test: Examples;
  readonly model: Layer<Params>;
  /** Parameters of initialisation `replica`, a function of the seed and it alone. */
  initialize(replica: number): Params;
  /** Σ weights · loss of the training examples at `indices` (i32 [B]); the mean loss for weights 1/B. */
  weightedLoss(tensors: ResidentTensors): (params: Params, indices: Tensor, weights: Tensor) => Tensor;
  /** [B]: the loss of every example of a set. */
  losses(examples: Examples, params: Params, tensors: ResidentTensors, indices: Tensor): Tensor;
  /** Sum of the losses and number of correct answers, both f32 scalars. */
  score(examples: Examples, params: Params, tensors: ResidentTensors, indices: Tensor): Score;
}

export type Score = { readonly loss: Tensor; readonly correct: Tensor };

/** Every run of a seed has streams of its own: replicas differ in the seed, so nothing is shared between them. */
export function replicaSeed(seed: number, replica: number): number {
  return (seed % 2 ** 40) + replica * 2 ** 40;
}

export function problemOf(sweep: Sweep, dataset: Dataset, seed: number): Problem {
  const train = examplesOf(dataset.train, sweep.trainExamples, sweep.pool, seed);
  const test = examplesOf(dataset.test, sweep.testExamples, sweep.pool, seed);
  const classes = dataset.train.classes.length;
  const model = mlp({ widths: [...sweep.hidden, classes], weight: initializers[sweep.initializer] });
  const { height, width, channels } = train.set;
  const logits = (examples: Examples, params: Params, tensors: ResidentTensors, indices: Tensor) => {
    const batch = gatherBatch(examples.set, indices, tensors);
    return { outputs: model.apply(params, batch.images), labels: batch.labels };
  };
  return {
    train,
    test,
    model,
    initialize: (replica) =>
      model.init(random.key(replicaSeed(seed, replica)), [height * width * channels]).params,
    weightedLoss: (tensors) => (params, indices, weights) => {
      const { outputs, labels } = logits(train, params, tensors, indices);
      return crossEntropy(outputs, labels, weights);
    },
    losses(examples, params, tensors, indices) {
      const { outputs, labels } = logits(examples, params, tensors, indices);
      return crossEntropyPerExample(outputs, labels);
    },
    score(examples, params, tensors, indices) {
      const { outputs, labels } = logits(examples, params, tensors, indices);
      return {
        loss: sum(crossEntropyPerExample(outputs, labels)),
        correct: cast(correctCount(outputs, labels), 'f32'),
      };
    },
  };
}

function examplesOf(set: ImageSet, count: number, pool: boolean, seed: number): Examples {
  const chosen = count === 0 || count >= set.count ? set : subset(set, count, seed);
  const images = resident(pool ? averagePool2(chosen) : chosen);
  return { set: images, tensors: images.tensors, count: images.count };
}

/** 0 … count - 1 in pieces of at most `size`. */
export function chunks(count: number, size: number): Tensor[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, k) => {
    const from = k * size;
    return tensor(Int32Array.from({ length: Math.min(size, count - from) }, (_unused, i) => from + i));
  });
}
