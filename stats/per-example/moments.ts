/**
 * First and second moments of the gradients of all units, element by element, in the memory of one piece: the mean G, the
 * second moment, and the centred variance, whose sum is the trace of the noise covariance. For traces alone
 * `perExampleSquaredNorms` is cheaper, since it forms no gradients.
 */
import { add, jit, mul, square, stack, sum, zerosLike, type Tensor, type Tree } from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { gradientsOfUnits } from './gradients.ts';
import { byLayer, type ByPath } from './layers.ts';
import { eachPiece, measure, readRows, type MeasurementRecord } from './pass.ts';
import { emptyTreeMoments, mergeTreeMoments, treeMomentsOf } from './tree-moments.ts';
import { unitsOf, type GradientPoint } from './units.ts';

/** Sums over the elements of a tensor, a layer or all parameters. With the part C_l of C that they have: */
export interface MomentTotals {
  /** |G_l|² */
  readonly squaredNormOfMean: number;
  /** (1/N) Σ_μ |g_μ|² = tr C_l + |G_l|² */
  readonly secondMomentOverN: number;
  /** tr C_l, C with the divisor N: the noise covariance of these units. */
  readonly varianceOverN: number;
  /** tr C_l · N/(N - 1): unbiased for a larger set that the units were drawn from. */
  readonly varianceOverNMinus1: number;
}

export interface GradientMoments<P extends Tree> extends MeasurementRecord {
  readonly meanLoss: number;
  /** G = (1/N) Σ_μ g_μ, element by element, as a tree like the parameters; 0 in those not chosen. So are the next three. */
  readonly mean: P;
  readonly secondMomentOverN: P;
  readonly varianceOverN: P;
  readonly varianceOverNMinus1: P;
  readonly whole: MomentTotals;
  readonly perTensor: ByPath<MomentTotals>;
  readonly perLayer: ByPath<MomentTotals>;
}

/**
 * One pass that forms the gradients of one piece at a time.
 *
 * @throws EXAMPLE_COUNT for less than two units, which have no variance; NON_FINITE, naming the unit and the tensor; what
 *   `perExampleSquaredNorms` throws
 */
export async function gradientMoments<P extends Tree, B extends Tree>(
  point: GradientPoint<P, B>,
): Promise<GradientMoments<P>> {
  const { coordinates, count, unit } = unitsOf(point);
  if (count < 2) fail('EXAMPLE_COUNT', `gradientMoments: one ${unit} has no variance: give at least two.`);
  const { result, record } = await measure(point, async (units, size) => {
    const { paths, chosen } = units.coordinates;
    const columns = ['The loss', ...paths.map((path) => `The squared gradient with respect to '${path}'`)];
    const merge = jit(mergeTreeMoments<readonly Tensor[]>, { donate: [0] });
    let total = emptyTreeMoments<readonly Tensor[]>(chosen);
    let loss = 0;
    try {
      await eachPiece(
        units,
        size,
        (at, fixed, mapped, common) => {
          const { losses, gradients } = gradientsOfUnits(units, at, fixed, mapped, common);
          const norms = gradients.map((g) => sum(square(g), g.shape.map((_, axis) => axis).slice(1)));
          return { moments: treeMomentsOf(gradients), rows: stack([losses, ...norms], 1) };
        },
        () => [],
        async ({ moments, rows }, piece) => {
          total = merge(total, moments);
          const values = await readRows(rows, columns, piece, units);
          for (let k = 0; k < values.length; k += columns.length) loss += values[k]!;
        },
      );
    } finally {
      merge.dispose();
    }
    const totals = (leaves: readonly Tensor[]): Promise<Float64Array> =>
      stack(leaves.map((leaf) => sum(leaf)))
        .data()
        .then((data) => Float64Array.from(data));
    const means = await totals(total.mean.map(square));
    return { total, meanLoss: loss / units.count, means, squares: await totals(total.squares) };
  });
  const { total, means, squares, meanLoss } = result;
  const perTensor = Object.fromEntries(
    record.paths.map((path, k): [string, MomentTotals] => {
      const [squaredNormOfMean, varianceOverN] = [means[k]!, squares[k]! / count];
      return [
        path,
        {
          squaredNormOfMean,
          secondMomentOverN: varianceOverN + squaredNormOfMean,
          varianceOverN,
          varianceOverNMinus1: squares[k]! / (count - 1),
        },
      ];
    }),
  );
  const { join, fixed } = coordinates;
  const zeros = fixed.map(zerosLike);
  const like = (leaves: readonly Tensor[]): P => join(leaves, zeros);
  const over = (divisor: number): Tensor[] => total.squares.map((leaf) => mul(leaf, 1 / divisor));
  return {
    ...record,
    meanLoss,
    mean: like(total.mean),
    secondMomentOverN: like(over(count).map((leaf, k) => add(leaf, square(total.mean[k] as Tensor)))),
    varianceOverN: like(over(count)),
    varianceOverNMinus1: like(over(count - 1)),
    whole: Object.values(perTensor).reduce(addTotals),
    perTensor,
    perLayer: byLayer(perTensor, addTotals),
  };
}

function addTotals(a: MomentTotals, b: MomentTotals): MomentTotals {
  return {
    squaredNormOfMean: a.squaredNormOfMean + b.squaredNormOfMean,
    secondMomentOverN: a.secondMomentOverN + b.secondMomentOverN,
    varianceOverN: a.varianceOverN + b.varianceOverN,
    varianceOverNMinus1: a.varianceOverNMinus1 + b.varianceOverNMinus1,
  };
}
