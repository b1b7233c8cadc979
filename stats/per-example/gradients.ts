/** The gradients of single examples themselves. They take B times the memory of the parameters: for a few at a time. */
import { grad, jit, valueAndGrad, vmap, type Tensor, type Tree } from '../../engine/index.ts';
import { ofUnits, unitsOf, type GradientPoint, type Units } from './units.ts';

/**
 * The gradient of every example's loss: a tree like `params` whose leaves have the examples along their first axis.
 *
 *     perExampleGradients((w, { x, y }) => square(sub(dot(x, w), y)), weights, { x: inputs, y: targets })
 *
 * @param loss of one example: the leaves of `batch` without their first axis
 * @throws NOT_SCALAR if the loss is no scalar; VMAP if the leaves of `batch` differ in their first extent
 */
export function perExampleGradients<P extends Tree, B extends Tree>(
  loss: (params: P, example: B) => Tensor,
  params: P,
  batch: B,
): P {
  return vmap(grad(loss), { in: [null, 0] })(params, batch);
}

/** The losses [units], and the gradients [units, ...] with respect to the chosen parameters, of the units of a piece. */
export function gradientsOfUnits<P extends Tree>(
  { loss, coordinates: { join } }: Units<P>,
  at: readonly Tensor[],
  fixed: readonly Tensor[],
  mapped: readonly Tensor[],
  common: readonly Tensor[],
): { readonly losses: Tensor; readonly gradients: readonly Tensor[] } {
  const [losses, gradients] = ofUnits((own, all) =>
    valueAndGrad((chosen: readonly Tensor[]) => loss(join(chosen, fixed), own, all))(at),
  )(mapped, common);
  return { losses, gradients };
}

/** The gradients of some units. */
export interface GradientPiece {
  /** Number of the first, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** By path, the chosen parameters only: [count, ...]. */
  readonly gradients: Readonly<Record<string, Tensor>>;
}

/**
 * The gradients of all units, piece by piece, in order: `for await (const { gradients } of eachGradient(point))`. Those of
 * a piece are disposed of when the next is asked for.
 *
 * @throws GHOST_BATCH, EMPTY_SUBSET; LOSS_PER_EXAMPLE if the problem does not give one loss per example
 */
export async function* eachGradient<P extends Tree, B extends Tree>(
  point: GradientPoint<P, B>,
): AsyncGenerator<GradientPiece> {
  const units = unitsOf(point);
  const { chosen, fixed, paths } = units.coordinates;
  type Leaves = readonly Tensor[];
  const step = jit(
    (at: Leaves, others: Leaves, mapped: Leaves, common: Leaves): Leaves =>
      gradientsOfUnits(units, at, others, mapped, common).gradients,
  );
  try {
    for (const { mapped, common, first, count } of units.pieces(units.size)) {
      const gradients = step(chosen, fixed, mapped, common);
      yield {
        first,
        count,
        gradients: Object.fromEntries(paths.map((path, k) => [path, gradients[k] as Tensor])),
      };
      gradients.forEach((gradient) => gradient.dispose());
    }
  } finally {
    step.dispose();
  }
}
