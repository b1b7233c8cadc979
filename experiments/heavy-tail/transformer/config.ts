/** HT-2: which transformer is trained on which sentences, and where its gradient noise is looked at. Everything is plain data. */
import { check, checkCounts, natural } from '../../checks.ts';
import { bertBase } from '../../../nn/index.ts';
import type { PresetName } from '../../types.ts';

export interface TransformerConfig {
  /** `grammar`: drawn sentences of a small grammar. `cola`: the published corpus, which the user fetches. */
  readonly corpus: 'grammar' | 'cola';
  /** Where the corpus, the vocabulary and the weights are below the data directory; for `grammar` nothing is read. */
  readonly files: {
    readonly sentences: string;
    readonly vocabulary: string;
    /** Empty: the weights are drawn. */
    readonly weights: string;
  };
  /** Sentences that are trained on; 0 takes all of a corpus. */
  readonly examples: number;
  /** L, tokens of a sentence with those at its ends; longer ones are cut. */
  readonly length: number;
  readonly model: {
    readonly vocabulary: number;
    readonly positions: number;
    readonly width: number;
    readonly depth: number;
    readonly heads: number;
    readonly intermediate: number;
    readonly dropout: number;
  };
  /** Adam. */
  readonly learningRate: number;
  readonly batchSize: number;
  readonly steps: number;
  /** B whose noise is fitted, after training. */
  readonly batchSizes: readonly number[];
  /** Minibatches of every B, each a fresh subset; 0 cuts one epoch into minibatches, so that there are fewer of larger B. */
  readonly batches: number;
  /** Parameters looked at, drawn from all that are alive. */
  readonly parameters: number;
  /** Normal samples of the same number that are fitted likewise. */
  readonly controls: number;
  /** Sentences per pass of a gradient. */
  readonly piece: number;
}

const none = { sentences: '', vocabulary: '', weights: '' };

/** papers.md 5.3: two layers of width 32 with two heads, 2000 sentences of 16 tokens out of 32. Not prototyped there. */
const tiny: TransformerConfig = {
  corpus: 'grammar',
  files: none,
  examples: 2000,
  length: 16,
  model: { vocabulary: 32, positions: 16, width: 32, depth: 2, heads: 2, intermediate: 64, dropout: 0.1 },
  learningRate: 1e-3,
  batchSize: 32,
  steps: 2000,
  batchSizes: [8, 32],
  batches: 2000,
  parameters: 120,
  controls: 20,
  piece: 50,
};

const { vocabulary, positions, width, depth, heads, intermediate, dropout } = bertBase;

/** BERT-base fine-tuned for three epochs, as is usual; the paper does not say how. One epoch of minibatches, as the paper measures. */
const base: TransformerConfig = {
  corpus: 'cola',
  files: {
    sentences: 'cola/in_domain_train.tsv',
    vocabulary: 'bert-base-uncased/vocab.txt',
    weights: 'bert-base-uncased/model.safetensors',
  },
  examples: 0,
  length: 64,
  model: { vocabulary, positions, width, depth, heads, intermediate, dropout },
  learningRate: 2e-5,
  batchSize: 32,
  steps: 801,
  batchSizes: [8, 32],
  batches: 0,
  parameters: 120,
  controls: 20,
  piece: 1,
};

export const presets: Readonly<Record<PresetName, TransformerConfig>> = {
  smoke: { ...tiny, examples: 200, steps: 40, batches: 200, parameters: 12, controls: 5 },
  small: tiny,
  medium: { ...base, examples: 2000, steps: 188, batches: 2000 },
  paper: base,
};

const what = 'heavy-tail/table2';

/** @throws CONFIG for a configuration that makes no sense, naming the field */
export function checkConfig(config: TransformerConfig): void {
  const { corpus, examples, length, model, batchSizes, batches, batchSize } = config;
  const { parameters, controls, piece, files } = config;
  check(what, corpus === 'grammar' || corpus === 'cola', `corpus is '${corpus}': take grammar or cola`);
  for (const name of ['sentences', 'vocabulary'] as const)
    check(
      what,
      corpus === 'grammar' || files[name] !== '',
      `files.${name} is empty, and corpus 'cola' reads it: name a file below the data directory, such as ${base.files[name]}, or begin from --preset medium`,
    );
  const { dropout: dropped, ...sizes } = model;
  checkCounts(
    what,
    Object.fromEntries(Object.entries(sizes).map(([name, value]) => [`model.${name}`, value])),
  );
  check(
    what,
    sizes.width % sizes.heads === 0,
    `model.width is ${sizes.width} and model.heads ${sizes.heads}: heads share the width evenly`,
  );
  check(what, dropped >= 0 && dropped < 1, `model.dropout is ${dropped}: give a number in [0, 1)`);
  check(what, corpus === 'cola' || examples > 0, `examples is ${examples}: say how many sentences to draw`);
  check(
    what,
    corpus === 'cola' || (length >= GRAMMAR_LENGTH && model.vocabulary >= GRAMMAR_TOKENS),
    `length is ${length} and model.vocabulary ${model.vocabulary}: the grammar takes ${GRAMMAR_LENGTH} positions and ${GRAMMAR_TOKENS} tokens`,
  );
  checkCounts(what, { length, batchSize, parameters, controls, piece });
  for (const name of ['examples', 'steps'] as const)
    check(what, natural(config[name]), `${name} is ${config[name]}: give a natural number`);
  check(
    what,
    natural(batches) && (batches === 0 || batches >= 20),
    `batches is ${batches}: a fit takes at least 20; 0 is one epoch`,
  );
  check(what, batchSizes.length > 0, 'batchSizes is empty: name at least one');
  for (const size of [...batchSizes, batchSize])
    check(
      what,
      natural(size) && size > 0 && (examples === 0 || size < examples),
      `batchSizes and batchSize hold ${size}: a minibatch is smaller than the ${examples || 'number of'} sentences`,
    );
  check(what, length <= model.positions, `length is ${length}, and model.positions only ${model.positions}`);
  check(
    what,
    config.learningRate >= 0 && config.learningRate < Infinity,
    `learningRate is ${config.learningRate}: give a number of at least 0`,
  );
}

/** What the grammar of grammar.ts needs. */
export const GRAMMAR_LENGTH = 16;
export const GRAMMAR_TOKENS = 32;
