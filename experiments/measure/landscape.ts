/**
 * The loss around a training's parameters. On lines and planes a network with batch normalisation under frozen statistics is
 * evaluated as in its training: with statistics recomputed at every point. Sharpness climbs the loss as the policy has it.
 */
import {
  evaluation,
  lineBetween,
  planeAround,
  randomFilterDirection,
  sharpness,
  spaced,
  type Evaluate,
  type LinePoint,
  type PlanePoint,
} from '../../stats/index.ts';
import { random, tree, type Tree } from '../../engine/index.ts';
import type { RunRecord } from '../types.ts';
import type { Bench } from './bench.ts';
import type { Effort } from './config.ts';

/** ε of Keskar et al. (2017), as published. */
const EPSILONS = [1e-3, 5e-4] as const;

/** As {@link noisePasses}. */
export function landscapePasses({ points }: Pick<Effort, 'points'>): number {
  return points + points ** 2 + EPSILONS.length * 24;
}

export async function* measureLandscape(bench: Bench): AsyncGenerator<RunRecord> {
  const { points } = bench.config;
  const { evaluate, policy, dispose } = evaluator(bench);
  try {
    yield* line(bench, evaluate, policy, spaced(-0.5, 1.5, points));
    yield* plane(bench, evaluate, policy, spaced(-1, 1, points));
  } finally {
    dispose();
  }
  for (const epsilon of EPSILONS) {
    bench.begin(`sharpness in a box of ${epsilon}`);
    const found = await sharpness(bench.point(), { key: bench.key('sharpness'), epsilon });
    yield {
      kind: 'result',
      name: 'sharpness',
      epsilon,
      sharpness: found.sharpness,
      loss: found.loss,
      maximum: found.maximum,
      maxima: found.maxima,
      evaluations: found.evaluations,
    };
    yield* bench.settle();
  }
}

/** How points are evaluated, and in words. */
function evaluator(bench: Bench): {
  readonly evaluate: Evaluate<Tree>;
  readonly policy: string;
  dispose(): void;
} {
  const { subject, policy } = bench;
  const point = bench.point();
  const own = point.problem.policy ?? '';
  if (policy.kind !== 'frozen' || subject.ghost === 0) return { ...evaluation(point), policy: own };
  let statistics: Tree = {};
  const { evaluate, dispose } = evaluation({ ...point, data: bench.examples(() => statistics) });
  return {
    policy: 'statistics recomputed at every point',
    async evaluate(params) {
      statistics = subject.statistics(params);
      const score = await evaluate(params);
      tree.leaves(statistics).forEach((leaf) => leaf.dispose());
      return score;
    },
    dispose,
  };
}

/** From where the training began to where it is; or from there to another checkpoint. */
async function* line(
  bench: Bench,
  evaluate: Evaluate<Tree>,
  policy: string,
  coefficients: readonly number[],
): AsyncGenerator<RunRecord> {
  const { other, params, step, config } = bench;
  if (!other) return;
  bench.begin('line');
  const onward = config.to !== null;
  const [from, to] = onward ? [params, other.params] : [other.params, params];
  const steps = onward ? [step, other.step] : [other.step, step];
  const { points, nonFinite } = await lineBetween({ from, to, evaluate, coefficients, keepNonFinite: true });
  yield { kind: 'result', name: 'line', policy, steps, nonFinite, points: points.map(plain) };
  yield* bench.settle();
}

async function* plane(
  bench: Bench,
  evaluate: Evaluate<Tree>,
  policy: string,
  coefficients: readonly number[],
): AsyncGenerator<RunRecord> {
  bench.begin('plane');
  const { params: center } = bench;
  const direction = (k: number): Tree => randomFilterDirection(random.foldIn(bench.key('plane'), k), center);
  const directions = [direction(0), direction(1)] as const;
  const { points, nonFinite } = await planeAround({
    center,
    directions,
    evaluate,
    a: coefficients,
    b: coefficients,
    keepNonFinite: true,
  });
  tree.leaves([...directions]).forEach((leaf) => leaf.dispose());
  yield { kind: 'result', name: 'plane', policy, nonFinite, points: points.map(plain) };
  yield* bench.settle();
}

function plain<P extends LinePoint | PlanePoint>(point: P): { readonly [name: string]: number } {
  return { ...point };
}
