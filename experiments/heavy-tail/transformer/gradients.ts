/** Gradients of all sentences with respect to a few parameters that are alive, and the minibatches whose noise is taken from them. */
import { permutation, subsetDrawer } from '../../../data/permutation.ts';
import { crossEntropy, take, type Tensor } from '../../../engine/index.ts';
import { foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import { bert, type BertParams } from '../../../nn/index.ts';
import {
  drawCoordinates,
  gradientColumns,
  isDead,
  type GradientColumn,
} from '../../../stats/heavy-tails/sampled-noise.ts';
import type { RunContext } from '../../types.ts';
import type { Corpus, LoadedCorpus } from './corpus.ts';
import type { TransformerConfig } from './config.ts';

/** Streams of the seed. */
const [COORDINATES, BATCHES] = [13, 14];

/** Candidates for every parameter that is wanted: embeddings of words that do not occur are dead. */
const CANDIDATES = 4;

export interface SentenceGradients {
  /** Of each parameter, the gradients of all sentences. */
  readonly columns: readonly GradientColumn[];
  /** Parameters that were drawn and left out, being 0 for more than 80 % of the sentences. */
  readonly dead: number;
}

/** The first `config.parameters` that are alive of those drawn; undefined if the signal came. Without dropout. */
export async function sentenceGradients(
  config: TransformerConfig,
  params: BertParams,
  { tensors, count }: LoadedCorpus,
  { seed, signal, progress }: RunContext,
): Promise<SentenceGradients | undefined> {
  const model = bert(config.model);
  const key = foldInWords(seedWords(seed), COORDINATES);
  const drawn = await gradientColumns({
    loss: (p: BertParams, { texts, labels }: Corpus, indices: Tensor) =>
      crossEntropy(model.apply(p, take(texts, indices)), take(labels, indices)),
    params,
    shared: tensors,
    rows: Array.from({ length: count }, (_, k) => Int32Array.of(k)),
    coordinates: drawCoordinates(params, CANDIDATES * config.parameters, key),
    piece: config.piece,
    signal,
    progress: (done) => progress({ done, total: count, unit: 'sentences', note: 'gradients' }),
  });
  if (!drawn) return undefined;
  const alive = drawn.filter((column) => !isDead(column));
  return { columns: alive.slice(0, config.parameters), dead: drawn.length - alive.length };
}

/** The minibatches of a batch size: fresh subsets, or one epoch cut into pieces, what is left over dropped. Rows of B indices. */
export function minibatches(
  count: number,
  batchSize: number,
  batches: number,
  seed: number,
): readonly Int32Array[] {
  const key = foldInWords(foldInWords(seedWords(seed), BATCHES), batchSize);
  const subset = subsetDrawer(count);
  if (batches > 0) return Array.from({ length: batches }, (_, k) => subset(foldInWords(key, k), batchSize));
  const order = permutation(key, count);
  return Array.from({ length: Math.floor(count / batchSize) }, (_, k) =>
    order.slice(k * batchSize, (k + 1) * batchSize),
  );
}
