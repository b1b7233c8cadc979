/**
 * The independent units that gradients are measured of, and their losses. Whatever the policy, a unit's loss is a scalar
 * function of the parameters and of something that differs between units: its examples, or under `whole-batch` its number.
 * So one `vmap` serves all policies.
 */
import {
  arange,
  cast,
  equal,
  mean,
  mul,
  reshape,
  slice,
  sum,
  tensor,
  tree,
  vmap,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { coordinates, type Coordinates } from '../curvature/coordinates.ts';
import { checkedLosses, ghostBatches } from '../curvature/problem.ts';
import type { Point } from '../curvature/sweep.ts';
import { describePolicy, examplesPerUnit, unitOf, type NormalizationPolicy, type Unit } from './policy.ts';

/** Where gradients are measured: a problem, parameters and examples, and what batch normalisation does meanwhile. */
export interface GradientPoint<P extends Tree, B extends Tree> extends Point<P, B> {
  /** Default `frozen`: also what models without batch normalisation have. */
  readonly policy?: NormalizationPolicy;
  /**
   * Which leaves of a batch serve all its examples, by path, such as the tensors that indices point into. The others have
   * the examples along their first axis. Default none.
   */
  readonly shared?: (path: string) => boolean;
}

/** A piece of the data as a recorded step takes it. */
export interface UnitPiece {
  /** Leaves with the units along the first axis. */
  readonly mapped: readonly Tensor[];
  /** Leaves for all units. */
  readonly common: readonly Tensor[];
  /** Number of its first unit, and how many there are. */
  readonly first: number;
  readonly count: number;
}

export interface Units<P extends Tree> {
  readonly unit: Unit;
  readonly policy: NormalizationPolicy;
  /** Units in all. */
  readonly count: number;
  /** Units per piece to begin with. */
  readonly size: number;
  readonly coordinates: Coordinates<P>;
  pieces(size: number): Iterable<UnitPiece>;
  /** The loss of one unit: `mapped` without its first axis. */
  loss(params: P, mapped: readonly Tensor[], common: readonly Tensor[]): Tensor;
  /** The losses of all units of a piece as one batch: what `loss` must agree with. */
  batchLosses(params: P, piece: UnitPiece): Tensor;
}

/** @throws GHOST_BATCH if the examples are no whole number of ghost batches; EMPTY_SUBSET */
export function unitsOf<P extends Tree, B extends Tree>(point: GradientPoint<P, B>): Units<P> {
  const { params, data, parameters, policy = { kind: 'frozen' } } = point;
  const each = examplesPerUnit(policy);
  if (data.count % each !== 0)
    fail(
      'GHOST_BATCH',
      `${data.count} examples are no whole number of ghost batches of ${each}: take ${data.count - (data.count % each)} of them.`,
    );
  const count = data.count / each;
  const common = {
    unit: unitOf(policy),
    policy,
    count,
    size: Math.max(1, Math.min(count, Math.floor(data.size / each))),
    coordinates: coordinates(params, parameters),
  };
  return policy.kind === 'whole-batch'
    ? { ...common, ...rowsOfJacobian(point, count) }
    : { ...common, ...groupsOfExamples(point, each) };
}

type Access<P extends Tree> = Pick<Units<P>, 'pieces' | 'loss' | 'batchLosses'>;

function groupsOfExamples<P extends Tree, B extends Tree>(
  { problem, data, shared = () => false }: GradientPoint<P, B>,
  each: number,
): Access<P> {
  // The structure of a batch, and which of its leaves hold examples: known when the first one is seen.
  let layout: { readonly batch: B; readonly isShared: readonly boolean[] } | undefined;
  const batchOf = (mapped: readonly Tensor[], common: readonly Tensor[]): B => {
    const { batch, isShared } = layout ?? fail('EMPTY', 'There are no examples to measure.');
    const [a, b] = [mapped.values(), common.values()];
    return tree.unflatten(
      batch,
      isShared.map((yes) => (yes ? b : a).next().value as Tensor),
    );
  };
  return {
    *pieces(size) {
      let first = 0;
      for (const batch of data.pieces(size * each)) {
        const leaves = tree.paths(batch);
        const isShared = leaves.map(({ path }) => shared(path));
        layout = { batch, isShared };
        const own = leaves.filter((_, k) => !isShared[k]);
        const extent = own[0]?.leaf.shape[0] ?? 0;
        for (const { path, leaf } of own)
          if (leaf.shape[0] !== extent || extent % each !== 0 || extent === 0)
            fail(
              'SHAPE',
              `'${path}' of a batch is ${String(leaf)}, which holds no ${extent} examples${each === 1 ? '' : ` in ghost batches of ${each}`}: let all leaves have the examples along their first axis, or name those that serve all examples with \`shared\`.`,
            );
        yield {
          mapped: own.map(({ leaf }) => reshape(leaf, [extent / each, each, ...leaf.shape.slice(1)])),
          common: leaves.filter((_, k) => isShared[k]).map(({ leaf }) => leaf),
          first,
          count: extent / each,
        };
        first += extent / each;
      }
    },
    loss(params, mapped, common) {
      const losses = checkedLosses(problem, params, batchOf(mapped, common));
      if (losses.size !== each)
        fail(
          'LOSS_PER_EXAMPLE',
          `${losses.size} losses of ${each} example${each === 1 ? '' : 's'}: return one loss per example, of shape [B].`,
        );
      return mean(losses);
    },
    batchLosses(params, { mapped, common, count }) {
      const joined = mapped.map((leaf) => reshape(leaf, [count * each, ...leaf.shape.slice(2)]));
      return checkedLosses(ghostBatches(problem, each), params, batchOf(joined, common));
    },
  };
}

// ℓ_μ = Σ_ν e_ν ℓ_ν with the unit vector e of μ: the whole batch is one and the same for all units, so it is computed
// forward once, and only what flows back differs.
function rowsOfJacobian<P extends Tree, B extends Tree>(
  { problem, data }: GradientPoint<P, B>,
  count: number,
): Access<P> {
  let layout: B | undefined;
  const whole = (common: readonly Tensor[]): B =>
    tree.unflatten(layout ?? fail('EMPTY', 'There are no examples to measure.'), common);
  return {
    *pieces(size) {
      for (const batch of data.pieces(count)) {
        layout = batch;
        const common = tree.leaves(batch);
        for (let first = 0; first < count; first += size) {
          const length = Math.min(size, count - first);
          const number = tensor(Int32Array.from({ length }, (_, k) => first + k));
          yield { mapped: [number], common, first, count: length };
          number.dispose();
        }
      }
    },
    loss(params, [number], common) {
      const losses = checkedLosses(problem, params, whole(common));
      if (losses.size !== count)
        fail('EXAMPLE_COUNT', `${losses.size} losses of ${count} examples: return one loss per example.`);
      return sum(mul(losses, cast(equal(arange(count), number as Tensor), 'f32')));
    },
    batchLosses(params, { common, first, count: length }) {
      return slice(checkedLosses(problem, params, whole(common)), [first], [first + length]);
    },
  };
}

/** `f` of every unit of a piece at once. */
export function ofUnits<R extends Tree>(
  f: (mapped: readonly Tensor[], common: readonly Tensor[]) => R,
): (mapped: readonly Tensor[], common: readonly Tensor[]) => R {
  return vmap(f, { in: [0, null] });
}

/** The same point with the units in the place of examples, for operators: `gradientCovarianceOperator(unitPoint(point))`. */
export function unitPoint<P extends Tree, B extends Tree>(point: GradientPoint<P, B>): Point<P, B> {
  const { policy = { kind: 'frozen' }, data, problem } = point;
  const each = examplesPerUnit(policy);
  const { count, size } = unitsOf(point);
  return {
    params: point.params,
    ...(point.parameters && { parameters: point.parameters }),
    problem: {
      ...(policy.kind === 'ghost' ? ghostBatches(problem, each) : problem),
      policy: describePolicy(policy),
    },
    data: {
      count,
      size: policy.kind === 'whole-batch' ? count : size,
      pieces: (length) => data.pieces(length * each),
    },
  };
}
