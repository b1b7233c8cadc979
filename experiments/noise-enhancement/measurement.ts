/**
 * The covariance of the enhanced noise over that of plain SGD, at one point in parameter space, beside the predicted
 * α² + (1 - α)². Two quantities, by two routes that share nothing but the gradient rule: the trace, from gradients of
 * whole minibatches (trace.ts), and the variance along single directions (directional.ts).
 *
 * G is the mean gradient over all N examples, known exactly, so a draw of the variance is a plain square and means
 * of draws are unbiased. The draws of plain SGD come from streams of their own, and every α has its own, so a ratio
 * is of independent means (stats/moments.ts gives its error). The ratios of several α share one denominator, so
 * their errors are correlated, each being right by itself.
 */
import { tree } from '../../engine/index.ts';
import { sampler, type Sampler } from '../../data/index.ts';
import { noiseEnhanced, plainGradient } from '../../optim/index.ts';
import { finitePopulationFactor, neFactor, ratio, replacementFactor } from '../../stats/index.ts';
import type { RunRecord } from '../types.ts';
import type { Measurement, Sweep } from './config.ts';
import { allDerivatives, measureAlong, randomDirections, topDirections } from './directional.ts';
import { fullGradient, trainTo, type Drawn, type Point } from './point.ts';
import type { Problem } from './training/problem.ts';
import { replicaSeed } from '../training/problem.ts';
import { measureTrace } from './trace.ts';

/** Streams of the measurement; training has 0 and 1. Every use has a pair of its own. */
const streams = { training: 100, plain: 104, plainDirections: 106, enhanced: 200 } as const;

/** What was measured of one quantity: the whole trace, or the variance along one direction. */
interface Quantity {
  readonly quantity: 'trace' | 'random direction' | 'top direction';
  /** Which direction, from 0. */
  readonly index: number;
  readonly route: string;
}

const TRACE: Quantity = { quantity: 'trace', index: 0, route: 'gradients of minibatches' };
const ALONG = 'derivatives of single examples along the direction';

/**
 * Trains for `trainingSteps`, then yields `top-direction` results (how well the power method found them),
 * `plain-covariance` results (the variance of plain SGD, with its prediction from C where that is known) and
 * `covariance` results (the ratios).
 */
export async function* measure(
  settings: Measurement,
  sweep: Sweep,
  problem: Problem,
  context: Point['context'],
): AsyncGenerator<RunRecord> {
  if (settings.alphas.length === 0) return;
  const point = await pointOf(settings, sweep, problem, context);
  const { count, samplerOf } = point;
  const { batchSize } = samplerOf(streams.plain);
  const { trainingSteps, sampling } = settings;
  const labels = { batchSize, examples: count, trainingSteps, sampling };

  const top = await topDirections(point);
  for (const { index, value, residual } of top)
    yield { kind: 'result', name: 'top-direction', ...labels, index, value, residual };
  const directions = [...randomDirections(point), ...top];
  const derivatives = await allDerivatives(
    point,
    directions.map(({ direction }) => direction),
  );
  const quantities = [
    TRACE,
    ...directions.map(({ quantity, index }): Quantity => ({ quantity, index, route: ALONG })),
  ];

  const plainTrace = await measureTrace(point, plainGradient, streams.plain, undefined);
  const plainAlong = await measureAlong(point, derivatives, plainGradient, streams.plainDirections);
  const plain = [plainTrace, ...plainAlong];
  const factor =
    sampling === 'iid-with-replacement'
      ? replacementFactor(batchSize)
      : finitePopulationFactor(count, batchSize);
  // tr C would need the norm of every example's gradient.
  const predictions = [null, ...derivatives.variances.map((variance) => variance * factor)];
  if (context.signal.aborted) return;
  for (const [q, what] of quantities.entries()) {
    const { value: measured, standardError, draws } = plain[q] as Drawn;
    const predicted = predictions[q] ?? null;
    yield {
      kind: 'result',
      name: 'plain-covariance',
      ...labels,
      ...what,
      measured,
      standardError,
      predicted,
      draws,
    };
  }

  for (const [k, alpha] of settings.alphas.entries()) {
    const rule = noiseEnhanced({ alpha, form: sweep.form });
    const stream = streams.enhanced + 4 * k;
    const enhanced = [
      await measureTrace(point, rule, stream, plainTrace.draws),
      ...(await measureAlong(point, derivatives, rule, stream + 2)),
    ];
    if (context.signal.aborted) return;
    for (const [q, what] of quantities.entries()) {
      const { draws } = enhanced[q] as Drawn;
      const { value: measured, standardError } = ratio(enhanced[q] as Drawn, plain[q] as Drawn);
      const predicted = neFactor(alpha);
      yield {
        kind: 'result',
        name: 'covariance',
        ...labels,
        ...what,
        alpha,
        predicted,
        measured,
        standardError,
        draws,
      };
    }
  }
  tree.leaves([point.params, point.center, derivatives.values]).forEach((leaf) => leaf.dispose());
}

/** Trains up to the point and finds what its measurements share. */
async function pointOf(
  settings: Measurement,
  sweep: Sweep,
  problem: Problem,
  context: Point['context'],
): Promise<Point> {
  const { examples, batchSize, sampling: mode } = settings;
  const count = examples === 0 ? problem.train.count : Math.min(examples, problem.train.count);
  const seed = replicaSeed(context.seed, 0);
  const samplerOf = (stream: number): Sampler =>
    sampler({ mode, count, batchSize: Math.min(batchSize, count), seed, stream });
  const params = await trainTo(settings, sweep, problem, samplerOf(streams.training), context);
  return {
    settings,
    problem,
    params,
    center: fullGradient(problem, params, count),
    count,
    samplerOf,
    context,
  };
}
