/**
 * One pass over all units, piece by piece, and the watch over it: memory that does not suffice, numbers that are not finite,
 * models that are not what the policy says. What had to be decided on the way is recorded in the result.
 */
import { jit, LangevinError, type Tensor, type Tree } from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import type { Jitted } from '../../engine/jit.ts';
import type { NormalizationPolicy, Unit } from './policy.ts';
import { ofUnits, unitsOf, type GradientPoint, type UnitPiece, type Units } from './units.ts';

/** How a statistic of gradients was measured: part of every result. */
export interface MeasurementRecord {
  /** What it is over: where this is `ghost batch`, every count and mean is of ghost batches. */
  readonly unit: Unit;
  /** Units measured. */
  readonly count: number;
  readonly policy: NormalizationPolicy;
  /** Units per piece in the end, and how often memory was short and their number was halved. */
  readonly microbatch: number;
  readonly halvings: number;
  /** Paths of the parameters that gradients are with respect to. */
  readonly paths: readonly string[];
}

/** One piece after another. */
export type Pass<P extends Tree, R> = (units: Units<P>, size: number) => Promise<R>;

/**
 * Takes a pass, halving the pieces while memory does not suffice. Before and after it the losses of a few units are computed,
 * to see that the model is a function and that units are independent.
 *
 * @throws STATE_CHANGED if the model gives other losses for the same parameters and examples; COUPLED_EXAMPLES if units see one
 *   another though the policy says they do not; what the pass throws
 */
export async function measure<P extends Tree, B extends Tree, R>(
  point: GradientPoint<P, B>,
  pass: Pass<P, R>,
): Promise<{ readonly result: R; readonly record: MeasurementRecord }> {
  const units = unitsOf(point);
  let { size } = units;
  for (let halvings = 0; ; halvings++)
    try {
      const before = await lossesOfAFew(units, size, point.params);
      const result = await pass(units, size);
      const after = await lossesOfAFew(units, size, point.params);
      if (!after.every((value, k) => Object.is(value, before[k])))
        fail(
          'STATE_CHANGED',
          `The losses of the first units were ${show(before)} and are ${show(after)} at the same parameters: the model's state or its random keys change between calls. Pass them in the batch, or hold them fixed.`,
        );
      const { unit, count, policy, coordinates } = units;
      const { paths } = coordinates;
      return { result, record: { unit, count, policy, microbatch: size, halvings, paths } };
    } catch (error) {
      if (!(error instanceof LangevinError && error.code === 'OUT_OF_MEMORY') || size === 1) throw error;
      size = Math.ceil(size / 2);
    }
}

/** Losses that are told apart from rounding, relative to the largest: f32 sums of a few thousand terms agree to 1e-5. */
const COUPLING = 1e-3;

/** The losses of the first few units, twice over each on its own, and as one batch; of one alone nothing could be said. */
async function lossesOfAFew<P extends Tree>(
  units: Units<P>,
  size: number,
  params: P,
): Promise<readonly number[]> {
  for (const piece of units.pieces(Math.min(Math.max(size, 2), 4))) {
    const alone = async (): Promise<number[]> =>
      Array.from(
        await ofUnits((mapped, common) => units.loss(params, mapped, common))(
          piece.mapped,
          piece.common,
        ).data(),
      );
    const [once, twice] = [await alone(), await alone()];
    const together = Array.from(await units.batchLosses(params, piece).data());
    if (!once.every((value, k) => Object.is(value, twice[k])))
      fail(
        'STATE_CHANGED',
        `Two computations of the first units' losses gave ${show(once)} and ${show(twice)}: the model's state or its random keys change between calls. Pass them in the batch, or hold them fixed.`,
      );
    const scale = Math.max(...together.map(Math.abs));
    if (once.some((value, k) => Math.abs(value - together[k]!) > COUPLING * scale))
      fail(
        'COUPLED_EXAMPLES',
        `The losses of the first ${plural(units.unit)} are ${show(once)} each on its own and ${show(together)} together: they see one another, as under batch normalisation in training. Evaluate with fixed statistics, or choose the policy that says how they are coupled.`,
      );
    return once;
  }
  return fail('EMPTY', 'There are no examples to measure: give at least one.');
}

/** More than one unit. */
export function plural(unit: Unit): string {
  return unit === 'example' ? 'examples' : 'ghost batches';
}

function show(values: readonly number[]): string {
  return values.map((value) => value.toPrecision(6)).join(', ');
}

/** The arguments of a step: the chosen parameters, the others, and a piece. */
export type StepArguments<A extends Tree> = readonly [
  at: readonly Tensor[],
  fixed: readonly Tensor[],
  mapped: readonly Tensor[],
  common: readonly Tensor[],
  args: A,
];

/**
 * Runs a recorded step on every piece and hands what it returned to `take`, in order.
 *
 * @throws EXAMPLE_COUNT if the pieces hold another number of units than was announced
 */
export async function eachPiece<P extends Tree, R extends Tree, A extends Tree>(
  units: Units<P>,
  size: number,
  step: (...args: StepArguments<A>) => R,
  argsOf: (piece: UnitPiece) => A,
  take: (result: R, piece: UnitPiece) => Promise<void>,
): Promise<void> {
  const recorded: Jitted<StepArguments<A>, R> = jit((...args: StepArguments<A>) => step(...args));
  const { chosen, fixed } = units.coordinates;
  let seen = 0;
  try {
    for (const piece of units.pieces(size)) {
      await take(recorded(chosen, fixed, piece.mapped, piece.common, argsOf(piece)), piece);
      seen += piece.count;
      if (seen > units.count) break;
    }
  } finally {
    recorded.dispose();
  }
  if (seen !== units.count)
    fail(
      'EXAMPLE_COUNT',
      `The data held ${seen > units.count ? `more than ${units.count}` : seen} ${plural(units.unit)}, and ${units.count} were announced: let the pieces hold every example once.`,
    );
}

/** Reads [units, columns] and checks every element. @throws NON_FINITE, naming the unit and what the column is */
export async function readRows(
  rows: Tensor,
  columns: readonly string[],
  { first }: UnitPiece,
  { unit }: { readonly unit: Unit },
): Promise<Float64Array> {
  const values = Float64Array.from(await rows.data());
  rows.dispose();
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    fail(
      'NON_FINITE',
      `${columns[at % columns.length]} of ${unit} ${first + Math.floor(at / columns.length)} is ${values[at]}: look for the operation that made it with firstNonFinite (langevin/nn), at the same parameters and examples.`,
    );
  return values;
}
