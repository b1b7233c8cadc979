/** The generator itself, against published vectors and against JAX's conventions. */
import { beforeAll, describe, expect, test } from 'vitest';
import { fc } from '../property.ts';
import { bitsAt, foldInWords, seedWords, threefry2x32, type Words } from '../../engine/random/threefry.ts';
import { init, random, tensor, type Tensor } from '../../engine/index.ts';

beforeAll(() => init({ backend: 'reference' }));

async function numbers(x: Tensor): Promise<number[]> {
  return [...(await x.data())];
}

/** Random123 1.14, tests/kat_vectors: threefry2x32, 20 rounds. Columns: counter, key, result. */
const VECTORS: readonly (readonly [Words, Words, Words])[] = [
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x243f6a88, 0x85a308d3],
    [0x13198a2e, 0x03707344],
    [0xc4923a9c, 0x483df7a0],
  ],
];

describe('Threefry-2x32 with 20 rounds', () => {
  test.each(VECTORS)('counter %j under key %j gives the published words', (counter, key, words) => {
    expect(threefry2x32(key, counter)).toEqual(words);
  });

  test('is the primitive’s function: the graph draws the published words', async () => {
    // The graph's counter has a high word of 0, as only the first vector has.
    const key = tensor(new Uint32Array([0, 0]));
    expect(await numbers(random.split(key, 1))).toEqual(VECTORS[0]![2]);
    expect(await random.bits(key).item()).toBe((0x6b200159 ^ 0x99ba4efe) >>> 0);
  });

  test('is a bijection of counters: distinct counters give distinct blocks', () => {
    const blocks = new Set(Array.from({ length: 20_000 }, (_, i) => threefry2x32([1, 2], [0, i]).join()));
    expect(blocks.size).toBe(20_000);
  });

  test('changes half of its output bits when one bit of key or counter changes', () => {
    const ones = (x: number): number => x.toString(2).replaceAll('0', '').length;
    let [flipped, trials] = [0, 0];
    for (let bit = 0; bit < 32; bit++)
      for (let i = 0; i < 50; i++) {
        const base = threefry2x32([i, 7], [3, i]);
        for (const other of [
          threefry2x32([(i ^ (1 << bit)) >>> 0, 7], [3, i]),
          threefry2x32([i, 7], [3, (i ^ (1 << bit)) >>> 0]),
        ]) {
          flipped += ones((base[0] ^ other[0]) >>> 0) + ones((base[1] ^ other[1]) >>> 0);
          trials += 64;
        }
      }
    // Binomial: 6 standard deviations are 3/√trials of a half.
    expect(Math.abs(flipped / trials - 0.5)).toBeLessThan(3 / Math.sqrt(trials));
  });
});

describe('keys', () => {
  test('are the words of a 53-bit seed', async () => {
    expect(await numbers(random.key(5))).toEqual([0, 5]);
    expect(await numbers(random.key(2 ** 32 + 7))).toEqual([1, 7]);
    expect(seedWords(2 ** 53 - 1)).toEqual([2 ** 21 - 1, 2 ** 32 - 1]);
  });

  test('split as JAX splits them (jax_threefry_partitionable)', async () => {
    expect(await numbers(random.split(random.key(0)))).toEqual([
      1797259609, 2579123966, 928981903, 3453687069,
    ]);
    const three = await numbers(random.split(random.key(0), 3));
    expect(three.slice(0, 4)).toEqual([1797259609, 2579123966, 928981903, 3453687069]);
  });

  test('fold numbers in as the host function does, and differ from the parent’s other children', async () => {
    const parent = random.key(3);
    expect(await numbers(random.foldIn(parent, 42))).toEqual(foldInWords([0, 3], 42));
    expect(await numbers(random.foldIn(parent, tensor(new Uint32Array([42]), [])))).toEqual(
      foldInWords([0, 3], 42),
    );
    expect(await numbers(random.foldIn(parent, tensor(new Int32Array([42]), [])))).toEqual(
      foldInWords([0, 3], 42),
    );
    const children = await Promise.all(
      Array.from({ length: 100 }, (_, k) => numbers(random.foldIn(parent, k))),
    );
    expect(new Set(children.map(String)).size).toBe(100);
  });
});

describe('streams', () => {
  test('element i is the same whatever the shape, and is what the host draws', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.integer({ min: 1, max: 50 }), async (seed, count) => {
        const key = random.key(seed);
        const flat = await numbers(random.bits(key, [count]));
        expect(flat).toEqual(Array.from({ length: count }, (_, i) => bitsAt([0, seed], i)));
        expect(await numbers(random.bits(key, [2 * count]).slice([0], [count]))).toEqual(flat);
        expect(await numbers(random.bits(key, [count, 1, 1]))).toEqual(flat);
      }),
      { seed: 1, numRuns: 30 },
    ));

  test('of split keys do not overlap: no 64-bit block occurs twice', async () => {
    // Splitting a key into 300 gives 300 blocks: the first 300 of its stream.
    const keys = random.splitList(random.key(11), 16);
    const blocks = await Promise.all(keys.map((key) => random.split(key, 300).data()));
    const seen = new Set<string>();
    for (const words of blocks)
      for (let i = 0; i < words.length; i += 2) seen.add(`${words[i]},${words[i + 1]}`);
    expect(seen.size).toBe(16 * 300);
  });

  test('of split keys are uncorrelated', async () => {
    const [a, b] = await Promise.all(
      random.splitList(random.key(12), 2).map((key) => numbers(random.uniform(key, [20_000]))),
    );
    const covariance = a!.reduce((sum, x, i) => sum + (x - 0.5) * (b![i]! - 0.5), 0) / a!.length;
    // Standard deviation (1/12)/√n; 6 of them.
    expect(Math.abs(covariance)).toBeLessThan(6 / 12 / Math.sqrt(a!.length));
  });
});
