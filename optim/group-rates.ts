/**
 * One learning rate per group of parameters, a group being a leaf of the tree: η = γR, with R = |w/g| taken over the
 * group in one of three ways. For L = a (w - b)² + c the curvature is g/(w - b); with b = 0 and g² dropped, the radius
 * of curvature |(1 + g²)^(3/2)/h| becomes |w/g|, and the step η g is the share γ of the weight (CL, section 4.2).
 *
 *   MCLR           η = γ median|w| / median|g|            (signed medians, as printed, would be about 0/0)
 *   LARS           η = γ ‖w‖₂ / ‖g‖₂                      (You, Gitman & Ginsburg 2017)
 *   PercentDelta   η = γ size / ‖g/w‖₁                    (Abu-El-Haija 2017)
 *
 * Written with a magnitude W of the weights and G of the gradients, all are η = γW/(G + βW + eps) for the decay β of
 * the loss + ½β|w|², whose gradient g + βw is what the rate multiplies. For LARS that is the definition, for MCLR the
 * printed |w/(g + βw)| of two medians; PercentDelta, which defines none, has W = 1 and G = mean|g/w|. So where
 * |w/g| = R throughout a group, all three are γR/(1 + βR).
 *
 * A group whose W or G is below 1e-12 (a zero-initialised bias, dead rectifiers) has no ratio and takes `globalRate`
 * instead. A bias that leaves zero this way is then governed by its own small size and grows by shares of it.
 */
import {
  abs,
  add,
  cast,
  div,
  full,
  greaterEqual,
  less,
  logicalOr,
  maximum,
  minimum,
  mul,
  sum,
  tree,
  where,
  type Tensor,
} from '../engine/index.ts';
import { requireNotNegative, requireRates } from './check.ts';
import { scaleByLearningRate, type LearningRate } from './learning-rate.ts';
import { median, norm } from './magnitude.ts';
import { trace } from './momentum.ts';
import { chain, stateless, type GradientTransformation, type Stateless } from './transformation.ts';

/** How R is taken over a group; `median-of-ratios` is MCLR with the median of |w/g| in place of a ratio of medians. */
export type GroupRule = 'medians' | 'median-of-ratios' | 'norms' | 'percent-delta';

export interface GroupRateOptions {
  /** γ: the share of its weights that a group moves by. */
  readonly gamma: number;
  /** The rate of groups without a ratio. */
  readonly globalRate: number;
  /** β: the factor of ½|w|² added to the loss. Default 0. */
  readonly weightDecay?: number;
  /** Added to the denominator. Default 1e-9. */
  readonly eps?: number;
  /** No group's rate is above it. Default: no bound. */
  readonly maxRate?: number;
}

/** Below this a magnitude counts as zero. */
const zeroBelow = 1e-12;

/** The rate η of one group with weights `w` and gradient `g` (without decay): an f32 scalar. */
export function groupRate(rule: GroupRule, w: Tensor, g: Tensor, options: GroupRateOptions): Tensor {
  const { gamma, globalRate, weightDecay = 0, eps = 1e-9, maxRate } = options;
  requireOptions(rule, options);
  if (w.size === 0) return full([], globalRate, 'f32');
  const [weight, gradient] = magnitudes[rule](w, g);
  const missing = logicalOr(less(weight, zeroBelow), less(gradient, zeroBelow));
  // Where the ratio is missing its denominator is made 1, so that no 0/0 occurs on the way.
  const denominator = where(missing, 1, add(add(gradient, mul(weight, weightDecay)), eps));
  const rate = where(missing, globalRate, mul(div(weight, denominator), gamma));
  return maxRate === undefined ? rate : minimum(rate, maxRate);
}

function requireOptions(rule: GroupRule, options: GroupRateOptions): void {
  const { gamma, globalRate, weightDecay = 0, eps = 1e-9, maxRate = 1 } = options;
  requireRates(rule, { gamma, maxRate });
  requireNotNegative(rule, { globalRate, weightDecay, eps });
}

/** W and G of a group. */
const magnitudes: Readonly<Record<GroupRule, (w: Tensor, g: Tensor) => readonly [Tensor, Tensor]>> = {
  medians: (w, g) => [median(abs(w)), median(abs(g))],
  'median-of-ratios': (w, g) => [
    median(div(abs(w), maximum(abs(g), zeroBelow))),
    cast(greaterEqual(median(abs(g)), zeroBelow), 'f32'),
  ],
  norms: (w, g) => [norm(w), norm(g)],
  // Over the weights that are not zero: one that is would make the rate zero for all.
  'percent-delta': (w, g) => {
    const nonzero = greaterEqual(abs(w), zeroBelow);
    const count = sum(cast(nonzero, 'f32'));
    const ratios = where(nonzero, div(abs(g), where(nonzero, abs(w), 1)), 0);
    return [minimum(count, 1), div(sum(ratios), maximum(count, 1))];
  },
};

/** Turns gradients g into η (g + βw) with the rate of every group (not yet negated). */
export function scaleByGroupRate(
  rule: GroupRule,
  options: GroupRateOptions,
): GradientTransformation<Stateless> {
  requireOptions(rule, options);
  const { weightDecay = 0 } = options;
  return stateless((gradients, params) =>
    tree.map(
      (g, w) => mul(weightDecay === 0 ? g : add(g, mul(w, weightDecay)), groupRate(rule, w, g, options)),
      gradients,
      params,
    ),
  );
}

export interface GroupOptimizerOptions extends GroupRateOptions {
  /** What all rates are multiplied by, the global one included: a schedule about 1, say. Default 1. */
  readonly learningRate?: LearningRate;
  /** Of the scaled steps, as LARS has it. Default 0. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

export interface MedianCurvatureOptions extends GroupOptimizerOptions {
  /** Default `medians`. */
  readonly rule?: 'medians' | 'median-of-ratios';
}

/** MCLR, the median-curvature rate: w <- w - γ (median|w|/(median|g| + β median|w|)) (g + βw) per group. */
export function medianCurvature({
  rule = 'medians',
  ...options
}: MedianCurvatureOptions): GradientTransformation {
  return optimizer(rule, options);
}

/** LARS: w <- w - γ (‖w‖/(‖g‖ + β‖w‖)) (g + βw) per group; with momentum, of the scaled steps. */
export function lars(options: GroupOptimizerOptions): GradientTransformation {
  return optimizer('norms', options);
}

/** PercentDelta: w <- w - γ (g + βw)/(mean|g/w| + β) per group, the mean over the weights that are not zero. */
export function percentDelta(options: GroupOptimizerOptions): GradientTransformation {
  return optimizer('percent-delta', options);
}

function optimizer(rule: GroupRule, options: GroupOptimizerOptions): GradientTransformation {
  const { learningRate = 1, momentum = 0, nesterov = false, ...rates } = options;
  return chain(
    scaleByGroupRate(rule, rates),
    ...(momentum === 0 ? [] : [trace({ momentum, nesterov })]),
    scaleByLearningRate(learningRate),
  );
}
