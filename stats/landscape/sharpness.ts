/**
 * Sharpness after Keskar, Mudigere, Nocedal, Smelyanskiy & Tang (2017): how much the loss f can rise in a small box around x,
 * in all of space or in a random subspace spanned by the p columns of A (theirs has p = 100),
 *
 *     C_ε = { z ∈ R^p : |z_i| ≤ ε (|(A⁺ x)_i| + 1) }      sharpness = 100 (max_{z ∈ C_ε} f(x + A z) - f(x)) / (1 + f(x))
 *
 * in percent, with A = 1 for all of space. The columns of A are orthonormal here, so that A⁺ = Aᵀ.
 *
 * They maximise with ten iterations of L-BFGS-B; here it is projected gradient ascent, in coordinates in which the box is the
 * cube u ∈ [-1, 1]^p, z_i = ε (|(A⁺ x)_i| + 1) u_i: u ← clip(u + s ∇_u f / max |∇_u f|), where s doubles after a step that
 * rises, up to 1, and halves after one that does not, which is not taken. What is found is the value of a point in the box, so
 * a lower bound. In an exact minimum the gradient at the centre is 0 and says nothing, so a second start is a random point.
 */
import {
  abs,
  add,
  clamp,
  div,
  jit,
  max,
  mul,
  random,
  realize,
  scope,
  sum,
  tensor,
  vjp,
  onesLike,
  where,
  equal,
  zeros,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { orthonormalBasis } from '../curvature/basis.ts';
import { coordinates, flatLeaves } from '../curvature/coordinates.ts';
import { finite, requireCount } from '../curvature/operator.ts';
import { probe } from '../curvature/probes.ts';
import { sweep, type Point } from '../curvature/sweep.ts';

export interface SharpnessOptions {
  /** u32[2]: what the subspace and the random starts are drawn from. */
  readonly key: Tensor;
  /** ε. Published: 1e-3 and 5e-4. Default 1e-3. */
  readonly epsilon?: number;
  /** p: the dimension of a random subspace. Default: all of space. */
  readonly subspace?: number;
  /** Gradients per start. Default 10. */
  readonly iterations?: number;
  /** Starts: the centre, and then random points of the box. Default 2. */
  readonly starts?: number;
}

export interface Sharpness {
  /** 100 (max f - f) / (1 + f), in percent. */
  readonly sharpness: number;
  /** f(x). */
  readonly loss: number;
  /** The greatest loss met in the box; that of every start in `maxima`. */
  readonly maximum: number;
  readonly maxima: readonly number[];
  readonly epsilon: number;
  /** Gradients of the whole data set taken. */
  readonly evaluations: number;
}

/** @throws EPSILON unless ε > 0; COUNT; NON_FINITE for a loss that is not finite */
export async function sharpness<P extends Tree, B extends Tree>(
  point: Point<P, B>,
  { key, epsilon = 1e-3, subspace, iterations = 10, starts = 2 }: SharpnessOptions,
): Promise<Sharpness> {
  if (!(epsilon > 0 && epsilon < Infinity))
    fail('EPSILON', `sharpness: ε is ${epsilon}: give a positive number, such as 1e-3.`);
  requireCount('sharpness: iterations', iterations);
  requireCount('sharpness: starts', starts);
  const all = coordinates(point.params, point.parameters);
  const { dimension, chosen, split } = all;
  const pass = sweep(point, all, [[], [dimension]], ({ at, losses }) => {
    const [values, pullback] = vjp(losses, at);
    return [sum(values), flatLeaves(pullback(onesLike(values))[0])];
  });
  const x = flatLeaves(chosen);
  const space = subspace === undefined ? wholeSpace(dimension) : await randomSpace(dimension, subspace, key);
  const widths = mul(add(abs(space.coordinatesOf(x)), 1), epsilon);
  await realize(x, widths);
  const place = jit((from: Tensor, step: Tensor): readonly Tensor[] => split(add(from, step)));
  const ascend = jit((u: Tensor, box: Tensor, gradient: Tensor, step: Tensor): Tensor => {
    const slope = mul(box, gradient);
    const steepest = max(abs(slope));
    const unit = div(slope, where(equal(steepest, 0), 1, steepest));
    return clamp(add(u, mul(unit, step)), -1, 1);
  });
  let evaluations = 0;
  const lossAt = async (u: Tensor): Promise<{ readonly loss: number; readonly gradient: Tensor }> => {
    const at = scope(() => place(x, space.combine(mul(u, widths))));
    const [loss, gradient] = (await pass.mean([], at)) as [Tensor, Tensor];
    evaluations++;
    at.forEach((leaf) => leaf.dispose());
    const value = finite(await loss.item(), 'A loss in the box of sharpness');
    loss.dispose();
    return { loss: value, gradient };
  };

  const center = zeros([space.dimension]);
  const origin = await lossAt(center);
  const maxima: number[] = [];
  for (let start = 0; start < starts; start++) {
    let u = start === 0 ? center : random.uniform(random.foldIn(key, start), [space.dimension], -1, 1);
    let here = start === 0 ? origin : await lossAt(u);
    let step = 1;
    for (let t = 0; t < iterations; t++) {
      const { gradient } = here;
      const next = scope(() => ascend(u, widths, space.coordinatesOf(gradient), tensor(step)));
      const there = await lossAt(next);
      const rises = there.loss > here.loss;
      const [kept, dropped] = rises ? [there, here] : [here, there];
      dropped.gradient.dispose();
      (rises ? u : next).dispose();
      [here, u] = [kept, rises ? next : u];
      step = rises ? Math.min(1, 2 * step) : step / 2;
    }
    here.gradient.dispose();
    u.dispose();
    maxima.push(here.loss);
  }
  widths.dispose();
  for (const held of [place, ascend, pass, space]) held.dispose();
  const maximum = Math.max(origin.loss, ...maxima);
  return {
    sharpness: (100 * (maximum - origin.loss)) / (1 + origin.loss),
    loss: origin.loss,
    maximum,
    maxima,
    epsilon,
    evaluations,
  };
}

/** Where z lives: coordinates of a vector [n], and the vector of coordinates. */
interface Space {
  readonly dimension: number;
  coordinatesOf(vector: Tensor): Tensor;
  combine(z: Tensor): Tensor;
  dispose(): void;
}

function wholeSpace(dimension: number): Space {
  return {
    dimension,
    coordinatesOf: (vector) => vector,
    combine: (z) => z,
    dispose: () => undefined,
  };
}

/** The span of normal vectors, made orthonormal. */
async function randomSpace(n: number, dimension: number, key: Tensor): Promise<Space> {
  requireCount('sharpness: subspace', dimension, n);
  const basis = orthonormalBasis(n, dimension);
  const own = random.foldIn(key, 0);
  for (let k = 0; k < dimension; k++) {
    const z = probe(own, k, n, 'gaussian');
    const { vector, length } = await basis.orthogonalize(z, z, 'A direction of sharpness');
    basis.append(vector, length).dispose();
    vector.dispose();
  }
  const { coordinatesOf, combine, dispose } = basis;
  return { dimension, coordinatesOf, combine, dispose };
}
