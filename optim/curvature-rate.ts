/**
 * CBLR, the curvature-based learning rate (CL, section 4.2): every parameter has the rate γR with the radius of the
 * circle that osculates the loss along its axis,
 *   R = |(1 + g²)^(3/2) / h|,      h = ∂²L/∂w²,      w <- w - γ R g.
 * For small g and γ = 1 this is Newton's step on a separable quadratic. Where h < 0 the magnitude is taken, which still
 * descends; as h -> 0 the radius grows without bound and is cut at `maxRadius`.
 *
 * The diagonal h is the caller's: columns of `hvp` along the axes where parameters are few, E[z ⊙ Hz] over random signs
 * otherwise. It changes every step, so the transformation is made where it is known, inside the recorded step:
 *
 *     const [updates, state] = curvatureRate({ gamma: 0.1, curvature: diagonal }).update(gradient, old, params);
 */
import {
  abs,
  add,
  div,
  LangevinError,
  maximum,
  mul,
  sqrt,
  square,
  tree,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import { requireNotNegative, requireRates } from './check.ts';
import { scaleByLearningRate, type LearningRate } from './learning-rate.ts';
import { chain, stateless, type GradientTransformation, type Stateless } from './transformation.ts';

/** The radius of curvature |(1 + g²)^(3/2)/h| of a graph with slope g and second derivative h, at most `maxRadius`. */
export function curvatureRadius(gradient: Tensor, curvature: Tensor, maxRadius: number): Tensor {
  requireRates('curvatureRadius', { maxRadius });
  const one = add(square(gradient), 1);
  const numerator = mul(one, sqrt(one));
  // numerator/|h| > maxRadius exactly where |h| < numerator/maxRadius; bounding |h| there never divides by zero.
  return div(numerator, maximum(abs(curvature), mul(numerator, 1 / maxRadius)));
}

export interface CurvatureRateOptions {
  readonly gamma: number;
  /** ∂²L/∂w² of every parameter, of the same step as the gradients: a tree like the parameters'. */
  readonly curvature: Tree;
  /** Largest R, which the paper does not give. Default 100. */
  readonly maxRadius?: number;
  /** β: the factor of ½|w|² added to the loss, so β w is added to g and β to h. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Turns gradients into γ R g, parameter by parameter (not yet negated).
 * @throws SHAPE where the curvature of a group is not shaped like it
 */
export function scaleByCurvatureRate(options: CurvatureRateOptions): GradientTransformation<Stateless> {
  const { gamma, curvature, maxRadius = 100, weightDecay = 0 } = options;
  requireRates('scaleByCurvatureRate', { gamma, maxRadius });
  requireNotNegative('scaleByCurvatureRate', { weightDecay });
  return stateless(<P extends Tree>(gradients: P, params: P): P =>
    tree.map(
      (g, w, h) => {
        if (h.shape.join() !== g.shape.join())
          throw new LangevinError(
            'SHAPE',
            `scaleByCurvatureRate: curvature [${h.shape.join(', ')}] for a gradient [${g.shape.join(', ')}]: give ∂²L/∂w² of every parameter.`,
          );
        const decayed = weightDecay === 0 ? g : add(g, mul(w, weightDecay));
        const bent = weightDecay === 0 ? h : add(h, weightDecay);
        return mul(mul(decayed, curvatureRadius(decayed, bent, maxRadius)), gamma);
      },
      gradients,
      params,
      curvature as P,
    ),
  );
}

/** CBLR: w <- w - γ R g. `learningRate` multiplies all rates (a schedule about 1, say) and is 1 by default. */
export function curvatureRate({
  learningRate = 1,
  ...options
}: CurvatureRateOptions & { readonly learningRate?: LearningRate }): GradientTransformation {
  return chain(scaleByCurvatureRate(options), scaleByLearningRate(learningRate));
}
