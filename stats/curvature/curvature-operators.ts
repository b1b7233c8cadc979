/**
 * The Hessian and its two positive parts, as operators over a data set. With outputs z = f(w) and losses ℓ(z), the chain
 * rule splits the Hessian of the mean loss L into
 *
 *     H = (1/N) Σ Jᵀ (∂²ℓ/∂z²) J  +  (1/N) Σ Σ_k (∂ℓ/∂z_k) ∂²z_k/∂w²
 *
 * of which the first term is the generalised Gauss-Newton matrix: positive semidefinite where ℓ is convex in z, and all there
 * is where f is linear (Schraudolph, 2002). For minus log-probabilities it is also the Fisher matrix, the mean of
 * g(y) g(y)ᵀ over targets y drawn from the model's own distribution (Martens, 2020); `fisherOperator` estimates that by drawing.
 *
 * Costs per product, counted in matrix products per layer, of which a gradient takes 3: Hessian 8, Gauss-Newton and Fisher 5.
 * Exact but for rounding; no differences are taken. Where relu has its kink the second derivative is 0, as everywhere in this
 * engine.
 */
import { hvp, jvp, mul, random, sum, vjp, type Tensor, type Tree } from '../../engine/index.ts';
import { coordinates, flatLeaves } from './coordinates.ts';
import { requireCount, type ParameterOperator } from './operator.ts';
import type { PredictiveProblem } from './problem.ts';
import { sweep, type Piece, type Point } from './sweep.ts';

/** v ↦ ∇²L v, L the mean loss of the N examples. */
export function hessianOperator<P extends Tree, B extends Tree>(point: Point<P, B>): ParameterOperator<P> {
  return meanOperator('Hessian', point, ({ at, losses }, v) =>
    hvp((chosen: readonly Tensor[]) => sum(losses(chosen)))(at, v),
  );
}

/** v ↦ (1/N) Σ_μ J_μᵀ (∂²ℓ_μ/∂z²) J_μ v: a pushforward, the curvature of the loss, and a pullback. */
export function gaussNewtonOperator<P extends Tree, B extends Tree>(
  point: Point<P, B, PredictiveProblem<P, B>>,
): ParameterOperator<P> {
  const { problem } = point;
  return meanOperator('Gauss-Newton matrix', point, ({ at, join, batch }, v) => {
    const outputs = (chosen: readonly Tensor[]): Tensor => problem.outputs(join(chosen), batch);
    const [z, dz] = jvp(outputs, [at], [v]);
    const targets = problem.targets(batch);
    const curved = hvp((to: Tensor) => sum(problem.outputLosses(to, targets)))(z, dz);
    return vjp(outputs, at)[1](curved)[0];
  });
}

export interface FisherOptions {
  /** u32[2]. The targets are a function of it and of the microbatches, and the same for every product. */
  readonly key: Tensor;
  /** Targets drawn per example. Default 1. */
  readonly draws?: number;
}

/**
 * v ↦ (1/N) Σ_μ g_μ(y) ⟨g_μ(y), v⟩ with targets y drawn from the model: an unbiased estimate of the Fisher matrix, whose
 * error falls as 1/√(N · draws). Positive semidefinite always.
 */
export function fisherOperator<P extends Tree, B extends Tree>(
  point: Point<P, B, PredictiveProblem<P, B>>,
  { key, draws = 1 }: FisherOptions,
): ParameterOperator<P> {
  requireCount('fisherOperator: draws', draws);
  const { problem } = point;
  const name = `Fisher matrix by ${draws} draw${draws === 1 ? '' : 's'}`;
  return meanOperator(name, point, ({ at, join, batch, index }, v) => {
    const outputs = (chosen: readonly Tensor[]): Tensor => problem.outputs(join(chosen), batch);
    const [z, dz] = jvp(outputs, [at], [v]);
    const pieceKey = random.foldIn(key, index);
    // g = Jᵀ ∂ℓ/∂z, so Σ g ⟨g, v⟩ is one pullback of Σ_draws ∂ℓ/∂z ⟨∂ℓ/∂z, J v⟩, whatever the number of draws.
    const cotangent = Array.from({ length: draws }, (_, draw) => {
      const targets = problem.sampleTargets(random.foldIn(pieceKey, draw), z);
      const losses = (to: Tensor): Tensor => problem.outputLosses(to, targets);
      const [, slopes] = jvp(losses, [z], [dz]);
      return vjp(losses, z)[1](slopes)[0];
    }).reduce((a, b) => a.add(b));
    return vjp(outputs, at)[1](mul(cotangent, 1 / draws))[0];
  });
}

/** An operator that is a mean over examples of products that are recorded. */
export function meanOperator<P extends Tree, B extends Tree>(
  name: string,
  point: Point<P, B>,
  sumOf: (piece: Piece<P, B>, v: readonly Tensor[]) => readonly Tensor[],
): ParameterOperator<P> {
  const coordinatesOf = coordinates(point.params, point.parameters);
  const { dimension, paths, split, ravel, unravel } = coordinatesOf;
  const pass = sweep(point, coordinatesOf, [[dimension]], (piece, v: Tensor) => [
    flatLeaves(sumOf(piece, split(v))),
  ]);
  const { count } = point.data;
  return {
    name: describe(name, point),
    dimension,
    paths,
    examples: count,
    get microbatch() {
      return pass.size;
    },
    apply: async (v) => (await pass.mean(v))[0] as Tensor,
    ravel,
    unravel,
    dispose: () => pass.dispose(),
  };
}

/** The name with the number of units and the policy. */
export function describe<P extends Tree, B extends Tree>(
  name: string,
  { problem, data }: Point<P, B>,
): string {
  return `${name} of ${data.count} examples${problem.policy === undefined ? '' : ` (${problem.policy})`}`;
}
