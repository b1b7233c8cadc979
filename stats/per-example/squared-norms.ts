/**
 * The squared lengths of the gradients of all units, by parameter, without forming the gradients of weights where that is
 * cheaper (`cost.ts`). One forward and one backward pass give every weight's factors (`factors.ts`); all else, biases, scales,
 * offsets and weights that something else than a product reads, is formed: for those that is a sum over positions.
 */
import { matmul, maximum, mul, square, stack, sum, type Tensor, type Tree } from '../../engine/index.ts';
import { usesOf, type Use } from '../../engine/autodiff/uses.ts';
import { cheaperForm, normCost, type GradientForm } from './cost.ts';
import { factorsOf, sizesOfFactors, type Factors } from './factors.ts';
import { byLayer, type ByPath } from './layers.ts';
import { eachPiece, measure, readRows, type MeasurementRecord } from './pass.ts';
import { ofUnits, type GradientPoint, type Units } from './units.ts';

export interface SquaredNorms extends MeasurementRecord {
  /** The loss of every unit, [count]. */
  readonly losses: Float64Array;
  /** |g_μ|² over all parameters, [count]. */
  readonly whole: Float64Array;
  /** Its part in every tensor, and in every layer, [count]. */
  readonly perTensor: ByPath<Float64Array>;
  readonly perLayer: ByPath<Float64Array>;
  /** How each tensor's part was computed. */
  readonly forms: ByPath<GradientForm>;
}

export interface SquaredNormOptions {
  /** Default: the cheaper one, weight by weight. `gram` forms only what has no factors. */
  readonly form?: GradientForm;
}

/**
 * |g_μ|² of every unit. Costs a forward and a backward pass over the data, and per weight what `cost.ts` says.
 *
 * @throws NON_FINITE, naming the unit and the tensor; LOSS_PER_EXAMPLE; EXAMPLE_COUNT; COUPLED_EXAMPLES; STATE_CHANGED
 */
export async function perExampleSquaredNorms<P extends Tree, B extends Tree>(
  point: GradientPoint<P, B>,
  { form }: SquaredNormOptions = {},
): Promise<SquaredNorms> {
  let forms: readonly GradientForm[] = [];
  const { result, record } = await measure(point, async (units, size) => {
    const { paths } = units.coordinates;
    const columns = ['The loss', ...paths.map((path) => `The squared gradient with respect to '${path}'`)];
    const table = new Float64Array(units.count * columns.length);
    await eachPiece(
      units,
      size,
      (at, fixed, mapped, common) => {
        const norms = squaredNormsOfUnits(units, at, fixed, mapped, common, form);
        ({ forms } = norms);
        return norms.rows;
      },
      () => [],
      async (rows, piece) =>
        table.set(await readRows(rows, columns, piece, units), piece.first * columns.length),
    );
    return table;
  });
  const width = record.paths.length + 1;
  const column = (k: number): Float64Array =>
    Float64Array.from({ length: record.count }, (_, mu) => result[mu * width + k]!);
  const perTensor = Object.fromEntries(record.paths.map((path, k) => [path, column(k + 1)]));
  return {
    ...record,
    losses: column(0),
    whole: Object.values(perTensor).reduce(added),
    perTensor,
    perLayer: byLayer(perTensor, added),
    forms: Object.fromEntries(record.paths.map((path, k) => [path, forms[k] as GradientForm])),
  };
}

/**
 * The losses of the units of a piece and the squared lengths of their gradients, tensor by tensor, [units, 1 + tensors]; and how
 * each tensor's were computed.
 */
export function squaredNormsOfUnits<P extends Tree>(
  { loss, coordinates: { join } }: Units<P>,
  at: readonly Tensor[],
  fixed: readonly Tensor[],
  mapped: readonly Tensor[],
  common: readonly Tensor[],
  form?: GradientForm,
): { readonly rows: Tensor; readonly forms: readonly GradientForm[] } {
  let forms: readonly GradientForm[] = [];
  const rows = ofUnits((own, all) => {
    const { value, gradient, uses } = usesOf(
      (chosen: readonly Tensor[]) => loss(join(chosen, fixed), own, all),
      at,
    );
    const terms = gradient.map((leaf, k) => squaredNorm(leaf, usesOfLeaf(uses, k), form));
    forms = terms.map((term) => term.form);
    return stack([value, ...terms.map((term) => term.value)]);
  })(mapped, common);
  return { rows, forms };
}

function usesOfLeaf(uses: readonly Use[], leaf: number): Use[] {
  return uses.filter((use) => use.leaf === leaf);
}

function squaredNorm(
  gradient: Tensor,
  uses: readonly Use[],
  wanted: GradientForm | undefined,
): { readonly value: Tensor; readonly form: GradientForm } {
  const factors = factorsOf(uses);
  const form = factors
    ? (wanted ?? cheaperForm((f) => normCost(sizesOfFactors(factors), f)))
    : 'materialised';
  return { value: factors && form === 'gram' ? gramNorm(factors) : sum(square(gradient)), form };
}

/** Σ_g Σ_{t,t'} (a_t · a_t') (b_t · b_t'): not below 0, where rounding may have put it. */
function gramNorm({ left, right }: Factors): Tensor {
  if (left.shape[1] === 1) return sum(mul(sum(square(left), [1, 2]), sum(square(right), [1, 2])));
  const products = (x: Tensor): Tensor => matmul(x, x, { transposeB: true });
  return maximum(sum(mul(products(left), products(right))), 0);
}

function added(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, k) => value + b[k]!);
}
