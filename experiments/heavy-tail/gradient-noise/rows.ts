/**
 * The gradients of sampled parameters where a training stands: of single examples, so that minibatches of any size are averages
 * on the host; or, for networks with batch normalisation, of every minibatch itself, in a pass of training.
 */
import type { ResidentTensors } from '../../../data/resident.ts';
import { full, type Tensor } from '../../../engine/index.ts';
import { foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import {
  drawCoordinates,
  gradientColumns,
  isDead,
  sampledNoise,
  type Coordinate,
  type GradientColumn,
} from '../../../stats/heavy-tails/sampled-noise.ts';
import type { MeasurementPoint } from '../../training/measurement.ts';
import { extentOf } from '../../training/timeline.ts';
import { groupOf } from '../../training/network.ts';
import { replicaSeed, type Params } from '../../training/problem.ts';
import { minibatches } from '../transformer/gradients.ts';

/** How many parameters and minibatches. A type, so that it is plain data. */
export type Sampling = {
  /** Parameters looked at, drawn from all that are alive. */
  readonly parameters: number;
  /** Minibatches of every B, each a fresh subset; 0 cuts one epoch into minibatches, so that there are fewer of larger B. */
  readonly batches: number;
  /** Examples per pass of a gradient. */
  readonly piece: number;
};

/** The noise of one parameter over minibatches. */
export interface ParameterNoise extends Coordinate {
  readonly noise: Float64Array;
}

export interface NoiseSource {
  /** What a row of gradients is of. */
  readonly unit: 'examples' | 'minibatches';
  /** Of the first `parameters` that are alive, in the order in which they were drawn. Undefined if the signal came. */
  at(batchSize: number): Promise<SampledNoise | undefined>;
}

export interface SampledNoise {
  readonly parameters: readonly ParameterNoise[];
  /** Minibatches. */
  readonly samples: number;
  /** Of those drawn, left out since their gradient is 0 for more than 80 % of the rows. */
  readonly dead: number;
}

/** Says what a measurement is at, as a note on the steps of its training, which stand still meanwhile. */
export function notesOf({
  spec,
  problem,
  step,
  progress,
}: MeasurementPoint): (done: number, total: number, what: string) => void {
  const { steps } = extentOf(spec, problem.train.count);
  return (done, total, what) =>
    progress({ done: step, total: steps, unit: 'steps', note: `${what}, ${done} of ${total}` });
}

/** Stream of the seed: draws of parameters. */
const COORDINATES = 16;

/** Candidates for every parameter that is wanted: weights of pixels that are always 0 are dead. */
const CANDIDATES = 10;

/**
 * @param point its parameters are drawn by seed and repeat alone, so that they are the same at every step and in all trainings of a
 *   repeat; likewise the minibatches of a size
 */
export function noiseSource(point: MeasurementPoint, { parameters, batches, piece }: Sampling): NoiseSource {
  const { problem, params, objective, spec } = point;
  const { count, tensors } = problem.train;
  const note = notesOf(point);
  const seed = replicaSeed(point.seed, spec.replica);
  const coordinates = drawCoordinates(
    params,
    CANDIDATES * parameters,
    foldInWords(seedWords(seed), COORDINATES),
  );
  const columnsOf = (rows: readonly Int32Array[]): Promise<readonly GradientColumn[] | undefined> =>
    gradientColumns({
      loss: (p: Params, images: ResidentTensors, indices: Tensor) => {
        const each = indices.shape[0] as number;
        return objective(images)(p, indices, full([each], 1 / each));
      },
      params,
      shared: tensors,
      rows,
      coordinates,
      piece: Math.max(1, Math.floor(piece / (rows[0]?.length ?? 1))),
      signal: point.signal,
      progress: (done) => note(done, rows.length, 'gradients'),
    });
  const noiseOf = (
    columns: readonly GradientColumn[] | undefined,
    chosen: readonly ArrayLike<number>[],
  ): SampledNoise | undefined => {
    if (!columns) return undefined;
    const used: GradientColumn[] = [];
    let dead = 0;
    for (const column of columns) {
      if (used.length === parameters) break;
      if (isDead(column)) dead++;
      else used.push(column);
    }
    return {
      parameters: used.map((column) => ({
        path: column.path,
        index: column.index,
        noise: sampledNoise(column, chosen),
      })),
      samples: chosen.length,
      dead,
    };
  };
  if (groupOf(spec.network) !== undefined)
    return {
      unit: 'minibatches',
      async at(batchSize) {
        const chosen = minibatches(count, batchSize, batches, seed);
        return noiseOf(
          await columnsOf(chosen),
          chosen.map((_, row) => [row]),
        );
      },
    };
  let examples: Promise<readonly GradientColumn[] | undefined> | undefined;
  return {
    unit: 'examples',
    async at(batchSize) {
      examples ??= columnsOf(Array.from({ length: count }, (_, k) => Int32Array.of(k)));
      return noiseOf(await examples, minibatches(count, batchSize, batches, seed));
    },
  };
}
