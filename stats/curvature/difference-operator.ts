/**
 * The Hessian by central differences of the gradient, as it is often done where second derivatives are not to be had:
 *
 *     H v ≈ |v| (∇L(w + h v/|v|) - ∇L(w - h v/|v|)) / 2h
 *
 * Two gradients per product, 6 matrix products per layer where the exact one takes 8. The error is h² times third
 * derivatives, and rounding over h: in f32 about 1e-7 |∇ℓ| / h, which swamps H v along random directions; and where relu has
 * kinks within h there is no right h. Leading eigenvectors fare better. It is here for comparison with published figures;
 * `hessianOperator` is exact.
 */
import {
  add,
  div,
  equal,
  jit,
  mul,
  onesLike,
  sqrt,
  sub,
  tensor,
  vjp,
  where,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { innerProduct } from '../directions.ts';
import { coordinates, flatLeaves } from './coordinates.ts';
import { describe } from './curvature-operators.ts';
import type { ParameterOperator } from './operator.ts';
import { sweep, type Point } from './sweep.ts';

export interface DifferenceOptions {
  /** h, the length of the step in parameter space. Default 1e-2. */
  readonly step?: number;
}

/** @throws STEP unless h > 0 */
export function differenceHessianOperator<P extends Tree, B extends Tree>(
  point: Point<P, B>,
  { step = 1e-2 }: DifferenceOptions = {},
): ParameterOperator<P> {
  if (!(step > 0 && step < Infinity))
    fail('STEP', `differenceHessianOperator: the step is ${step}: give a positive number, such as 1e-2.`);
  const all = coordinates(point.params, point.parameters);
  const { dimension, paths, chosen, split, ravel, unravel } = all;
  const pass = sweep(point, all, [[dimension]], ({ at, losses }) => {
    const [values, pullback] = vjp(losses, at);
    return [flatLeaves(pullback(onesLike(values))[0])];
  });
  const move = jit((from: readonly Tensor[], v: Tensor, by: Tensor): readonly Tensor[] => {
    const length = sqrt(innerProduct(v, v));
    return split(add(flatLeaves(from), mul(v, div(by, where(equal(length, 0), 1, length)))));
  });
  const slope = jit(
    (plus: Tensor, minus: Tensor, v: Tensor): Tensor =>
      mul(sub(plus, minus), div(sqrt(innerProduct(v, v)), 2 * step)),
    { donate: [0] },
  );
  const gradientAt = async (v: Tensor, by: number): Promise<Tensor> => {
    const at = move(chosen, v, tensor(by));
    const [gradient] = await pass.mean([], at);
    at.forEach((leaf) => leaf.dispose());
    return gradient as Tensor;
  };
  return {
    name: describe(`Hessian by differences of ${step}`, point),
    dimension,
    paths,
    examples: point.data.count,
    get microbatch() {
      return pass.size;
    },
    async apply(v) {
      const [plus, minus] = [await gradientAt(v, step), await gradientAt(v, -step)];
      const image = slope(plus, minus, v);
      minus.dispose();
      return image;
    },
    ravel,
    unravel,
    dispose() {
      for (const held of [pass, move, slope]) held.dispose();
    },
  };
}
