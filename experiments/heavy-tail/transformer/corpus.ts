/** Labelled sentences as tensors: drawn from the grammar, or read from files of CoLA and cut into pieces of words. */
import { readCola } from '../../../data/index.ts';
import { tensor, type Tensor } from '../../../engine/index.ts';
import { fail, LangevinError } from '../../../engine/graph/errors.ts';
import { foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import { permutation } from '../../../data/permutation.ts';
import type { RunContext } from '../../types.ts';
import type { TransformerConfig } from './config.ts';
import { sentenceAt, type Sentence } from './grammar.ts';
import { wordPiece } from './word-piece.ts';

/** Texts i32 [N, 3, L] (tokens, segments, mask) and labels i32 [N]. */
export type Corpus = { readonly texts: Tensor; readonly labels: Tensor };

export interface LoadedCorpus {
  readonly tensors: Corpus;
  readonly count: number;
  /** How many have the label 1. */
  readonly positives: number;
  /** How many were cut at L tokens. */
  readonly cut: number;
}

/** Stream of the seed. */
const SENTENCES = 10;

/**
 * The sentences of a configuration.
 *
 * @throws DATA_MISSING naming the file and where to put it; DATA_CORRUPT, VOCABULARY; CONFIG for a model that has not the tokenizer's vocabulary
 */
export async function loadCorpus(config: TransformerConfig, context: RunContext): Promise<LoadedCorpus> {
  const sentences =
    config.corpus === 'grammar'
      ? Array.from({ length: config.examples }, (_, k) =>
          sentenceAt(foldInWords(seedWords(context.seed), SENTENCES), k),
        )
      : await colaSentences(config, context);
  return {
    ...pack(sentences, config.length),
    positives: sentences.filter(({ label }) => label === 1).length,
  };
}

async function colaSentences(config: TransformerConfig, context: RunContext): Promise<readonly Sentence[]> {
  const { sentences: path, vocabulary } = config.files;
  const all = readCola(await readUserFile(context, path), path);
  const tokenizer = await wordPiece(await readUserFile(context, vocabulary), vocabulary);
  if (tokenizer.size !== config.model.vocabulary)
    fail(
      'CONFIG',
      `heavy-tail/table2: ${vocabulary} has ${tokenizer.size} tokens and model.vocabulary is ${config.model.vocabulary}: set it to the former.`,
    );
  const key = foldInWords(seedWords(context.seed), SENTENCES);
  const chosen =
    config.examples === 0
      ? all.map((_, k) => k)
      : [...permutation(key, all.length)].slice(0, config.examples);
  return chosen.map((k) => {
    const { sentence, label } = all[k] as (typeof all)[number];
    return { tokens: tokenizer.encode(sentence), label };
  });
}

/** @throws DATA_MISSING where there are no files, or not this one; DATA_UNREADABLE where the system refuses */
export async function readUserFile({ files }: RunContext, path: string): Promise<Uint8Array> {
  if (!files)
    return fail(
      'DATA_MISSING',
      `heavy-tail/table2 reads ${path}, which is not part of langevin, and this way of running it has no files: ${WHERE}`,
    );
  try {
    return await files(path);
  } catch (error) {
    if (error instanceof LangevinError && error.code !== 'DATA_MISSING') throw error;
    return fail('DATA_MISSING', `heavy-tail/table2 reads ${path}, which could not be read: ${WHERE}`, {
      cause: error,
    });
  }
}

const WHERE =
  'put cola/in_domain_train.tsv (nyu-mll.github.io/CoLA) and bert-base-uncased/vocab.txt and model.safetensors (huggingface.co/google-bert/bert-base-uncased) into the directory that ' +
  '--data-dir or LANGEVIN_DATA names, or take --preset small, which draws its sentences.';

/** Rows of L tokens, padded with 0 or cut, the last token of a cut one kept. */
function pack(sentences: readonly Sentence[], length: number): Omit<LoadedCorpus, 'positives'> {
  const count = sentences.length;
  const texts = new Int32Array(count * 3 * length);
  let cut = 0;
  sentences.forEach(({ tokens }, k) => {
    const kept = Math.min(tokens.length, length);
    if (kept < tokens.length) cut++;
    for (let p = 0; p < kept; p++) {
      texts[k * 3 * length + p] = (p === kept - 1 ? tokens.at(-1) : tokens[p]) as number;
      texts[k * 3 * length + 2 * length + p] = 1;
    }
  });
  const labels = Int32Array.from(sentences, ({ label }) => label);
  return {
    tensors: { texts: tensor(texts, [count, 3, length]), labels: tensor(labels, [count]) },
    count,
    cut,
  };
}
