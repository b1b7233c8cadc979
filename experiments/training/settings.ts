/**
 * One training as plain data: a `TrainingSpec` is JSON, is part of a cell of a grid, and says everything that the
 * numbers of the training depend on but for the seed and the data set, which the cell itself names.
 *
 *     trainingRecords(spec, context): AsyncGenerator<RunRecord>      (train.ts)
 *
 * trains it and yields, in this order,
 *   metric `evaluation`   at the steps that `measure` asks for: {@link EvaluationRecord}
 *   whatever the measurements yield at the steps that `measure.extra` asks for, each marked with `step`
 *   result `training`     one at the end: {@link TrainingRecord}; a loss or a measurement that is not finite is the outcome `diverged`
 * With `context.checkpoints` it goes on from the newest snapshot, and what comes after is to the bit what would have come.
 *
 * A paper's experiment is a description for `gridOfTrainings` (grid-of-trainings.ts), which makes the whole
 * `GridExperiment` from it: runs, cells, checkpoints, replicas, costs.
 *
 *     export const lrOverBatch: GridExperiment<Config> = gridOfTrainings({
 *       name: 'lr-over-batch/figure3', title, description, presets,
 *       cells: (config, seed, data) => config.rates.flatMap((rate) => [{
 *         dataset: { name: 'mnist' }, seed,
 *         training: {
 *           network: { kind: 'mlp', hidden: [32] },
 *           images: { trainExamples: 1000, testExamples: 0, pool: true },
 *           optimizer: { name: 'sgd' }, learningRate: rate, batchSize: 16, sampling: 'iid-with-replacement',
 *           length: { time: 1500 },
 *           measure: { trainLoss: { epochs: 10 }, extra: [{ name: 'curvature', at: { end: true } }] },
 *           replica: 0,
 *         },
 *       }]),
 *       marks: ({ training }) => ({ rate: training.learningRate as number, replica: training.replica }),
 *       label: (cell) => '…',
 *       measurements: { curvature: async function* (point, options) { yield { kind: 'result', name: 'curvature', … } } },
 *       report: (trainings, manifest) => …, summary: (trainings) => …,
 *     });
 */
import type { SamplingMode } from '../../data/index.ts';
import type { initializers } from '../../nn/index.ts';
import type { Cell } from '../grid.ts';
import type { Json } from '../types.ts';

// The parts are type aliases and no interfaces: only then does TypeScript see that they are JSON.

export type InitializerName = keyof typeof initializers;

/** A network by its kind. Initialisers and their defaults are those of nn/models. */
export type NetworkSpec = MlpSpec | ConvolutionSpec | ModelSpec;

/** Dense layers: hidden widths, normalisation before the activation if asked for, one logit per class. */
export type MlpSpec = {
  readonly kind: 'mlp';
  readonly hidden: readonly number[];
  /** After every hidden layer. Default relu. */
  readonly activation?: 'relu' | 'tanh' | 'sigmoid';
  /** Batch normalisation of hidden layers, before the activation: examples per group, or `batch`. Default none. */
  readonly norm?: number | 'batch';
  /** Of weights. Default glorotUniform. Biases start at 0. */
  readonly initializer?: InitializerName;
};

/** Stages of 3x3 convolutions, each with ghost batch normalisation and ReLU, a 2x2 max pooling after each stage; then dense layers. */
export type ConvolutionSpec = {
  readonly kind: 'convolutions';
  /** Channels of the convolutions of each stage. */
  readonly stages: readonly (readonly number[])[];
  /** Examples per normalised group, or `batch`. */
  readonly norm: number | 'batch';
  /** Units of dense layers before the last. Default none. */
  readonly hidden?: readonly number[];
  /** Of weights. Default glorotUniform. Biases start at 0. */
  readonly initializer?: InitializerName;
};

/** A network of nn/models by its name, initialised as there. */
export type ModelSpec = {
  readonly kind: 'k16' | 'alexnet' | 'vgg11' | 'resnet' | 'resnet50';
  /** Of `resnet`: 18 and 34 for the wide ones, else 6n + 2; the wide one of 50 layers has a name of its own. Default 20. */
  readonly depth?: number;
  /** Examples per normalised group of `vgg11`, `resnet` and `resnet50`. Default `batch`. */
  readonly norm?: number | 'batch';
  /** Of `alexnet`. Default 0.5. */
  readonly dropout?: number;
};

/** Which images, and how they are prepared. */
export type ImagesSpec = {
  /** Training and test examples, chosen once by the seed; 0 takes all. More than there are is refused, but see images.ts for procedural ones. */
  readonly trainExamples: number;
  readonly testExamples: number;
  /** Averages 2x2 blocks of pixels first. Default no. */
  readonly pool?: boolean;
  /** Shifts and scales every channel by its mean and deviation over the training examples. Default no. */
  readonly standardize?: boolean;
};

/** What is minimised: (mean cross-entropy)/lossDivisor + ½ l2 |w|², over all parameters, biases included. */
export type LossSpec = {
  /** Default 1. bayes-sgd's printed learning rates belong to 10. */
  readonly lossDivisor?: number;
  /** λ per example, as λ/N of a loss that is a sum. Default 0. Recorded losses are the cross-entropy alone. */
  readonly l2?: number;
  /** Of each batch the share `fraction` with the smallest losses is left out, during the first `epochs` epochs (absent: always). */
  readonly discard?: { readonly fraction: number; readonly epochs?: number };
};

/**
 * The rule that turns gradients into updates; its fields are those of optim/. `learningRate` of the training multiplies
 * all updates, also of the rules that have rates of their own (lars, mclr, percentDelta, cblr): there a schedule about 1.
 */
export type OptimizerSpec =
  | {
      readonly name: 'sgd';
      /** Default 0. */
      readonly momentum?: number;
      readonly nesterov?: boolean;
      /** The factor of ½|w|² added to the loss. Default 0. */
      readonly weightDecay?: number;
    }
  | { readonly name: 'adam' | 'adamw' | 'lamb'; readonly weightDecay?: number }
  | {
      readonly name: 'lars' | 'mclr' | 'percentDelta';
      /** γ, the share of its weights that a group moves by. */
      readonly gamma: number;
      /** Of groups without a ratio. */
      readonly globalRate: number;
      readonly momentum?: number;
      readonly weightDecay?: number;
      readonly maxRate?: number;
    }
  | {
      readonly name: 'cblr';
      readonly gamma: number;
      readonly maxRadius?: number;
      readonly weightDecay?: number;
      /** Random signs for the diagonal of the Hessian in each step: mean of z ⊙ Hz. Default 1. */
      readonly probes?: number;
    };

/** What a position in a training is counted in: steps made, or epochs (completed ones and the share of the current). */
export type Unit = 'steps' | 'epochs';

/** A number, or one that changes during the training. Batch sizes are rounded. */
export type ScheduleSpec =
  | number
  /** From one value to the other and back: `square` (the default) is `from` for half a period, then `to`. */
  | {
      readonly kind: 'cyclic';
      readonly from: number;
      readonly to: number;
      readonly period: number;
      readonly unit: Unit;
      readonly shape?: 'square' | 'triangle';
    }
  /** `initial`, multiplied by `factor` at each of the milestones, which ascend. A batch size grows with factor > 1. */
  | {
      readonly kind: 'multiStep';
      readonly initial: number;
      readonly factor: number;
      readonly milestones: readonly number[];
      readonly unit: Unit;
    }
  /** The value of the last entry whose `from` is not above the position; the first is from 0. */
  | {
      readonly kind: 'piecewise';
      readonly entries: readonly { readonly from: number; readonly value: number }[];
      readonly unit: Unit;
    }
  /** initial · (1 + position)^(gamma - 1): heavy-tail's exponential decay, 0 < gamma <= 1. */
  | { readonly kind: 'power'; readonly initial: number; readonly gamma: number; readonly unit: Unit }
  /** `first` during the first epoch, `after` from the second on. */
  | { readonly kind: 'firstEpoch'; readonly first: number; readonly after: number };

/** When a training ends: at whichever of these comes first; at least one of steps, epochs and time must be given. */
export type LengthSpec = {
  readonly steps?: number;
  /** Of floor(N / B) steps each. */
  readonly epochs?: number;
  /** Σ of the learning rates of the steps made: η · steps. */
  readonly time?: number;
  /** Ends when the training loss, measured as `measure.trainLoss` says, is below it. */
  readonly trainLossBelow?: number;
};

/** Between two measurements. */
export type Span = { readonly steps: number } | { readonly epochs: number };

/** What is measured on the way. At the end all three are, always. */
export type MeasureSpec = {
  /** Training loss and accuracy. Absent: only at the end. */
  readonly trainLoss?: Span;
  /** Test loss and accuracy. Absent: only at the end. */
  readonly test?: Span;
  /** The training loss is a mean over the first so many training examples; absent takes all. */
  readonly lossExamples?: number;
  /** With batch normalisation: examples that the statistics of an evaluation are recomputed from; absent takes all. */
  readonly statisticsExamples?: number;
  /** Measurements of the experiment's own, by the names that it gave them. */
  readonly extra?: readonly ExtraSpec[];
};

/** When a measurement of the experiment's own is made, and with what options. */
export type ExtraSpec = {
  readonly name: string;
  readonly at: MomentSpec;
  readonly options?: { readonly [key: string]: Json };
};

/** Any of these. A step is named by the number of steps made before the measurement; `start` is 0. */
export type MomentSpec = {
  readonly start?: boolean;
  readonly end?: boolean;
  readonly steps?: readonly number[];
  readonly epochs?: readonly number[];
  readonly every?: Span;
};

/** One training but for its seed and its data set. */
export type TrainingSpec = {
  readonly network: NetworkSpec;
  readonly images: ImagesSpec;
  readonly loss?: LossSpec;
  readonly optimizer: OptimizerSpec;
  readonly learningRate: ScheduleSpec;
  readonly batchSize: ScheduleSpec;
  readonly sampling: SamplingMode;
  readonly length: LengthSpec;
  readonly measure?: MeasureSpec;
  /** Examples per pass of a gradient; larger batches take several. Absent: one pass. */
  readonly microbatch?: number;
  /** Examples per pass of an evaluation. Default 1000. */
  readonly piece?: number;
  /** Number of the repeat: initial values, minibatches and dropout are its own; the images are those of the seed. */
  readonly replica: number;
};

/** A cell that is one training. */
export interface TrainingCell extends Cell {
  readonly training: TrainingSpec;
}

/** The fields of the metric `evaluation`. What was not due is absent. */
export interface EvaluationRecord {
  /** Steps made. */
  readonly step: number;
  /** Epochs: completed ones and the share of the current. */
  readonly epoch: number;
  /** Σ of the learning rates of the steps made. */
  readonly time: number;
  /** Of the last step. */
  readonly learningRate: number;
  readonly batchSize: number;
  /** Mean of the minibatches' objectives since the last evaluation; null before the first step. */
  readonly minibatchLoss: number | null;
  readonly trainLoss?: number;
  readonly trainAccuracy?: number;
  readonly testLoss?: number;
  readonly testAccuracy?: number;
}

/** The fields of the result `training`: how it ended. */
export interface TrainingRecord {
  /** `finished`: by its length. `reached`: by its training loss. `diverged`: a loss, a parameter or a measurement was not finite. */
  readonly outcome: 'finished' | 'reached' | 'diverged';
  /** Steps made; of a training that diverged those before the step that failed. */
  readonly steps: number;
  readonly epochs: number;
  readonly time: number;
  /** Measured at the end; null if the training diverged. */
  readonly trainLoss: number | null;
  readonly trainAccuracy: number | null;
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
  readonly parameters: number;
  readonly trainExamples: number;
  readonly testExamples: number;
  /** Of a training that diverged: where. */
  readonly message?: string;
}
