/**
 * What one training is told, as plain data: the network, its images, the optimizer, when to halve the learning rate
 * and when to stop. A training is the same code whichever experiment asks for it.
 */
import type { SamplingMode } from '../../../data/index.ts';
import { noiseEnhanced } from '../../../optim/index.ts';
import type { InitializerName } from '../../training/settings.ts';
import type { NetworkShape } from './network.ts';

/** The network and the images. */
export interface ProblemSettings extends NetworkShape {
  readonly initializer: InitializerName;
  /** Training and test examples, drawn once by the seed; 0 takes all. */
  readonly trainExamples: number;
  readonly testExamples: number;
  /** Averages 2x2 blocks of pixels first. */
  readonly pool: boolean;
  /** Shifts and scales every channel by the mean and the deviation that it has over the training examples. Default no. */
  readonly standardize?: boolean;
  /**
   * For networks with batch normalisation: the training examples from which the statistics of an evaluation are
   * recomputed, in one pass with the parameters evaluated; 0, the default, takes all.
   */
  readonly statisticsExamples?: number;
  /** The training loss is a mean over so many training examples; 0, the default, takes all. */
  readonly lossExamples?: number;
  /** Examples per recorded program of an evaluation: large enough to fill a device, small enough for its memory. Default 1000. */
  readonly piece?: number;
}

/** A training but for α and the batch size. */
export interface Recipe extends ProblemSettings {
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  /** Of `sgd`; 0 is none. */
  readonly momentum: number;
  /** How the combined gradient is computed; the two agree to rounding. */
  readonly form: 'one-pass' | 'two-pass';
  readonly sampling: SamplingMode;
  /** Examples per pass of a gradient; a step with more adds up several passes. 0, the default, is no limit. */
  readonly microbatch?: number;
  /** L*: the learning rate is halved once, when the training loss first is not above it; 0 never. */
  readonly halveAt: number;
  /** L**: a run has converged when the training loss is below it; 0 never. */
  readonly stopBelow: number;
  /** A run ends after so many steps, and after so many example-gradients (B or 2B per step); 0 is no limit. */
  readonly maxSteps: number;
  readonly maxExamples: number;
  /** Steps between measurements of the training loss; 0 is one epoch, floor(N / B). */
  readonly lossEvery: number;
  /** Steps between measurements of the test accuracy, which is always measured at the end; 0 is only then. */
  readonly testEvery: number;
}

/** One training, but for its seed. */
export interface TrainingSettings extends Recipe {
  /** α: 1 is plain SGD. */
  readonly alpha: number;
  /** B, the size of each of the two batches. */
  readonly batchSize: number;
}

/** Steps after which a run ends whatever its loss. */
export function stepLimit(
  { maxSteps, maxExamples }: Pick<Recipe, 'maxSteps' | 'maxExamples'>,
  alpha: number,
  batchSize: number,
): number {
  const perStep = batchSize * noiseEnhanced({ alpha }).batches;
  const limits = [maxSteps, maxExamples === 0 ? 0 : Math.ceil(maxExamples / perStep)];
  return Math.min(...limits.filter((limit) => limit > 0));
}
