import { beforeAll, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../data/index.ts';
import { grad, init, random, sub, sum, tensor, tree, vmap, type Tensor } from '../../engine/index.ts';
import {
  bert,
  embedding,
  gelu,
  linear,
  parameterCount,
  selfAttention,
  withBertWeights,
  type BertParams,
  type NamedArrays,
} from '../../nn/index.ts';
import { checkpointBytes, drawnWeights, logitsOf, small, texts } from './bert-helpers.ts';
import { code, flat, relativeDistance, values } from './helpers.ts';

beforeAll(() => init({ backend: 'reference' }));

const key = random.key(3);
const model = bert(small);
const two = (): Tensor => tensor(texts, [2, 3, 5]);
const start = (): BertParams => model.init(key, [3, 5]).params;

describe('BERT', () => {
  it('has 109,483,778 parameters with a head of two classes, counted by shape', () => {
    const { params, outputShape } = bert().init(key, [3, 64]);
    expect(parameterCount(params)).toBe(109_483_778);
    expect(outputShape).toEqual([2]);
    expect(tree.leaves(params).every((leaf) => leaf.source.kind !== 'value')).toBe(true);
  });

  it('computes what the loops over numbers compute, from weights by the names of Hugging Face', async () => {
    for (const prefix of ['', 'bert.']) {
      const arrays = drawnWeights(prefix, true);
      const params = withBertWeights(start(), arrays);
      const logits = await values(model.apply(params, two()));
      const expected = [0, 1].flatMap((k) => logitsOf(arrays, prefix, texts.subarray(15 * k), 5));
      expect(relativeDistance(logits, expected)).toBeLessThan(1e-12);
    }
  });

  it('does not see padding: tokens there change nothing, nor does a longer text', async () => {
    const params = withBertWeights(start(), drawnWeights('', true));
    const padded = Int32Array.from([2, 5, 3, 0, 0, 0, 0, 0, 1, 1, 1, 0]);
    const other = padded.with(3, 9).with(7, 1);
    const short = Int32Array.from([2, 5, 3, 0, 0, 0, 1, 1, 1]);
    const logits = (text: Int32Array): Promise<number[]> =>
      values(model.apply(params, tensor(text, [1, 3, text.length / 3])));
    const expected = await logits(short);
    expect(relativeDistance(await logits(padded), expected)).toBeLessThan(1e-12);
    expect(relativeDistance(await logits(other), expected)).toBeLessThan(1e-12);
  });

  it('takes the weights of a file that keeps them in bfloat16, beside counters of 64 bits and other heads', async () => {
    const arrays = drawnWeights('bert.', true);
    // What bfloat16 holds of them, so that the same weights are on both sides.
    for (const { data } of arrays.values()) {
      const words = new Uint32Array(data.buffer);
      words.forEach((word, k) => (words[k] = word & 0xffff0000));
    }
    const { tensors } = decodeSafetensors(checkpointBytes(arrays));
    expect(tensors.get('bert.embeddings.position_ids')?.data).toEqual(Float64Array.of(0, 1));
    const logits = await values(model.apply(withBertWeights(start(), tensors), two()));
    const expected = [0, 1].flatMap((k) => logitsOf(arrays, 'bert.', texts.subarray(15 * k), 5));
    expect(relativeDistance(logits, expected)).toBeLessThan(1e-12);
  });

  it('refuses weights that are no numbers, in f32, with their name', () => {
    const arrays = drawnWeights('bert.', true);
    arrays.get('bert.pooler.dense.weight')!.data[3] = NaN;
    const wide = new Map<string, NonNullable<ReturnType<NamedArrays['get']>>>(arrays);
    wide.set('bert.pooler.dense.bias', { shape: [8], data: new Float64Array(8).fill(1e300) });
    expect(() => withBertWeights(start(), wide)).toThrow(code('WEIGHTS'));
    expect(() => withBertWeights(start(), wide)).toThrow(
      /pooler\.dense\.weight holds NaN .*; bert\.pooler\.dense\.bias holds Infinity/,
    );
  });

  it('keeps its classifier where a pretrained file has none, and lists what does not fit', async () => {
    const params = start();
    const loaded = withBertWeights(params, drawnWeights('bert.', false));
    expect(await flat(loaded.classifier)).toEqual(await flat(params.classifier));
    const arrays = drawnWeights('bert.', false);
    arrays.delete('bert.encoder.layer.1.output.dense.bias');
    arrays.get('bert.pooler.dense.weight')!.shape = [8, 9];
    const wrong = (): unknown => withBertWeights(params, arrays);
    expect(wrong).toThrow(code('WEIGHTS'));
    expect(wrong).toThrow(
      /layer\.1\.output\.dense\.bias is missing; bert\.pooler\.dense\.weight is \[8, 9\]/,
    );
    expect(() => withBertWeights(params, new Map())).toThrow(/and \d+ more/);
  });

  it('drops in training only, by the key', async () => {
    const shallow = bert({ ...small, depth: 1 });
    const { params } = shallow.init(key, [3, 5]);
    const text = tensor(texts.slice(0, 15), [1, 3, 5]);
    const run = (seed: number): Promise<number[]> =>
      values(shallow.apply(params, text, { training: true, key: random.key(seed) }));
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
    const plain = await values(shallow.apply(params, text));
    expect(plain).not.toEqual(first);
    expect(await values(shallow.apply(params, text))).toEqual(plain);
    expect(() => shallow.apply(params, text, { training: true })).toThrow(code('KEY'));
  });

  it('has the gradients of its examples one by one, which add up to that of both', async () => {
    const params = withBertWeights(start(), drawnWeights('', true));
    const loss = (p: BertParams, text: Tensor): Tensor => sum(sub(model.apply(p, text), 1).square());
    const alone = vmap(
      grad((p: BertParams, text: Tensor) => loss(p, text.reshape([1, 3, 5]))),
      {
        in: [null, 0],
      },
    )(params, two());
    const together = grad(loss)(params, two());
    const added = tree.map((leaf) => sum(leaf, 0), alone);
    expect(relativeDistance(await flat(added), await flat(together))).toBeLessThan(1e-12);
  });

  it('refuses what is no text, tokens that are not in its table, and heads that do not divide the width', () => {
    expect(() => model.init(key, [2, 5])).toThrow(code('LAYER'));
    expect(() => model.init(key, [3, 7])).toThrow(/L up to 6/);
    expect(() => bert({ ...small, heads: 3 }).init(key, [3, 5])).toThrow(/3 heads do not divide/);
    expect(() => embedding({ count: 0, width: 4 })).toThrow(code('LAYER'));
    expect(() => linear(0)).toThrow(code('LAYER'));
    expect(() => linear(2).init(key, [])).toThrow(code('LAYER'));
    expect(() => selfAttention({ heads: 2 }).init(key, [4])).toThrow(code('LAYER'));
    const { params } = embedding({ count: 4, width: 2 }).init(key, [3]);
    expect(() => embedding({ count: 4, width: 2 }).apply(params, tensor(Int32Array.of(4), [1]))).toThrow(
      code('INDEX_OUT_OF_RANGE'),
    );
  });
});

it('GELU is x Φ(x), as tabulated, and keeps its digits in the tail', async () => {
  const x = tensor([-3, -1, 0, 0.5, 1, 2]);
  const known = [-0.004049694, -0.158655254, 0, 0.345731231, 0.841344746, 1.954499736];
  (await values(gelu().apply({}, x))).forEach((y, k) => expect(Math.abs(y - known[k]!)).toBeLessThan(1e-8));
});
