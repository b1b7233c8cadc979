/**
 * Second moments of the gradients of single examples, g_μ, as operators over a data set: without forming any g_μ. One
 * pushforward of the vector of losses gives ⟨g_μ, v⟩ for every μ of a piece, and its pullback Σ_μ g_μ c_μ for any
 * coefficients c: together 5 matrix products per layer, where a gradient takes 3.
 *
 *     empirical Fisher   F v = (1/N) Σ_μ g_μ ⟨g_μ, v⟩
 *     noise covariance   C v = (1/N) Σ_μ g_μ (⟨g_μ, v⟩ - ⟨G, v⟩),   G = (1/N) Σ_μ g_μ,   C = F - G Gᵀ
 *
 * The divisor is N. The coefficients of C are centred before they are pulled back, since F v - G ⟨G, v⟩ would lose the digits
 * that C has where the mean is large against the noise. For the covariance of a minibatch's gradient see
 * `finitePopulationFactor` and `replacementFactor`.
 */
import { jvp, onesLike, sub, sum, vjp, type Tensor, type Tree } from '../../engine/index.ts';
import { innerProduct } from '../directions.ts';
import { coordinates, flatLeaves } from './coordinates.ts';
import { describe, meanOperator } from './curvature-operators.ts';
import type { ParameterOperator } from './operator.ts';
import { sweep, type Piece, type Point } from './sweep.ts';

/** v ↦ (1/N) Σ_μ g_μ ⟨g_μ, v⟩: not centred, and with the labels that were given. */
export function empiricalFisherOperator<P extends Tree, B extends Tree>(
  point: Point<P, B>,
): ParameterOperator<P> {
  return meanOperator('empirical Fisher matrix', point, (piece, v) => pulledBack(piece, v, (d) => d));
}

/** v ↦ C v. The first product takes a gradient of the whole data set, which is kept. */
export function gradientCovarianceOperator<P extends Tree, B extends Tree>(
  point: Point<P, B>,
): ParameterOperator<P> {
  const coordinatesOf = coordinates(point.params, point.parameters);
  const { dimension, paths, split, ravel, unravel } = coordinatesOf;
  type Arguments = { readonly v: Tensor; readonly mean: Tensor };
  const pass = sweep(point, coordinatesOf, [[dimension]], (piece, { v, mean }: Arguments) => [
    flatLeaves(pulledBack(piece, split(v), (d) => sub(d, mean))),
  ]);
  let gradient: Tensor | undefined;
  return {
    name: describe('gradient covariance', point),
    dimension,
    paths,
    examples: point.data.count,
    get microbatch() {
      return pass.size;
    },
    async apply(v) {
      gradient ??= (await meanGradient(point)).gradient;
      const mean = innerProduct(gradient, v);
      const [image] = await pass.mean({ v, mean });
      mean.dispose();
      return image as Tensor;
    },
    ravel,
    unravel,
    dispose() {
      pass.dispose();
      gradient?.dispose();
      gradient = undefined;
    },
  };
}

/** The mean loss (a scalar) and its gradient with respect to the chosen parameters, [n]. */
export async function meanGradient<P extends Tree, B extends Tree>(
  point: Point<P, B>,
): Promise<{ readonly loss: Tensor; readonly gradient: Tensor }> {
  const coordinatesOf = coordinates(point.params, point.parameters);
  const pass = sweep(point, coordinatesOf, [[], [coordinatesOf.dimension]], ({ at, losses }) => {
    const [values, pullback] = vjp(losses, at);
    return [sum(values), flatLeaves(pullback(onesLike(values))[0])];
  });
  const [loss, gradient] = (await pass.mean([])) as [Tensor, Tensor];
  pass.dispose();
  return { loss, gradient };
}

/** Σ_μ g_μ c(⟨g_μ, v⟩) over a piece. */
function pulledBack<P extends Tree, B extends Tree>(
  { at, losses }: Piece<P, B>,
  v: readonly Tensor[],
  coefficients: (derivatives: Tensor) => Tensor,
): readonly Tensor[] {
  const [, derivatives] = jvp(losses, [at], [v]);
  return vjp(losses, at)[1](coefficients(derivatives))[0];
}
