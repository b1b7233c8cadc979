/** A transformer trained by Adam on labelled sentences: one recorded step whose minibatch is a list of indices. */
import {
  add,
  cast,
  crossEntropy,
  jit,
  random,
  take,
  tensor,
  tree,
  valueAndGrad,
  zeros,
  type Tensor,
  type Tree,
} from '../../../engine/index.ts';
import { decodeSafetensors, sampler } from '../../../data/index.ts';
import { bert, correctCount, withBertWeights, type BertParams } from '../../../nn/index.ts';
import { adam, applyUpdates } from '../../../optim/index.ts';
import type { RunContext, RunRecord } from '../../types.ts';
import { readUserFile, type Corpus, type LoadedCorpus } from './corpus.ts';
import type { TransformerConfig } from './config.ts';

/** Streams of the seed. */
const [INITIAL, DROPOUT] = [11, 12];

/** Steps between records of the loss, which are also looks at whether it is finite. */
const LOOK_EVERY = 50;

type State = {
  readonly params: BertParams;
  readonly optimizer: Tree;
  readonly step: Tensor;
  /** Σ of losses since the host last looked. */
  readonly lossSum: Tensor;
};

/** Initial parameters: drawn, and the published weights in their place where there are any. */
export async function initialParams(config: TransformerConfig, context: RunContext): Promise<BertParams> {
  const key = random.foldIn(random.key(context.seed), INITIAL);
  const drawn = bert(config.model).init(key, [3, config.length]).params;
  const { weights } = config.files;
  if (weights === '') return drawn;
  return withBertWeights(drawn, decodeSafetensors(await readUserFile(context, weights), weights).tensors);
}

/**
 * Trains, yielding `loss` metrics. Without parameters to return where the signal came, or after an event `diverged`: a loss that
 * is not finite is an outcome of the training and no error.
 */
export async function* train(
  config: TransformerConfig,
  start: BertParams,
  { tensors, count }: LoadedCorpus,
  { seed, signal, progress }: RunContext,
): AsyncGenerator<RunRecord, BertParams | undefined> {
  const { batchSize, steps, learningRate } = config;
  const model = bert(config.model);
  const optimizer = adam({ learningRate });
  const batches = sampler({ mode: 'epoch-shuffle', count, batchSize, seed, stream: 0 });
  const key = random.foldIn(random.key(seed), DROPOUT);
  const advance = jit(
    (state: State, { texts, labels }: Corpus, indices: Tensor, keys: Tensor): State => {
      const own = random.foldIn(keys, state.step);
      const [loss, gradient] = valueAndGrad((params: BertParams) =>
        crossEntropy(
          model.apply(params, take(texts, indices), { training: true, key: own }),
          take(labels, indices),
        ),
      )(state.params);
      const [updates, next] = optimizer.update(gradient, state.optimizer, state.params);
      return {
        params: applyUpdates(state.params, updates),
        optimizer: next,
        step: add(state.step, 1),
        lossSum: add(state.lossSum, loss),
      };
    },
    { donate: [0] },
  );
  let state: State = {
    params: start,
    optimizer: optimizer.init(start),
    step: zeros([], 'i32'),
    lossSum: zeros([]),
  };
  for (let step = 0, since = 0; step < steps; step++) {
    const indices = tensor(batches.indices(step));
    state = advance(state, tensors, indices, key);
    indices.dispose();
    if ((step + 1) % LOOK_EVERY !== 0 && step + 1 !== steps) continue;
    const loss = (await state.lossSum.item()) / (step + 1 - since);
    if (!Number.isFinite(loss)) {
      yield { kind: 'event', name: 'diverged', after: since, step: step + 1 };
      return undefined;
    }
    since = step + 1;
    state = { ...state, lossSum: tensor(0) };
    progress({ done: since, total: steps, unit: 'steps', note: `training, loss ${loss.toFixed(3)}` });
    yield { kind: 'metric', name: 'loss', step: since, loss };
    if (signal.aborted) return undefined;
  }
  advance.dispose();
  tree.leaves([state.optimizer]).forEach((leaf) => leaf.dispose());
  return state.params;
}

/** Mean loss and share of right answers over all sentences, without dropout. */
export async function evaluate(
  config: TransformerConfig,
  params: BertParams,
  { tensors, count }: LoadedCorpus,
): Promise<{ readonly loss: number; readonly accuracy: number }> {
  const model = bert(config.model);
  const size = Math.min(count, Math.max(config.piece, config.batchSize));
  const measure = jit((p: BertParams, { texts, labels }: Corpus, indices: Tensor): [Tensor, Tensor] => {
    const [logits, own] = [model.apply(p, take(texts, indices)), take(labels, indices)];
    return [crossEntropy(logits, own), cast(correctCount(logits, own), 'f32')];
  });
  let [losses, correct, seen] = [0, 0, 0];
  for (let first = 0; first + size <= count; first += size, seen += size) {
    const indices = tensor(Int32Array.from({ length: size }, (_, k) => first + k));
    const [loss, right] = measure(params, tensors, indices);
    losses += (await loss.item()) * size;
    correct += await right.item();
  }
  measure.dispose();
  return { loss: losses / seen, accuracy: correct / seen };
}
