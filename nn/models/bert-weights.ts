/**
 * Weights of BERT by the names that Hugging Face gives them, as they come out of a safetensors file: `bert.` in front or not, `gamma` and
 * `beta` of older files for the `weight` and `bias` of a normalisation. Their affine maps are stored as [units, inputs] and are
 * transposed here. What the file has beside the encoder, such as the heads of pretraining, is passed over.
 */
import { LangevinError, tensor, type Shape, type Tensor } from '../../engine/index.ts';
import type { DenseParams } from '../dense.ts';
import type { NormParams } from '../normalize.ts';
import type { BertBlock, BertParams } from './bert.ts';

/** Arrays by name, as `decodeSafetensors` returns them. */
export type NamedArrays = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly data: ArrayLike<number> }
>;

/**
 * `params` with every array of the encoder taken from `arrays`, and the classifier's too where the file has one; a pretrained model has
 * none, and that of `params` is kept.
 *
 * @throws WEIGHTS listing every array that is missing, has another shape or holds what is no number of f32
 */
export function withBertWeights(params: BertParams, arrays: NamedArrays): BertParams {
  const prefix = arrays.has('bert.pooler.dense.weight') ? 'bert.' : '';
  const problems: string[] = [];

  const read = (names: readonly string[], like: Tensor, transposed: boolean): Tensor => {
    const found = names.find((name) => arrays.has(name));
    const array = found === undefined ? undefined : arrays.get(found);
    const stored = transposed ? [...like.shape].reverse() : like.shape;
    if (!array) problems.push(`${names[0]} is missing`);
    else if (array.shape.join() !== stored.join())
      problems.push(`${found} is [${array.shape.join(', ')}] where [${stored.join(', ')}] is due`);
    else {
      const { data } = array;
      const values = transposed
        ? transpose(data, stored)
        : data instanceof Float32Array
          ? data
          : new Float32Array(data);
      const wrong = firstNonFinite(values);
      if (wrong === undefined) return tensor(values, like.shape);
      problems.push(`${found} holds ${wrong} where numbers of f32 are due`);
    }
    return like;
  };
  const map = (name: string, { weight, bias }: DenseParams): DenseParams => ({
    weight: read([`${name}.weight`], weight, true),
    bias: read([`${name}.bias`], bias, false),
  });
  const norm = (name: string, { scale, offset }: NormParams): NormParams => ({
    scale: read([`${name}.weight`, `${name}.gamma`], scale, false),
    offset: read([`${name}.bias`, `${name}.beta`], offset, false),
  });
  const block = (old: BertBlock, k: number): BertBlock => {
    const at = `${prefix}encoder.layer.${k}`;
    const { query, key, value, output } = old.attention;
    return {
      attention: {
        query: map(`${at}.attention.self.query`, query),
        key: map(`${at}.attention.self.key`, key),
        value: map(`${at}.attention.self.value`, value),
        output: map(`${at}.attention.output.dense`, output),
      },
      attentionNorm: norm(`${at}.attention.output.LayerNorm`, old.attentionNorm),
      intermediate: map(`${at}.intermediate.dense`, old.intermediate),
      output: map(`${at}.output.dense`, old.output),
      outputNorm: norm(`${at}.output.LayerNorm`, old.outputNorm),
    };
  };

  const { word, position, segment, norm: first } = params.embeddings;
  const table = (kind: string, old: Tensor): Tensor =>
    read([`${prefix}embeddings.${kind}_embeddings.weight`], old, false);
  const loaded: BertParams = {
    embeddings: {
      word: table('word', word),
      position: table('position', position),
      segment: table('token_type', segment),
      norm: norm(`${prefix}embeddings.LayerNorm`, first),
    },
    blocks: params.blocks.map(block),
    pooler: map(`${prefix}pooler.dense`, params.pooler),
    classifier: arrays.has('classifier.weight') ? map('classifier', params.classifier) : params.classifier,
  };
  if (problems.length > 0)
    throw new LangevinError(
      'WEIGHTS',
      `bert: the file is not of this model: ${problems.slice(0, 4).join('; ')}${problems.length > 4 ? `; and ${problems.length - 4} more` : ''}. Give the options of the model that it was saved from.`,
    );
  return loaded;
}

/** A hundred million numbers are looked through faster by a loop than by a callback. */
function firstNonFinite(values: Float32Array): number | undefined {
  for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k])) return values[k];
  return undefined;
}

/** The transpose of a row-major matrix. */
function transpose(data: ArrayLike<number>, [rows, columns]: Shape): Float32Array<ArrayBuffer> {
  const [m, n] = [rows as number, columns as number];
  const result = new Float32Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) result[j * m + i] = data[i * n + j] as number;
  return result;
}
