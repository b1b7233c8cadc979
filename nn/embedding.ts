/** A vector for every token. */
import { LangevinError, mul, random, take, type Tensor } from '../engine/index.ts';
import type { Initializer } from './initializers.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';

/** `table` [count, width]. */
export type EmbeddingParams = { readonly table: Tensor };

export interface EmbeddingOptions {
  /** Number of tokens. */
  readonly count: number;
  /** Length of their vectors. */
  readonly width: number;
  /** Default: normal of deviation 0.02, as BERT's. */
  readonly weight?: Initializer;
}

/** Normal with a given deviation, whatever the fans. */
export function normalOf(deviation: number): Initializer {
  return (key, shape) => mul(random.normal(key, shape), deviation);
}

/**
 * Maps token numbers [B, ...], i32, to [B, ..., width]. The gradient adds up in the rows that were looked up.
 *
 * @throws LAYER for a count or width that is no positive integer. When computed: INDEX_OUT_OF_RANGE for a token outside the table
 */
export function embedding({
  count,
  width,
  weight = normalOf(0.02),
}: EmbeddingOptions): Layer<EmbeddingParams, NoParams> {
  for (const [name, value] of Object.entries({ count, width }))
    if (!Number.isInteger(value) || value < 1)
      throw new LangevinError('LAYER', `embedding: ${name} is ${value}: give a positive integer.`);
  return stateless<EmbeddingParams>(
    'embedding',
    (key, inputShape) => ({
      params: { table: weight(key, [count, width], { fanIn: count, fanOut: width }) },
      outputShape: [...inputShape, width],
    }),
    ({ table }, tokens) => take(table, tokens, 0),
  );
}
