/** Optimizers made from their description as data. All have a rate that the host may change between steps. */
import {
  bitAnd,
  equal,
  hvp,
  add,
  mul,
  random,
  tree,
  where,
  zerosLike,
  type Tensor,
} from '../../engine/index.ts';
import {
  adam,
  adamw,
  adjustable,
  curvatureRate,
  lamb,
  lars,
  medianCurvature,
  percentDelta,
  sgd,
  type GradientTransformation,
} from '../../optim/index.ts';
import type { MinibatchLoss } from './objective.ts';
import type { Params } from './problem.ts';
import type { OptimizerSpec } from './settings.ts';

/** An optimizer that may look at the curvature of the loss of its step. */
export interface StepOptimizer extends Pick<GradientTransformation, 'init'> {
  /** What updates the parameters in this step. */
  at(minibatch: MinibatchLoss, params: Params, key: Tensor | undefined): GradientTransformation;
  /** The same at every step, if it does not look. */
  readonly fixed?: GradientTransformation;
}

/** @throws OPTIMIZER for options that make no sense */
export function optimizerOf(spec: OptimizerSpec): StepOptimizer {
  const learningRate = adjustable(1);
  if (spec.name === 'cblr') {
    const { name: _, probes = 1, ...options } = spec;
    const make = (curvature: Params): GradientTransformation =>
      curvatureRate({ ...options, learningRate, curvature });
    // Refuses options now, and not in the first step.
    make({});
    return {
      init: (params) => make(params as Params).init(params),
      at: ({ loss }, params, key) => make(hessianDiagonal(loss, params, key as Tensor, probes)),
    };
  }
  const fixed = transformationOf(spec);
  return { init: (params) => fixed.init(params), at: () => fixed, fixed };
}

/** Whether a step needs a key for this. */
export function drawsProbes({ name }: OptimizerSpec): boolean {
  return name === 'cblr';
}

function transformationOf(spec: Exclude<OptimizerSpec, { readonly name: 'cblr' }>): GradientTransformation {
  const { name: _, ...options } = { ...spec, learningRate: adjustable(1) };
  switch (spec.name) {
    case 'sgd':
      return sgd(options);
    case 'adam':
      return adam(options);
    case 'adamw':
      return adamw(options);
    case 'lamb':
      return lamb(options);
    case 'lars':
      return lars(options as Parameters<typeof lars>[0]);
    case 'mclr':
      return medianCurvature(options as Parameters<typeof medianCurvature>[0]);
    case 'percentDelta':
      return percentDelta(options as Parameters<typeof percentDelta>[0]);
  }
}

/** diag H as the mean of z ⊙ Hz over random signs z (Bekas, Kokiopoulou & Saad, 2007). */
function hessianDiagonal(
  loss: (params: Params) => Tensor,
  params: Params,
  key: Tensor,
  probes: number,
): Params {
  let total = tree.map(zerosLike, params);
  for (let probe = 0; probe < probes; probe++) {
    const own = random.foldIn(key, probe);
    let leaf = 0;
    const signs = tree.map((w) => signsOf(random.foldIn(own, leaf++), w), params);
    const image = hvp(loss)(params, signs);
    total = tree.map((sum, z, hz) => add(sum, mul(mul(z, hz), 1 / probes)), total, signs, image);
  }
  return total;
}

function signsOf(key: Tensor, { shape }: Tensor): Tensor {
  return where(equal(bitAnd(random.bits(key, shape), 1), 1), 1, -1);
}
