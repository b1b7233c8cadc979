/**
 * Radii of curvature, tensor by tensor, in both ways of the paper: |(1 + g²)^(3/2)/h| with the diagonal h of the Hessian, estimated
 * by random signs (exact where the Hessian is diagonal), and |w/g|, what is left of it for a parabola about 0. Both are infinite where h or g is 0, and cut there.
 */
import {
  abs,
  cast,
  div,
  full,
  less,
  maximum,
  mean,
  minimum,
  random,
  stack,
  tree,
  where,
  type Tensor,
} from '../../../engine/index.ts';
import { curvatureRadius } from '../../../optim/index.ts';
import { median } from '../../../optim/magnitude.ts';
import { estimateDiagonal, hessianOperator, meanGradient } from '../../../stats/index.ts';
import type { Measurement } from '../../training/measurement.ts';
import { replicaSeed, type Params } from '../../training/problem.ts';
import type { RunRecord } from '../../types.ts';
import { gradientPoint } from '../gradient-point.ts';
import { check, checkCounts, checkPositive, natural } from '../../checks.ts';

/** A type, so that it is plain data. */
export type RadiiOptions = {
  /** The first so many training examples; 0 is all. */
  readonly examples: number;
  /** Random signs, each a product with the Hessian. */
  readonly probes: number;
  /** No radius is above it: papers.md 4.2 leaves it open. */
  readonly maxRadius: number;
  /** Examples per pass. */
  readonly piece: number;
};

export function checkRadii(what: string, { examples, probes, maxRadius, piece }: RadiiOptions): void {
  check(what, natural(examples), `radii.examples is ${examples}: give a natural number, 0 for all`);
  check(what, natural(probes) && probes > 1, `radii.probes is ${probes}: give an integer of at least 2`);
  checkPositive(what, { 'radii.maxRadius': maxRadius });
  checkCounts(what, { 'radii.piece': piece });
}

/**
 * Over the elements of a tensor. A radius that was cut at `maxRadius` says nothing but that it is no smaller: the median takes it for
 * the largest that it is, a mean cannot and leaves it out.
 */
export type Radii = {
  /** By the diagonal of the Hessian: the mean of the radii that were not cut (null if all were), the median, and the share that was cut. */
  readonly mean: number | null;
  readonly median: number;
  readonly cut: number;
  /** The same of |w/g|. */
  readonly ratioMean: number | null;
  readonly ratioMedian: number;
  readonly ratioCut: number;
  /** Mean |h|, and the mean standard error of h: where that is as large, the radii are those of the noise. */
  readonly curvature: number;
  readonly error: number;
};

/** The record `radii`. */
export interface RadiiRecord extends RunRecord {
  readonly name: 'radii';
  readonly examples: number;
  readonly tensors: Readonly<Record<string, Radii>>;
}

/** Folded into the key, so that the probes are those of nothing else. */
const RADII = 0x72616469;

export const measureRadii: Measurement = async function* (point, given) {
  const { examples, probes, maxRadius, piece } = given as RadiiOptions;
  const { seed, spec, params } = point;
  const at = gradientPoint(point, examples, piece);
  const operator = hessianOperator(at);
  try {
    const key = random.foldIn(random.key(replicaSeed(seed, spec.replica)), RADII);
    const { loss, gradient: flat } = await meanGradient(at);
    const { values, standardErrors } = await estimateDiagonal(operator, { key, probes });
    const flats = [flat, values, standardErrors];
    const [gradient, diagonal, errors] = flats.map((each) => operator.unravel(each)) as [
      Params,
      Params,
      Params,
    ];
    const record: RadiiRecord = {
      kind: 'result',
      name: 'radii',
      examples: operator.examples,
      tensors: await radiiOf({ params, gradient, diagonal, errors }, maxRadius),
    };
    [loss, ...flats, ...tree.leaves([gradient, diagonal, errors])].forEach((each) => each.dispose());
    yield record;
  } finally {
    operator.dispose();
  }
};

/** Everything tensor by tensor, at one point. */
export async function radiiOf(
  {
    params,
    gradient,
    diagonal,
    errors,
  }: {
    readonly params: Params;
    readonly gradient: Params;
    readonly diagonal: Params;
    readonly errors: Params;
  },
  maxRadius: number,
): Promise<Record<string, Radii>> {
  const [g, h, e] = [gradient, diagonal, errors].map((each) => tree.leaves(each)) as [
    Tensor[],
    Tensor[],
    Tensor[],
  ];
  const leaves = tree.paths(params);
  const read = stack(
    leaves.map(({ leaf: w }, k) => {
      const radius = curvatureRadius(g[k]!, h[k]!, maxRadius);
      // Where g is 0 the ratio is above any bound, unless w is 0 as well: 0/0 counts as 0, since no step is taken.
      const ratio = minimum(div(abs(w), maximum(abs(g[k]!), full(w.shape, 1e-30, 'f32'))), maxRadius);
      return stack([
        ...shapeOf(radius, maxRadius),
        ...shapeOf(ratio, maxRadius),
        mean(abs(h[k]!)),
        mean(e[k]!),
      ]);
    }),
  );
  const values = await read.data();
  read.dispose();
  const meanOf = (sum: number, kept: number): number | null => (kept > 0 ? sum / kept : null);
  return Object.fromEntries(
    leaves.map(({ path }, k) => {
      const [sum, median, kept, ratioSum, ratioMedian, ratioKept, curvature, error] = Array.from(
        values.slice(8 * k, 8 * k + 8),
      ) as [number, number, number, number, number, number, number, number];
      const radii: Radii = {
        mean: meanOf(sum, kept),
        median,
        cut: 1 - kept,
        ratioMean: meanOf(ratioSum, ratioKept),
        ratioMedian,
        ratioCut: 1 - ratioKept,
        curvature,
        error,
      };
      return [path, radii];
    }),
  );
}

/** Of all elements: the sum of those below the bound, the median, and how many are below; the first and the last over the size. */
function shapeOf(radius: Tensor, maxRadius: number): [sum: Tensor, median: Tensor, kept: Tensor] {
  // A quotient that is the bound may be rounded to a little less.
  const below = less(radius, maxRadius * (1 - 1e-6));
  return [mean(where(below, radius, 0)), median(radius), mean(cast(below, 'f32'))];
}
