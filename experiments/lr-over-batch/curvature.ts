/**
 * The curvature where a training ended: λ_max, |H|_F and Tr H of the training loss, and Tr C of its gradients, with the
 * statistics of batch normalisation frozen as they are evaluated. Products with H are exact unless differences are asked for,
 * which is what LB did: in f32 they give λ_max within some 10 %, and along random directions, so for the norm and the trace,
 * rounding and the kinks of relu swamp them whatever the step (papers.md 2.1).
 */
import type { ResidentTensors } from '../../data/resident.ts';
import { random, type Tensor } from '../../engine/index.ts';
import {
  describePolicy,
  differenceHessianOperator,
  hessianOperator,
  hutchinson,
  indexMicrobatches,
  lanczos,
  measureGradientNoise,
  type GradientPoint,
} from '../../stats/index.ts';
import type { Measurement } from '../training/measurement.ts';
import type { Params, State } from '../training/problem.ts';
import type { RunRecord } from '../types.ts';
import { check, natural } from '../checks.ts';

/** How much work a measurement of curvature is. A type, so that it is plain data. */
export type CurvatureOptions = {
  /** The first so many training examples; 0 is all. */
  readonly examples: number;
  /** Most steps of Lanczos, and random signs for the norm and the trace: each is a product. */
  readonly iterations: number;
  readonly probes: number;
  /** Products by differences of this step in place of exact ones; 0 is exact. */
  readonly difference: number;
};

/** The record `curvature`. */
export interface CurvatureRecord extends RunRecord {
  readonly name: 'curvature';
  /** λ_max, and how far from an eigenvalue it may be. */
  readonly largest: number;
  readonly residual: number;
  /** |H|_F and Tr H, with their standard errors. */
  readonly norm: number;
  readonly normError: number;
  readonly trace: number;
  readonly traceError: number;
  /** Tr C of the gradients of single examples, divisor N. */
  readonly noiseTrace: number;
  /** |G|² and the mean loss of the same examples. */
  readonly squaredGradient: number;
  readonly meanLoss: number;
  readonly examples: number;
  /** `exact`, or `differences of 0.01`. */
  readonly products: string;
  /** What batch normalisation did. */
  readonly policy: string;
}

export function checkCurvature(what: string, options: CurvatureOptions): void {
  const { examples, iterations, probes, difference } = options;
  check(what, natural(examples), `examples is ${examples}: give a natural number, 0 for all`);
  check(
    what,
    natural(iterations) && iterations > 0 && natural(probes) && probes > 1,
    `iterations is ${iterations} and probes ${probes}: at least 1 and 2`,
  );
  check(
    what,
    difference >= 0 && difference < Infinity,
    `difference is ${difference}: a step above 0, or 0 for exact products`,
  );
}

/** Folded into the seed's key: the probes are those of no other measurement, and the same for all trainings of a seed. */
const CURVATURE = 0x63757276;

/** Examples per pass of a product. */
const PIECE = 1000;

type Batch = { readonly indices: Tensor; readonly tensors: ResidentTensors; readonly state: State };

export const measureCurvature: Measurement = async function* (point, given) {
  const { examples, iterations, probes, difference } = given as CurvatureOptions;
  const { problem, params, statistics, seed } = point;
  const { train } = problem;
  const count = examples === 0 ? train.count : Math.min(examples, train.count);
  const policy = { kind: 'frozen' } as const;
  const normalised = Object.keys(statistics).length > 0;
  const named = normalised ? describePolicy(policy) : 'no batch normalisation';
  const at: GradientPoint<Params, Batch> = {
    problem: {
      losses: (p, { indices, tensors, state }) => problem.losses(train, p, tensors, indices, state),
      policy: named,
    },
    params,
    data: indexMicrobatches(count, PIECE, (indices) => ({
      indices,
      tensors: train.tensors,
      state: statistics,
    })),
    policy,
    shared: (path) => path !== 'indices',
  };
  const operator = difference > 0 ? differenceHessianOperator(at, { step: difference }) : hessianOperator(at);
  const key = random.foldIn(random.key(seed), CURVATURE);
  try {
    point.progress({ done: 0, total: 3, unit: 'parts', note: 'the largest eigenvalue' });
    const ends = await lanczos(operator, {
      key: random.foldIn(key, 0),
      largest: 1,
      steps: iterations,
      tolerance: 1e-4,
    });
    const [top] = ends.largest as [(typeof ends.largest)[number]];
    top.vector?.dispose();
    point.progress({ done: 1, total: 3, unit: 'parts', note: 'norm and trace' });
    const traces = await hutchinson(operator, { key: random.foldIn(key, 1), probes });
    point.progress({ done: 2, total: 3, unit: 'parts', note: 'gradients of single examples' });
    const noise = await measureGradientNoise(at, { population: count });
    const record: CurvatureRecord = {
      kind: 'result',
      name: 'curvature',
      largest: top.value,
      residual: top.residual,
      norm: traces.frobeniusNorm.value,
      normError: traces.frobeniusNorm.standardError,
      trace: traces.trace.value,
      traceError: traces.trace.standardError,
      noiseTrace: noise.traceOverN,
      squaredGradient: noise.squaredNormOfMean,
      meanLoss: noise.meanLoss,
      examples: count,
      products: difference > 0 ? `differences of ${difference}` : 'exact',
      policy: named,
    };
    yield record;
  } finally {
    operator.dispose();
  }
};
