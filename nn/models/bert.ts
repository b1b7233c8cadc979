/**
 * BERT (Devlin et al. 2019) with a head that classifies texts: tokens, positions and segments embedded and added; blocks of self-attention and
 * of two affine maps with GELU between, each added to its input and normalised afterwards; then the vector of the first
 * token through tanh ("pooler") to the logits. As published, and as in Hugging Face's `BertForSequenceClassification`: layer normalisation
 * with ε = 1e-12, GELU by erf, dropout after the embeddings, in attention, before each sum and before the head.
 *
 * A text is one tensor, i32 [3, L]: its tokens, their segments (0 or 1), and 1 where there is a token and 0 where there is padding.
 */
import {
  add,
  LangevinError,
  random,
  reshape,
  slice,
  take,
  tanh,
  type Shape,
  type Tensor,
} from '../../engine/index.ts';
import { attend, initAttention, type AttentionOptions, type AttentionParams } from '../attention.ts';
import type { DenseParams } from '../dense.ts';
import { dropout } from '../dropout.ts';
import { embedding, normalOf } from '../embedding.ts';
import { geluOf } from '../gelu.ts';
import type { Initializer } from '../initializers.ts';
import { layerNorm } from '../layer-norm.ts';
import { stateless, type Context, type Layer, type NoParams } from '../layer.ts';
import { affine, linear } from '../linear.ts';
import type { NormParams } from '../normalize.ts';

/** One block of the encoder. */
export type BertBlock = {
  readonly attention: AttentionParams;
  readonly attentionNorm: NormParams;
  readonly intermediate: DenseParams;
  readonly output: DenseParams;
  readonly outputNorm: NormParams;
};

export type BertParams = {
  /** Tables of vectors, [count, width] each. */
  readonly embeddings: {
    readonly word: Tensor;
    readonly position: Tensor;
    readonly segment: Tensor;
    readonly norm: NormParams;
  };
  readonly blocks: readonly BertBlock[];
  readonly pooler: DenseParams;
  readonly classifier: DenseParams;
};

export interface BertOptions {
  /** Tokens. Default 30,522. */
  readonly vocabulary?: number;
  /** The longest text. Default 512. */
  readonly positions?: number;
  /** Default 2. */
  readonly segments?: number;
  /** Default 768. */
  readonly width?: number;
  /** Blocks. Default 12. */
  readonly depth?: number;
  /** Default 12. */
  readonly heads?: number;
  /** Units between the two maps of a block. Default 3072. */
  readonly intermediate?: number;
  /** Default 0.1. */
  readonly dropout?: number;
  /** Default 2. */
  readonly classes?: number;
  /** Of all maps and tables. Default: normal of deviation 0.02. */
  readonly weight?: Initializer;
}

/** The options with their defaults: BERT-base with two classes, 109,483,778 parameters. */
export const bertBase: Required<BertOptions> = {
  vocabulary: 30_522,
  positions: 512,
  segments: 2,
  width: 768,
  depth: 12,
  heads: 12,
  intermediate: 3072,
  dropout: 0.1,
  classes: 2,
  weight: normalOf(0.02),
};

/**
 * Maps texts [B, 3, L] to logits [B, classes].
 *
 * @throws LAYER from `init` for examples that are not [3, L] with L up to `positions`, or heads that do not divide the width
 */
export function bert(options: BertOptions = {}): Layer<BertParams, NoParams> {
  const settings = { ...bertBase, ...options };
  return stateless<BertParams>(
    'bert',
    (key, inputShape) => {
      checkText(inputShape, settings);
      return { params: initBert(key, settings), outputShape: [settings.classes] };
    },
    (params, texts, context) => classify(params, texts, settings, context),
  );
}

function checkText(shape: Shape, { positions }: Required<BertOptions>): void {
  const [rows, length] = shape;
  if (shape.length !== 2 || rows !== 3 || length === undefined || length < 1 || length > positions)
    throw new LangevinError(
      'LAYER',
      `bert: examples of shape [${shape.join(', ')}] are no texts: give i32 [3, L], tokens, segments and mask, with L up to ${positions}.`,
    );
}

const norm = layerNorm({ epsilon: 1e-12 });

function initBert(key: Tensor, settings: Required<BertOptions>): BertParams {
  const { vocabulary, positions, segments, width, depth, intermediate, classes, weight } = settings;
  let count = 0;
  const next = (): Tensor => random.foldIn(key, count++);
  const table = (rows: number): Tensor =>
    embedding({ count: rows, width, weight }).init(next(), []).params.table;
  const map = (inputs: number, units: number): DenseParams =>
    linear(units, { weight }).init(next(), [inputs]).params;
  const normOf = (): NormParams => norm.init(next(), [width]).params;
  return {
    embeddings: {
      word: table(vocabulary),
      position: table(positions),
      segment: table(segments),
      norm: normOf(),
    },
    blocks: Array.from({ length: depth }, () => ({
      attention: initAttention(next(), [1, width], settings),
      attentionNorm: normOf(),
      intermediate: map(width, intermediate),
      output: map(intermediate, width),
      outputNorm: normOf(),
    })),
    pooler: map(width, width),
    classifier: map(width, classes),
  };
}

/** Logits [B, classes] of texts [B, 3, L]. */
function classify(
  params: BertParams,
  texts: Tensor,
  settings: Required<BertOptions>,
  context: Context,
): Tensor {
  const [batch, , length] = texts.shape as readonly [number, number, number];
  const row = (k: number): Tensor =>
    reshape(slice(texts, [0, k, 0], [batch, k + 1, length]), [batch, length]);
  const [tokens, segments, mask] = [row(0), row(1), row(2)];
  let drops = 0;
  const own = (): Context => ({
    ...context,
    ...(context.key && { key: random.foldIn(context.key, drops++) }),
  });
  const drop = (x: Tensor): Tensor => dropout({ rate: settings.dropout }).apply({}, x, own());

  const { word, position, segment, norm: first } = params.embeddings;
  const places = slice(position, [0, 0], [length, settings.width]);
  const embedded = add(add(take(word, tokens), places), take(segment, segments));
  const attention: AttentionOptions = { heads: settings.heads, dropout: settings.dropout };
  const hidden = params.blocks.reduce(
    (x, block) => {
      const seen = attend(block.attention, x, attention, { ...own(), mask });
      const y = norm.apply(block.attentionNorm, add(x, drop(seen)));
      const mapped = affine(block.output, geluOf(affine(block.intermediate, y)));
      return norm.apply(block.outputNorm, add(y, drop(mapped)));
    },
    drop(norm.apply(first, embedded)),
  );
  const start = reshape(slice(hidden, [0, 0, 0], [batch, 1, settings.width]), [batch, settings.width]);
  return affine(params.classifier, drop(tanh(affine(params.pooler, start))));
}
