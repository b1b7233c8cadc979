/**
 * Radii of curvature, tensor by tensor, in both ways of the paper: |(1 + g²)^(3/2)/h| with the diagonal h of the Hessian, estimated
 * by random signs (exact where the Hessian is diagonal), and |w/g|, what is left of it for a parabola about 0. Both are infinite where h or g is 0, and cut there.
 */
import {
  abs,
  div,
  full,
  maximum,
  mean,
  minimum,
  random,
  stack,
  tree,
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

/** Over the elements of a tensor. */
export type Radii = {
  /** By the diagonal of the Hessian: mean and median. */
  readonly mean: number;
  readonly median: number;
  /** |w/g|: mean and median. */
  readonly ratioMean: number;
  readonly ratioMedian: number;
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
      return stack([mean(radius), median(radius), mean(ratio), median(ratio), mean(abs(h[k]!)), mean(e[k]!)]);
    }),
  );
  const values = await read.data();
  read.dispose();
  return Object.fromEntries(
    leaves.map(({ path }, k) => {
      const [first, second, third, fourth, curvature, error] = values.slice(6 * k, 6 * k + 6) as unknown as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const radii: Radii = {
        mean: first,
        median: second,
        ratioMean: third,
        ratioMedian: fourth,
        curvature,
        error,
      };
      return [path, radii];
    }),
  );
}
