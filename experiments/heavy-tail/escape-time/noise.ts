/**
 * The noise of minibatch gradients at the minimum, parameter by parameter, fitted by symmetric stable laws; and how far along each
 * parameter the loss reaches the border. Gradients of all points are stored once; any number of minibatches is then an average of
 * rows on the host.
 */
import { add, jit, LangevinError, reshape, tensor, vmap, type Tensor } from '../../../engine/index.ts';
import { integerAt } from '../../../data/permutation.ts';
import type { Words } from '../../../engine/random/threefry.ts';
import { borderDistances, fitStable, perExampleGradients, type EscapeAxis } from '../../../stats/index.ts';
import type { Points, Problem } from './problem.ts';

/** Rows of N gradients of P numbers. */
export interface GradientTable {
  readonly rows: Float64Array;
  readonly count: number;
  readonly parameters: number;
}

export async function gradientTable(
  { points, loss, count, parameters }: Problem,
  at: Tensor,
): Promise<GradientTable> {
  const gradients = perExampleGradients(
    (p: Tensor, { x, y }: Points) => loss(p, { x: reshape(x, [1, 2]), y: reshape(y, [1]) }),
    at,
    points,
  );
  return { rows: Float64Array.from(await gradients.data()), count, parameters };
}

/** u = ∇L - G_B of `draws` minibatches with replacement: one list per parameter. */
export function minibatchNoise(
  { rows, count, parameters }: GradientTable,
  batchSize: number,
  draws: number,
  key: Words,
): readonly Float64Array[] {
  const mean = new Float64Array(parameters);
  for (let i = 0; i < count; i++)
    for (let l = 0; l < parameters; l++)
      mean[l] = (mean[l] as number) + (rows[i * parameters + l] as number) / count;
  const noise = Array.from(mean, (value) => new Float64Array(draws).fill(value));
  for (let draw = 0; draw < draws; draw++)
    for (let b = 0; b < batchSize; b++) {
      const row = integerAt(key, draw * batchSize + b, count) * parameters;
      for (let l = 0; l < parameters; l++) {
        const own = noise[l] as Float64Array;
        own[draw] = (own[draw] as number) - (rows[row + l] as number) / batchSize;
      }
    }
  return noise;
}

export interface FittedAxis {
  readonly alpha: number;
  readonly scale: number;
  readonly atBound: boolean;
}

/** A stable law for each parameter; undefined where half of the noise is one value, such as of a unit that is always saturated. */
export function fitAxes(noise: readonly Float64Array[]): readonly (FittedAxis | undefined)[] {
  return noise.map((own) => {
    try {
      const { alpha, scale, atBound } = fitStable(own);
      return { alpha, scale, atBound };
    } catch (error) {
      if (error instanceof LangevinError && error.code === 'CONSTANT') return undefined;
      throw error;
    }
  });
}

/** d⁺ and d⁻ of every parameter: how far it can go alone until the loss is above `level`. */
export async function borders(
  { points, loss, parameters }: Problem,
  at: Tensor,
  minimum: number,
  barrier: number,
): Promise<readonly Pick<EscapeAxis, 'plus' | 'minus'>[]> {
  const losses = jit((moved: Tensor, all: Points, from: Tensor): Tensor =>
    vmap((d: Tensor) => loss(add(from, d), all))(moved),
  );
  const directions = 2 * parameters;
  const distances = await borderDistances(
    async (d) => {
      const moved = new Float32Array(directions * parameters);
      d.forEach((distance, k) => {
        moved[k * parameters + (k % parameters)] = k < parameters ? distance : -distance;
      });
      const found = await losses(tensor(moved, [directions, parameters]), points, at).data();
      return Float64Array.from(found, (value) => value - minimum);
    },
    directions,
    barrier,
  );
  losses.dispose();
  return Array.from({ length: parameters }, (_, l) => ({
    plus: distances[l] as number,
    minus: distances[parameters + l] as number,
  }));
}
