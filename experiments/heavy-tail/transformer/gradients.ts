/**
 * Gradients of all sentences with respect to a few parameters, stored once: the gradient of any minibatch is then an average of
 * rows on the host. Only what was drawn leaves the device, and is taken leaf by leaf, so that no leaf is joined with another.
 */
import {
  concat,
  crossEntropy,
  grad,
  jit,
  reshape,
  take,
  tensor,
  tree,
  vmap,
  type Tensor,
} from '../../../engine/index.ts';
import { integerAt, permutation, subsetDrawer } from '../../../data/permutation.ts';
import { foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import { bert, type BertParams } from '../../../nn/index.ts';
import type { RunContext } from '../../types.ts';
import type { Corpus, LoadedCorpus } from './corpus.ts';
import type { TransformerConfig } from './config.ts';

/** One parameter: the leaf it is in, and its place there. */
export interface Coordinate {
  readonly path: string;
  readonly index: number;
}

/** Streams of the seed. */
const [COORDINATES, BATCHES] = [13, 14];

/** Candidates for every parameter that is wanted: embeddings of words that do not occur are dead. */
const CANDIDATES = 4;

/** Distinct parameters, each as likely as any other. */
export function drawCoordinates(params: BertParams, count: number, seed: number): readonly Coordinate[] {
  const leaves = tree.paths(params);
  const total = leaves.reduce((sum, { leaf }) => sum + leaf.size, 0);
  const key = foldInWords(seedWords(seed), COORDINATES);
  const numbers = new Set<number>();
  for (let draw = 0; numbers.size < Math.min(count, total); draw++) numbers.add(integerAt(key, draw, total));
  return [...numbers].map((number) => {
    let index = number;
    const own = leaves.find(({ leaf }) => {
      if (index < leaf.size) return true;
      index -= leaf.size;
      return false;
    }) as (typeof leaves)[number];
    return { path: own.path, index };
  });
}

/** For every parameter a list of its gradients, one of each sentence. */
export interface SentenceGradients {
  readonly coordinates: readonly Coordinate[];
  readonly columns: readonly Float64Array[];
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
  const drawn = drawCoordinates(params, CANDIDATES * config.parameters, seed);
  const leaves = tree.paths(params);
  const groups = leaves
    .map(({ path }, leaf) => ({ leaf, own: drawn.filter((each) => each.path === path) }))
    .filter(({ own }) => own.length > 0);
  const ordered = groups.flatMap(({ own }) => own);
  const pick = jit((p: BertParams, { texts, labels }: Corpus, indices: Tensor): Tensor =>
    vmap(
      (text: Tensor, label: Tensor) => {
        const gradient = grad((q: BertParams) =>
          crossEntropy(model.apply(q, reshape(text, [1, 3, config.length])), reshape(label, [1])),
        )(p);
        const parts = tree.leaves(gradient);
        return concat(
          groups.map(({ leaf, own }) => {
            const part = parts[leaf] as Tensor;
            return take(reshape(part, [part.size]), tensor(Int32Array.from(own, ({ index }) => index)));
          }),
        );
      },
      { in: [0, 0] },
    )(take(texts, indices), take(labels, indices)),
  );
  const columns = ordered.map(() => new Float64Array(count));
  const size = Math.min(config.piece, count);
  for (let first = 0; first < count; first += size) {
    // The last piece begins earlier, so that it is no new program.
    const from = Math.min(first, count - size);
    const indices = tensor(Int32Array.from({ length: size }, (_, k) => from + k));
    const rows = await pick(params, tensors, indices).data();
    for (let k = 0; k < size; k++)
      columns.forEach((column, c) => (column[from + k] = rows[k * ordered.length + c] as number));
    progress({ done: from + size, total: count, unit: 'sentences', note: 'gradients' });
    if (signal.aborted) return undefined;
  }
  pick.dispose();
  // In the order in which they were drawn, not that of the leaves.
  const alive = drawn.flatMap((coordinate) => {
    const column = columns[ordered.indexOf(coordinate)] as Float64Array;
    const zeros = column.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
    return zeros > 0.8 * count ? [] : [{ coordinate, column }];
  });
  const used = alive.slice(0, config.parameters);
  return {
    coordinates: used.map(({ coordinate }) => coordinate),
    columns: used.map(({ column }) => column),
    dead: drawn.length - alive.length,
  };
}

/**
 * The minibatches of a batch size: fresh subsets, or one epoch cut into pieces, what is left over dropped. Rows of B indices.
 */
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

/** u = ∇L - G_B of every minibatch, for one parameter. */
export function noiseOf(column: Float64Array, batches: readonly Int32Array[]): Float64Array {
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  return Float64Array.from(
    batches,
    (batch) => mean - batch.reduce((sum, k) => sum + (column[k] as number), 0) / batch.length,
  );
}
