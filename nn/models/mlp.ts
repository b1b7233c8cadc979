/** Multilayer perceptrons, and those of the studies of noise enhancement (F1) and of learning rate over batch size. */
import { LangevinError } from '../../engine/index.ts';
import { relu, sigmoid, tanh } from '../activations.ts';
import { dense } from '../dense.ts';
import { glorotUniform, heNormal, zeros, type Initializer } from '../initializers.ts';
import type { Layer } from '../layer.ts';
import { sequential, type SequentialParams, type SequentialState } from '../sequential.ts';
import { normalization, type GroupSize } from './blocks.ts';

export interface MlpOptions {
  /** Units of every layer after the input; the last are the logits: [500, 10]. */
  readonly widths: readonly number[];
  /** After every layer but the last. Default `relu`. */
  readonly activation?: 'relu' | 'tanh' | 'sigmoid';
  /** Batch normalisation in front of every activation: examples per group, or `batch`. Default none. */
  readonly norm?: GroupSize;
  /** Default `glorotUniform`. */
  readonly weight?: Initializer;
  /** Default `zeros`. */
  readonly bias?: Initializer;
}

const activations = { relu, tanh, sigmoid };

/** Dense layers with an activation between them. The last is affine: its outputs are logits. */
export function mlp({
  widths,
  activation = 'relu',
  norm,
  weight = glorotUniform,
  bias = zeros,
}: MlpOptions): Layer<SequentialParams, SequentialState> {
  if (widths.length === 0)
    throw new LangevinError('LAYER', 'mlp: no widths: give at least that of the output, { widths: [10] }.');
  const layers = widths.flatMap((units, k): Layer[] => {
    const affine = dense(units, { weight, bias });
    const between = norm === undefined ? [] : [normalization(norm)];
    return k === 0 ? [affine] : [...between, activations[activation](), affine];
  });
  return sequential(...layers);
}

export interface NormalizedMlpOptions {
  /** Units of each hidden layer. Default 500. */
  readonly width?: number;
  /** Hidden layers. Default 3. */
  readonly depth?: number;
  readonly classes?: number;
  /** Default `batch`. */
  readonly norm?: GroupSize;
}

/**
 * The perceptron of the study of learning rate over batch size: 784 -> 3 x [500, batch normalisation, ReLU] -> 10, He
 * normal weights; 901,510 parameters, of which 3,000 are scales and offsets. The paper says no more than "4-layer".
 */
export function normalizedMlp({
  width = 500,
  depth = 3,
  classes = 10,
  norm = 'batch',
}: NormalizedMlpOptions = {}): Layer<SequentialParams, SequentialState> {
  const widths = [...Array.from({ length: depth }, () => width), classes];
  return mlp({ widths, norm, weight: heNormal });
}

export interface F1Options {
  /** Units of each hidden layer. Default 500, as published. */
  readonly width?: number;
  /** Hidden layers. Default 7, as published. */
  readonly depth?: number;
  readonly classes?: number;
  readonly weight?: Initializer;
}

/**
 * F1 of the noise-enhancement study: 784 -> 7 x [500, ReLU] -> 10, Glorot uniform weights and zero biases;
 * 1,900,510 parameters. A smaller `width` or `depth` scales it down.
 */
export function f1({ width = 500, depth = 7, classes = 10, weight = glorotUniform }: F1Options = {}): Layer<
  SequentialParams,
  SequentialState
> {
  return mlp({ widths: [...Array.from({ length: depth }, () => width), classes], weight });
}
