/**
 * The variance of gradients along single directions v, from the derivatives of single examples.
 *
 * One pushforward per direction gives ⟨g_μ, v⟩ for all N examples. The loss restricted to the plane w + Σ s_k v_k, and
 * linearised there, is Σ_μ weight_μ Σ_k ⟨g_μ, v_k⟩ s_k; its gradient at s = 0 is exactly the gradient of the true loss
 * along the v_k. So a gradient rule is applied to it as it is, to many draws at once, at almost no cost.
 */
import {
  broadcastTo,
  expandDims,
  jit,
  mul,
  random,
  reshape,
  square,
  sub,
  sum,
  take,
  tensor,
  tree,
  zeros,
  type Tensor,
} from '../../engine/index.ts';
import type { Sampler } from '../../data/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import type { GradientRule } from '../../optim/index.ts';
import {
  covarianceProduct,
  emptyMoments,
  exampleDerivatives,
  observe,
  powerStep,
  randomDirection,
  readEstimates,
  type Moments,
} from '../../stats/index.ts';
import { PIECE, type Drawn, type Point } from './point.ts';
import { chunks, type Params } from '../training/problem.ts';
import { replicaSeed } from '../training/problem.ts';

/** A direction of length 1, and what it is. */
export interface Direction {
  readonly quantity: 'random direction' | 'top direction';
  readonly index: number;
  readonly direction: Params;
}

/** A leading eigenvector as it was found: see `powerStep` for its value and residual. */
export interface TopDirection extends Direction {
  readonly value: number;
  readonly residual: number;
}

/** Directions of random signs. */
export function randomDirections({ settings, params, context }: Point): Direction[] {
  return Array.from({ length: settings.randomDirections }, (_, index) => ({
    quantity: 'random direction',
    index,
    direction: signs(params, context.seed, index),
  }));
}

/** The leading eigenvectors of C over the first piece of the examples, each orthogonal to those before. */
export async function topDirections({
  settings,
  problem,
  params,
  count,
  context,
}: Point): Promise<TopDirection[]> {
  const [indices] = chunks(count, PIECE) as [Tensor];
  const iterate = jit(
    (at: Params, tensors: ResidentTensors, examples: Tensor, v: Params, against: Params[]) => {
      const losses = (p: Params): Tensor => problem.losses(problem.train, p, tensors, examples);
      return powerStep((u: Params) => covarianceProduct(losses, at, u), v, against);
    },
  );
  const found: TopDirection[] = [];
  for (let index = 0; index < settings.topDirections; index++) {
    let direction = signs(params, context.seed, settings.randomDirections + index);
    let [value, residual] = [NaN, NaN];
    for (let t = 1; t <= settings.topIterations; t++) {
      const against = found.map((top) => top.direction);
      const step = iterate(params, problem.train.tensors, indices, direction, against);
      direction = step.direction;
      if (t === settings.topIterations)
        [value, residual] = [await step.value.item(), await step.residual.item()];
      tree.leaves([step.value, step.residual]).forEach((leaf) => leaf.dispose());
      context.progress({
        done: t,
        total: settings.topIterations,
        unit: 'iterations',
        note: 'top directions',
      });
    }
    found.push({ quantity: 'top direction', index, direction, value, residual });
  }
  iterate.dispose();
  return found;
}

// Folded into the seed's key, so that directions share nothing with the initial parameters.
const DIRECTIONS = 0x64697273;

function signs(params: Params, seed: number, index: number): Params {
  const key = random.foldIn(random.key(replicaSeed(seed, 0)), DIRECTIONS);
  return randomDirection(random.foldIn(key, index), params);
}

export interface Derivatives {
  /** [N, K]: ⟨g_μ, v_k⟩. */
  readonly values: Tensor;
  /** Of each column: the mean, ⟨G, v_k⟩, and the variance with divisor N, v_kᵀ C v_k. */
  readonly means: readonly number[];
  readonly variances: readonly number[];
}

/** The derivative of every example along every direction: one pushforward per direction and piece. */
export async function allDerivatives(
  { problem, params, count }: Point,
  directions: readonly Params[],
): Promise<Derivatives> {
  const push = jit((at: Params, direction: Params, tensors: ResidentTensors, indices: Tensor): Tensor =>
    exampleDerivatives((p: Params) => problem.losses(problem.train, p, tensors, indices), at, direction),
  );
  const columns: Float64Array[] = [];
  for (const direction of directions) {
    const column = new Float64Array(count);
    let from = 0;
    for (const indices of chunks(count, PIECE)) {
      const part = push(params, direction, problem.train.tensors, indices);
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
export async function measureAlong(
  { settings, samplerOf, context }: Point,
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
  for (let call = 0; call < calls && !context.signal.aborted; call++) {
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
