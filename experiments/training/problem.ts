/**
 * What is trained on: images on the device, the network, and its losses as functions of example indices.
 *
 * In a pass of training, batch normalisation sees the groups of the minibatch and keeps no running statistics: those
 * of an evaluation are recomputed for the parameters that are evaluated (`statistics.ts`), so a training has no state
 * but parameters and optimizer.
 */
import {
  cast,
  crossEntropy,
  crossEntropyPerExample,
  random,
  sum,
  tensor,
  type Tensor,
} from '../../engine/index.ts';
import {
  averagePool2,
  standardization,
  subset,
  type ImageSet,
  type Standardization,
} from '../../data/index.ts';
import {
  gatherBatch,
  gatherImages,
  resident,
  type ResidentSet,
  type ResidentTensors,
} from '../../data/resident.ts';
import { correctCount, type Context, type SequentialParams, type SequentialState } from '../../nn/index.ts';
import type { Dataset } from '../../data/dataset.ts';
import { takenOf } from './images.ts';
import { networkOf, type Network } from './network.ts';
import type { ImagesSpec, NetworkSpec } from './settings.ts';

export type Params = SequentialParams;
/** The running statistics of batch normalisation; empty for a network without. */
export type State = SequentialState;

/** An image set on the device, with its tensors as a tree to pass to recorded functions. */
export interface Examples {
  readonly set: ResidentSet;
  readonly tensors: ResidentTensors;
  readonly count: number;
}

export interface Problem {
  readonly train: Examples;
  readonly test: Examples;
  readonly model: Network;
  /** Parameters of initialisation `replica`, a function of the seed and it alone. */
  initialize(replica: number): Params;
  /** Statistics of the right shapes, of no images. */
  emptyStatistics(): State;
  /**
   * Σ weights · loss of the training examples at `indices` (i32 [B]); the mean loss for weights 1/B.
   * @param batches how many minibatches of one size the indices are; each is normalised apart. Default 1
   * @param key u32[2], for networks that draw at random in training
   */
  weightedLoss(
    tensors: ResidentTensors,
    batches?: number,
    key?: Tensor,
  ): (params: Params, indices: Tensor, weights: Tensor) => Tensor;
  /** [B]: the loss of every example of a set, in evaluation. */
  losses(
    examples: Examples,
    params: Params,
    tensors: ResidentTensors,
    indices: Tensor,
    state?: State,
  ): Tensor;
  /** Sum of the losses and number of correct answers, both f32 scalars, in evaluation. */
  score(examples: Examples, params: Params, tensors: ResidentTensors, indices: Tensor, state?: State): Score;
  /** The statistics after a pass of training over the training examples at `indices`. */
  observe(params: Params, state: State, tensors: ResidentTensors, indices: Tensor, context: Context): State;
}

export type Score = { readonly loss: Tensor; readonly correct: Tensor };

/** The network and the images of a training. */
export interface ProblemDescription {
  readonly network: NetworkSpec;
  readonly images: ImagesSpec;
}

/**
 * @param seed of the choice of images, and of the initial values of every replica
 * @throws CONFIG for more examples than the data set has
 */
export function problemOf({ network, images }: ProblemDescription, dataset: Dataset, seed: number): Problem {
  const { trainExamples, testExamples, pool = false, standardize = false } = images;
  const chosen = choose('trainExamples', dataset.train, trainExamples, pool, seed);
  // A test set is standardised by the numbers of its training set.
  const scale = standardize ? standardization(chosen) : undefined;
  const train = examplesOf(chosen, scale);
  const test = examplesOf(choose('testExamples', dataset.test, testExamples, pool, seed), scale);
  const model = networkOf(network, dataset.train.classes.length);
  const { height, width, channels } = train.set;
  const convolves = network.kind !== 'mlp';
  const example = convolves ? [height, width, channels] : [height * width * channels];
  const gather = convolves ? gatherImages : gatherBatch;
  const forward = (
    examples: Examples,
    params: Params,
    state: State,
    tensors: ResidentTensors,
    indices: Tensor,
    context: Context = {},
  ): { readonly outputs: Tensor; readonly next: State; readonly labels: Tensor } => {
    const { images, labels } = gather(examples.set, indices, tensors);
    const [outputs, next] = model.forward(params, state, images, context);
    return { outputs, next, labels };
  };
  return {
    train,
    test,
    model,
    initialize: (replica) => model.init(random.key(replicaSeed(seed, replica)), example).params,
    emptyStatistics: () => model.init(random.key(0), example).state,
    weightedLoss:
      (tensors, batches = 1, key) =>
      (params, indices, weights) => {
        const context = { training: true, batches, ...(key && { key }) };
        const { outputs, labels } = forward(train, params, {}, tensors, indices, context);
        return crossEntropy(outputs, labels, weights);
      },
    losses(examples, params, tensors, indices, state = {}) {
      const { outputs, labels } = forward(examples, params, state, tensors, indices);
      return crossEntropyPerExample(outputs, labels);
    },
    score(examples, params, tensors, indices, state = {}) {
      const { outputs, labels } = forward(examples, params, state, tensors, indices);
      return {
        loss: sum(crossEntropyPerExample(outputs, labels)),
        correct: cast(correctCount(outputs, labels), 'f32'),
      };
    },
    observe: (params, state, tensors, indices, context) =>
      forward(train, params, state, tensors, indices, context).next,
  };
}

function choose(
  field: 'trainExamples' | 'testExamples',
  set: ImageSet,
  asked: number,
  pool: boolean,
  seed: number,
): ImageSet {
  const count = takenOf(field, asked, set);
  const chosen = count === set.count ? set : subset(set, count, seed);
  return pool ? averagePool2(chosen) : chosen;
}

function examplesOf(set: ImageSet, standardize: Standardization | undefined): Examples {
  const images = resident(set, standardize && { standardize });
  return { set: images, tensors: images.tensors, count: images.count };
}

/** 0 … count - 1 in pieces of at most `size`. */
export function chunks(count: number, size: number): Tensor[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, k) => {
    const from = k * size;
    return tensor(Int32Array.from({ length: Math.min(size, count - from) }, (_unused, i) => from + i));
  });
}

/** Every run of a seed has streams of its own: replicas differ in the seed, so nothing is shared between them. */
export function replicaSeed(seed: number, replica: number): number {
  return (seed % 2 ** 40) + replica * 2 ** 40;
}
