/** The measurement of HT-4: how large the noise of every sampled parameter is, at the batch in force and at the first one. */
import type { Measurement } from '../../../training/measurement.ts';
import { noiseSource, type Sampling } from '../rows.ts';

/** A type, so that it is plain data. */
export type AmplitudeOptions = Sampling & {
  /** Which of the two moments this is. */
  readonly when: 'before' | 'after';
  /** B of the training's beginning, at which noise is comparable where B has changed since. */
  readonly batchSize: number;
};

/** The record `amplitude`: of one moment and one batch size. A type, so that it is plain data. */
export type AmplitudeRecord = {
  readonly when: 'before' | 'after';
  readonly batchSize: number;
  /** Whether this is the batch of the step that comes next; then `series` is a part of its noise. */
  readonly inForce: boolean;
  readonly learningRate: number;
  readonly epoch: number;
  readonly samples: number;
  readonly dead: number;
  /** `dense0/weight[17]`; the other lists have their order. */
  readonly parameters: readonly string[];
  /** Root of the mean of u². */
  readonly deviations: readonly number[];
  /** Of |u|. */
  readonly greatest: readonly number[];
  /** u of the first parameter over the first minibatches. */
  readonly series: readonly number[];
};

/** Minibatches that are drawn. */
const SHOWN = 200;

/** Yields a result `amplitude` for the batch in force, and one for the first batch where that is another. */
export const measureAmplitude: Measurement = async function* (point, given) {
  const { when, batchSize: first, ...sampling } = given as AmplitudeOptions;
  const { batchSize: current, learningRate, epoch } = point;
  const source = noiseSource(point, sampling);
  for (const batchSize of new Set([current, first])) {
    const found = await source.at(batchSize);
    if (!found) return;
    const { parameters, samples, dead } = found;
    const record: AmplitudeRecord = {
      when,
      batchSize,
      inForce: batchSize === current,
      learningRate,
      epoch,
      samples,
      dead,
      parameters: parameters.map(({ path, index }) => `${path}[${index}]`),
      deviations: parameters.map(({ noise }) =>
        Math.sqrt(noise.reduce((sum, u) => sum + u * u, 0) / samples),
      ),
      greatest: parameters.map(({ noise }) => noise.reduce((most, u) => Math.max(most, Math.abs(u)), 0)),
      series: [...(parameters[0]?.noise.slice(0, SHOWN) ?? [])],
    };
    yield { kind: 'result', name: 'amplitude', ...record };
  }
};
