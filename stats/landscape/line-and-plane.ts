/**
 * The loss along a line or over a plane in parameter space. Between two solutions: the linear path of Goodfellow, Vinyals &
 * Saxe (2015), θ(a) = (1 - a) θ_1 + a θ_2, beyond both ends of which widths can be read off. Around one: θ + a u + b v, with
 * random filter-normalised directions or eigenvectors of the Hessian.
 *
 * Where a model normalises by running statistics, those of another point are wrong: freeze them and say so, or give an
 * `evaluate` that recomputes them for the parameters it is asked about.
 */
import { add, jit, mul, sub, tensor, tree, type Tensor, type Tree } from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { checkedScore, type Evaluate, type Score } from './evaluation.ts';

export interface LandscapeOptions {
  /**
   * Keep points whose loss is NaN or infinite, and count them, instead of throwing NON_FINITE: far from where a model was
   * trained f32 overflows. Default false.
   */
  readonly keepNonFinite?: boolean;
  /** Called after every point. */
  readonly progress?: (done: number, total: number) => void;
}

export interface LinePoint extends Score {
  readonly a: number;
}

export interface Line {
  readonly points: readonly LinePoint[];
  /** Points without a finite loss. */
  readonly nonFinite: number;
}

export interface LineOptions<P extends Tree> extends LandscapeOptions {
  readonly from: P;
  readonly to: P;
  readonly evaluate: Evaluate<P>;
  /** a: 0 is `from` and 1 is `to`. Default 31 from -1 to 2. */
  readonly coefficients?: readonly number[];
}

/** @throws TREE or SHAPE for two models that differ; NON_FINITE unless points without a loss are kept */
export async function lineBetween<P extends Tree>({
  from,
  to,
  evaluate,
  coefficients = spaced(-1, 2, 31),
  ...options
}: LineOptions<P>): Promise<Line> {
  checkAlike('lineBetween', from, to);
  const blend = jit((a: P, b: P, t: Tensor): P =>
    tree.map((x, y) => add(mul(x, sub(1, t)), mul(y, t)), a, b),
  );
  const places = coefficients.map((a) => ({ a }));
  const points = await evaluateAt(places, ({ a }) => blend(from, to, tensor(a)), evaluate, options);
  blend.dispose();
  return points;
}

export interface PlanePoint extends Score {
  readonly a: number;
  readonly b: number;
}

export interface Plane {
  /** Row by row: b is the slow coordinate. */
  readonly points: readonly PlanePoint[];
  readonly nonFinite: number;
}

export interface PlaneOptions<P extends Tree> extends LandscapeOptions {
  readonly center: P;
  /** u and v: `randomFilterDirection`, or `operator.unravel(vector)` of an eigenvector. They are taken as they are. */
  readonly directions: readonly [P, P];
  readonly evaluate: Evaluate<P>;
  /** Values of a, and of b. Default 21 each from -1 to 1. */
  readonly a?: readonly number[];
  readonly b?: readonly number[];
}

/** @throws as {@link lineBetween} */
export async function planeAround<P extends Tree>({
  center,
  directions: [u, v],
  evaluate,
  a: columns = spaced(-1, 1, 21),
  b: rows = spaced(-1, 1, 21),
  ...options
}: PlaneOptions<P>): Promise<Plane> {
  checkAlike('planeAround', center, u);
  checkAlike('planeAround', center, v);
  const shift = jit((at: P, p: P, q: P, s: Tensor, t: Tensor): P =>
    tree.map((x, y, z) => add(x, add(mul(y, s), mul(z, t))), at, p, q),
  );
  const places = rows.flatMap((b) => columns.map((a) => ({ a, b })));
  const points = await evaluateAt(
    places,
    ({ a, b }) => shift(center, u, v, tensor(a), tensor(b)),
    evaluate,
    options,
  );
  shift.dispose();
  return points;
}

/** `count` numbers from `low` to `high`. */
export function spaced(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) =>
    count === 1 ? low : low + ((high - low) * k) / (count - 1),
  );
}

async function evaluateAt<P extends Tree, C extends Readonly<Record<string, number>>>(
  places: readonly C[],
  paramsAt: (place: C) => P,
  evaluate: Evaluate<P>,
  { keepNonFinite = false, progress }: LandscapeOptions,
): Promise<{ readonly points: readonly (C & Score)[]; readonly nonFinite: number }> {
  const points: (C & Score)[] = [];
  for (const place of places) {
    const params = paramsAt(place);
    const where = `at ${Object.entries(place)
      .map(([name, value]) => `${name} = ${value}`)
      .join(', ')}`;
    points.push({ ...place, ...checkedScore(await evaluate(params), where, keepNonFinite) });
    tree.leaves(params).forEach((leaf) => leaf.dispose());
    progress?.(points.length, places.length);
  }
  return { points, nonFinite: points.filter(({ loss }) => !Number.isFinite(loss)).length };
}

function checkAlike(what: string, a: Tree, b: Tree): void {
  if (tree.structure(a) !== tree.structure(b))
    fail(
      'TREE',
      `${what}: the parameters have structure ${tree.structure(a)}, the other end or direction ${tree.structure(b)}.`,
    );
  const others = tree.leaves(b);
  tree.paths(a).forEach(({ path, leaf }, k) => {
    if (String(leaf) !== String(others[k]))
      fail(
        'SHAPE',
        `${what}: '${path}' is ${String(leaf)} in the one and ${String(others[k])} in the other.`,
      );
  });
}
