/**
 * The noise of minibatch gradients at the minimum, parameter by parameter, fitted by symmetric stable laws; and how far along each
 * parameter the loss reaches the border. Gradients of all points are stored once; any number of minibatches is then an average of
 * rows on the host.
 */
import { add, jit, LangevinError, reshape, tensor, vmap, type Tensor } from '../../../engine/index.ts';
import { integerAt } from '../../../data/permutation.ts';
import type { Words } from '../../../engine/random/threefry.ts';
import { sampledNoise } from '../../../stats/heavy-tails/sampled-noise.ts';
import { borderDistances, fitStable, perExampleGradients, type EscapeAxis } from '../../../stats/index.ts';
import type { Points, Problem } from './problem.ts';

/** Of every parameter, the gradients of all points. */
export async function gradientsOf(
  { points, loss, count, parameters }: Problem,
  at: Tensor,
): Promise<readonly Float64Array[]> {
  const gradients = perExampleGradients(
    (p: Tensor, { x, y }: Points) => loss(p, { x: reshape(x, [1, 2]), y: reshape(y, [1]) }),
    at,
    points,
  );
  const rows = await gradients.data();
  return Array.from({ length: parameters }, (_, l) =>
    Float64Array.from({ length: count }, (_unused, k) => rows[k * parameters + l] as number),
  );
}

/** `draws` minibatches with replacement, each a row of B indices. */
export function minibatches(
  count: number,
  batchSize: number,
  draws: number,
  key: Words,
): readonly Int32Array[] {
  return Array.from({ length: draws }, (_, draw) =>
    Int32Array.from({ length: batchSize }, (_unused, b) => integerAt(key, draw * batchSize + b, count)),
  );
}

export interface FittedAxis {
  readonly alpha: number;
  readonly scale: number;
  readonly atBound: boolean;
}

/** A stable law for the noise of each parameter; undefined where half of the noise is one value, such as of a unit that is always saturated. */
export function fitAxes(
  gradients: readonly Float64Array[],
  batches: readonly Int32Array[],
): readonly (FittedAxis | undefined)[] {
  return gradients.map((own) => {
    try {
      const { alpha, scale, atBound } = fitStable(sampledNoise({ gradients: own }, batches));
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
