/**
 * The covariance of the enhanced noise over that of plain SGD, at one point in parameter space, beside the predicted
 * α² + (1 - α)². Two quantities, by two routes that share nothing but the gradient rule:
 *
 * - the trace, from gradients of whole minibatches: each draw is noiseEnhanced's own gradient at the point, and
 *   |d - G|² is accumulated on the device;
 * - the variance along single directions v. One pushforward per direction gives ⟨g_μ, v⟩ for all N examples. The loss
 *   restricted to the plane w + Σ s_k v_k, and linearised there, is Σ_μ weight_μ Σ_k ⟨g_μ, v_k⟩ s_k; its gradient at
 *   s = 0 is exactly the gradient of the true loss along the v_k, so noiseEnhanced is applied to it, to many draws at
 *   once, at almost no cost.
 *
 * G is the mean gradient over all N examples, known exactly, so a draw of the variance is a plain square and means
 * of draws are unbiased. The draws of plain SGD come from streams of their own, and every α has its own, so a ratio
 * is of independent means (stats/moments.ts gives its error). The ratios of several α share one denominator, so
 * their errors are correlated, each being right by itself.
 */
import {
  add,
  broadcastTo,
  expandDims,
  flatten,
  jit,
  mul,
  random,
  reshape,
  slice,
  square,
  stack,
  sub,
  sum,
  take,
  tensor,
  tree,
  zeros,
  zerosLike,
  type Tensor,
} from '../../engine/index.ts';
import { sampler, type Sampler } from '../../data/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import { noiseEnhanced, plainGradient, type GradientRule } from '../../optim/index.ts';
import {
  emptyMoments,
  exampleDerivatives,
  finitePopulationFactor,
  neFactor,
  observe,
  covarianceProduct,
  powerStep,
  randomDirection,
  ratio,
  readEstimates,
  replacementFactor,
  squaredDistance,
  type Estimate,
  type Moments,
} from '../../stats/index.ts';
import type { RunContext, RunRecord } from '../types.ts';
import type { Measurement, Sweep } from './config.ts';
import { chunks, replicaSeed, type Params, type Problem } from './problem.ts';
import { initialState, optimizerOf, trainingStep } from './step.ts';

/** Streams of the measurement; training has 0 and 1. Every use has a pair of its own. */
const streams = { training: 100, plain: 104, plainDirections: 106, enhanced: 200 } as const;

// Folded into the seed's key, so that directions share nothing with the initial parameters.
const DIRECTIONS = 0x64697273;

/** Examples per pushforward or gradient of the whole set. */
const PIECE = 500;

/** What was measured of one quantity: the whole trace, or the variance along one direction. */
interface Quantity {
  readonly quantity: 'trace' | 'random direction' | 'top direction';
  /** Which direction, from 0. */
  readonly index: number;
  readonly route: string;
}

const TRACE: Quantity = { quantity: 'trace', index: 0, route: 'gradients of minibatches' };
const LINEARISED = 'derivatives of single examples along the direction';

/**
 * Trains for `trainingSteps`, then yields `plain-covariance` results (the variance of plain SGD, with its prediction
 * from C where that is known) and `covariance` results (the ratios).
 */
export async function* measure(
  settings: Measurement,
  sweep: Sweep,
  problem: Problem,
  context: Pick<RunContext, 'seed' | 'signal' | 'progress'>,
): AsyncGenerator<RunRecord> {
  if (settings.alphas.length === 0) return;
  const count =
    settings.examples === 0 ? problem.train.count : Math.min(settings.examples, problem.train.count);
  const batchSize = Math.min(settings.batchSize, count);
  const samplerOf = (stream: number): Sampler =>
    sampler({ mode: settings.sampling, count, batchSize, seed: replicaSeed(context.seed, 0), stream });
  const params = await trainTo(settings, sweep, problem, samplerOf(streams.training), context);
  if (context.signal.aborted) return;
  const point = { params, tensors: problem.train.tensors, center: fullGradient(problem, params, count) };
  const labels = {
    batchSize,
    examples: count,
    trainingSteps: settings.trainingSteps,
    sampling: settings.sampling,
  };
  const work = { settings, problem, point, samplerOf, context };

  const directions = chooseDirections(work, count);
  const derivatives = await allDerivatives(
    work,
    directions.map(({ direction }) => direction),
    count,
  );
  const along = directions.map(({ quantity, index }): Quantity => ({ quantity, index, route: LINEARISED }));
  const factor =
    settings.sampling === 'iid-with-replacement'
      ? replacementFactor(batchSize)
      : finitePopulationFactor(count, batchSize);

  const plainAlong = await measureAlong(work, derivatives, plainGradient, streams.plainDirections);
  const plainTrace = await measureTrace(work, plainGradient, streams.plain, undefined);
  const plain = [plainTrace, ...plainAlong];
  const variances = [null, ...derivatives.variances];
  for (const [k, what] of [TRACE, ...along].entries())
    yield {
      kind: 'result',
      name: 'plain-covariance',
      ...labels,
      ...what,
      measured: plain[k]!.value,
      standardError: plain[k]!.standardError,
      // tr C would need the norm of every example's gradient.
      predicted: variances[k] === null ? null : variances[k]! * factor,
      draws: plain[k]!.draws,
    };

  for (const [k, alpha] of settings.alphas.entries()) {
    if (context.signal.aborted) return;
    const rule = noiseEnhanced({ alpha, form: sweep.form });
    const stream = streams.enhanced + 4 * k;
    const enhanced = [
      await measureTrace(work, rule, stream, plainTrace.draws),
      ...(await measureAlong(work, derivatives, rule, stream + 2)),
    ];
    for (const [q, what] of [TRACE, ...along].entries()) {
      const { value, standardError } = ratio(enhanced[q]!, plain[q]!);
      yield {
        kind: 'result',
        name: 'covariance',
        ...labels,
        ...what,
        alpha,
        predicted: neFactor(alpha),
        measured: value,
        standardError,
        draws: enhanced[q]!.draws,
      };
    }
  }
  tree.leaves([params, point.center, derivatives.values]).forEach((leaf) => leaf.dispose());
}

interface Work {
  readonly settings: Measurement;
  readonly problem: Problem;
  readonly point: { readonly params: Params; readonly tensors: ResidentTensors; readonly center: Params };
  readonly samplerOf: (stream: number) => Sampler;
  readonly context: Pick<RunContext, 'seed' | 'signal' | 'progress'>;
}

type Drawn = Estimate & { readonly draws: number };

/** The parameters after plain training. */
async function trainTo(
  { trainingSteps }: Measurement,
  sweep: Sweep,
  problem: Problem,
  batches: Sampler,
  { signal, progress }: Work['context'],
): Promise<Params> {
  const optimizer = optimizerOf(sweep);
  const step = trainingStep(problem, sweep, 1, optimizer);
  let state = initialState(problem.initialize(0), optimizer);
  for (let t = 0; t < trainingSteps && !signal.aborted; t++) {
    const [next, failedAt] = step(state, problem.train.tensors, tensor(batches.indices(t)));
    state = next;
    failedAt.dispose();
    if (t % 8 === 7) await state.step.item();
    progress({ done: t + 1, total: trainingSteps, unit: 'steps', note: 'training up to the measured point' });
  }
  const { params, ...rest } = state;
  tree.leaves(rest).forEach((leaf) => leaf.dispose());
  step.dispose();
  return params;
}

/** G: the mean gradient over the first `count` examples, summed piece by piece on the device. */
function fullGradient(problem: Problem, params: Params, count: number): Params {
  const accumulate = jit(
    (total: Params, at: Params, tensors: ResidentTensors, indices: Tensor): Params => {
      const [, gradient] = plainGradient.gradient(problem.weightedLoss(tensors))(at, indices);
      return tree.map((a, b) => add(a, mul(b, (indices.shape[0] as number) / count)), total, gradient);
    },
    { donate: [0] },
  );
  let total: Params = tree.map(zerosLike, params);
  for (const indices of chunks(count, PIECE))
    total = accumulate(total, params, problem.train.tensors, indices);
  accumulate.dispose();
  return total;
}

interface Direction {
  readonly quantity: 'random direction' | 'top direction';
  readonly index: number;
  readonly direction: Params;
}

/** Directions of random signs, and the leading eigenvectors of C over the first piece of the examples. */
function chooseDirections({ settings, problem, point, context }: Work, count: number): Direction[] {
  const key = random.foldIn(random.key(replicaSeed(context.seed, 0)), DIRECTIONS);
  const signs = (index: number): Params => randomDirection(random.foldIn(key, index), point.params);
  const found: Direction[] = Array.from({ length: settings.randomDirections }, (_, index) => ({
    quantity: 'random direction',
    index,
    direction: signs(index),
  }));
  const [indices] = chunks(count, PIECE) as [Tensor];
  const iterate = jit(
    (params: Params, tensors: ResidentTensors, examples: Tensor, v: Params, against: Params[]) => {
      const losses = (at: Params): Tensor => problem.losses(problem.train, at, tensors, examples);
      return powerStep((u: Params) => covarianceProduct(losses, params, u), v, against);
    },
  );
  const top: Params[] = [];
  for (let index = 0; index < settings.topDirections; index++) {
    let direction = signs(settings.randomDirections + index);
    for (let t = 0; t < settings.topIterations; t++) {
      direction = iterate(point.params, point.tensors, indices, direction, top).direction;
      context.progress({
        done: t + 1,
        total: settings.topIterations,
        unit: 'iterations',
        note: 'top directions',
      });
    }
    top.push(direction);
    found.push({ quantity: 'top direction', index, direction });
  }
  iterate.dispose();
  return found;
}

interface Derivatives {
  /** [N, K]: ⟨g_μ, v_k⟩. */
  readonly values: Tensor;
  /** Of each column: the mean, ⟨G, v_k⟩, and the variance with divisor N, v_kᵀ C v_k. */
  readonly means: readonly number[];
  readonly variances: readonly number[];
}

/** The derivative of every example along every direction: one pushforward per direction and piece. */
async function allDerivatives(
  { problem, point }: Work,
  directions: readonly Params[],
  count: number,
): Promise<Derivatives> {
  const push = jit((params: Params, direction: Params, tensors: ResidentTensors, indices: Tensor): Tensor =>
    exampleDerivatives(
      (at: Params) => problem.losses(problem.train, at, tensors, indices),
      params,
      direction,
    ),
  );
  const columns: Float64Array[] = [];
  for (const direction of directions) {
    const column = new Float64Array(count);
    let from = 0;
    for (const indices of chunks(count, PIECE)) {
      const part = push(point.params, direction, point.tensors, indices);
      column.set(await part.data(), from);
      from += part.size;
      part.dispose();
    }
    columns.push(column);
  }
  push.dispose();
  const means = columns.map((column) => column.reduce((total, x) => total + x, 0) / count);
  const variances = columns.map(
    (column, k) => column.reduce((total, x) => total + (x - means[k]!) ** 2, 0) / count,
  );
  const values = new Float64Array(count * columns.length);
  columns.forEach((column, k) => column.forEach((x, mu) => (values[mu * columns.length + k] = x)));
  return { values: tensor(values, [count, columns.length]), means, variances };
}

/** Draws of the directional variance done in one program. */
const DRAWS_AT_ONCE = 256;

/** The variance of a rule's gradient along every direction: the mean of (⟨d, v_k⟩ - ⟨G, v_k⟩)² over draws. */
async function measureAlong(
  { settings, samplerOf, context }: Work,
  { values, means }: Derivatives,
  rule: GradientRule,
  stream: number,
): Promise<Drawn[]> {
  const directions = means.length;
  if (directions === 0) return [];
  // s is [draws, K], a batch of indices [B, draws]: the first axis is that of the examples.
  const loss =
    (table: Tensor) =>
    (s: Tensor, indices: Tensor, weights: Tensor): Tensor => {
      const picked = take(table, indices); // [B, draws, K]
      return sum(
        mul(mul(picked, broadcastTo(expandDims(s, 0), picked.shape)), reshape(weights, [weights.size, 1, 1])),
      );
    };
  const program = jit(
    (moments: Moments, table: Tensor, center: Tensor, ...batches: Tensor[]): Moments => {
      const [first, second] = batches as [Tensor, Tensor?];
      const s = zeros([DRAWS_AT_ONCE, directions]);
      const [, d] = rule.gradient(loss(table))(s, first, second);
      return observe(moments, square(sub(d, center)));
    },
    { donate: [0] },
  );
  const sources = Array.from({ length: rule.batches }, (_, k) => samplerOf(stream + k));
  const center = tensor(means);
  const calls = Math.ceil(settings.directionDraws / DRAWS_AT_ONCE);
  let moments = emptyMoments([directions]);
  for (let call = 0; call < calls; call++) {
    const batches = sources.map((source) => indexTable(source, call * DRAWS_AT_ONCE, DRAWS_AT_ONCE));
    moments = program(moments, values, center, ...batches);
    batches.forEach((batch) => batch.dispose());
    if (call % 16 === 15) await moments.count.item();
    context.progress({
      done: call + 1,
      total: calls,
      unit: 'programs of draws',
      note: 'noise along directions',
    });
  }
  const estimates = await readEstimates(moments);
  tree.leaves(moments).forEach((leaf) => leaf.dispose());
  program.dispose();
  return estimates.map((estimate) => ({ ...estimate, draws: calls * DRAWS_AT_ONCE }));
}

/** [B, draws]: the batches of `draws` steps from `start`, a column each. */
function indexTable(source: Sampler, start: number, draws: number): Tensor {
  const table = new Int32Array(source.batchSize * draws);
  for (let draw = 0; draw < draws; draw++)
    source.indices(start + draw).forEach((index, b) => (table[b * draws + draw] = index));
  return tensor(table, [source.batchSize, draws]);
}

/**
 * The trace of the covariance of a rule's gradient: the mean of |d - G|² over draws. Without `draws` it takes
 * `traceDraws`, and then as many more as the wanted error asks for.
 */
async function measureTrace(
  { settings, problem, point, samplerOf, context }: Work,
  rule: GradientRule,
  stream: number,
  draws: number | undefined,
): Promise<Drawn> {
  const perCall = settings.drawsPerCall;
  const program = jit(
    (
      moments: Moments,
      params: Params,
      center: Params,
      tensors: ResidentTensors,
      ...tables: Tensor[]
    ): Moments => {
      const gradient = rule.gradient(problem.weightedLoss(tensors));
      const distances = Array.from({ length: perCall }, (_, draw) => {
        const [first, second] = tables.map((table) => flatten(slice(table, [draw], [draw + 1])));
        return squaredDistance(gradient(params, first as Tensor, second)[1], center);
      });
      return observe(moments, stack(distances));
    },
    { donate: [0] },
  );
  const sources = Array.from({ length: rule.batches }, (_, k) => samplerOf(stream + k));
  let moments = emptyMoments();
  let done = 0;
  const drawUpTo = async (target: number): Promise<Estimate> => {
    while (done < target && !context.signal.aborted) {
      const tables = sources.map((source) => batchTable(source, done, perCall));
      moments = program(moments, point.params, point.center, point.tensors, ...tables);
      tables.forEach((table) => table.dispose());
      done += perCall;
      if (done % (16 * perCall) === 0) await moments.count.item();
      context.progress({ done, total: target, unit: 'draws', note: 'noise of whole gradients' });
    }
    return (await readEstimates(moments))[0] as Estimate;
  };
  let estimate = await drawUpTo(draws ?? settings.traceDraws);
  if (draws === undefined) {
    const wanted = settings.maxRelativeError / Math.SQRT2;
    const shortfall = (estimate.standardError / estimate.value / wanted) ** 2;
    if (shortfall > 1) estimate = await drawUpTo(Math.ceil(settings.traceDraws * Math.min(8, shortfall)));
  }
  tree.leaves(moments).forEach((leaf) => leaf.dispose());
  program.dispose();
  return { ...estimate, draws: done };
}

/** [draws, B]: the batches of `draws` steps from `start`, a row each. */
function batchTable(source: Sampler, start: number, draws: number): Tensor {
  const table = new Int32Array(source.batchSize * draws);
  for (let draw = 0; draw < draws; draw++) table.set(source.indices(start + draw), draw * source.batchSize);
  return tensor(table, [draws, source.batchSize]);
}
