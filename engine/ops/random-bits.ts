/** Random bits as a primitive: a pure function of key and position (engine/random is built on it). */
import { fail } from '../graph/errors.ts';
import { buildArray, type Aval, type NdArray } from '../graph/ndarray.ts';
import { sizeOf, type Shape } from '../graph/shape.ts';
import type { Primitive } from '../graph/primitive.ts';
import { threefry2x32, type Words } from '../random/threefry.ts';

/**
 * Inputs: a key and an offset (u32 scalar), added to every position; so a stream can be entered anywhere, and a key
 * derived from data.
 * `xor`: one word per element, x0 ^ x1 of the block at the element's position. `block`: a last axis of extent 2 with both
 * words of the block at the position in the other axes; keys are split this way. Both as JAX's partitionable Threefry.
 */
export type RandomBitsAttributes = { readonly shape: Shape; readonly form: 'xor' | 'block' };

export const randomBitsPrimitive: Primitive<RandomBitsAttributes> = {
  name: 'randomBits',
  shape([key, offset]: [Aval, Aval], { shape, form }) {
    if (key.dtype !== 'u32' || key.shape.length !== 1 || key.shape[0] !== 2)
      fail(
        'KEY',
        `random: a key is u32[2], not ${key.dtype}[${key.shape.join(', ')}]: make one with random.key(seed).`,
      );
    if (offset.dtype !== 'u32' || offset.shape.length !== 0)
      fail('DTYPE', 'randomBits: the offset is a scalar of u32.');
    if (sizeOf(shape) > 2 ** 32)
      fail('SHAPE', `random: ${sizeOf(shape)} elements are more than one key serves (2^32): split it.`);
    return { shape: form === 'block' ? [...shape, 2] : shape, dtype: 'u32' };
  },
  vjp: () => [null, null],
  jvp: () => null,
  reference([key, offset]: [NdArray, NdArray], { form }, output) {
    const start = offset.data[0]!;
    const words = [key.data[0]!, key.data[1]!] as Words;
    return buildArray(output, (_, linear) => {
      const [a, b] = threefry2x32(words, [
        0,
        (start + (form === 'block' ? Math.floor(linear / 2) : linear)) >>> 0,
      ]);
      return form === 'block' ? (linear % 2 === 0 ? a : b) : (a ^ b) >>> 0;
    });
  },
  kernel: {
    kind: 'index',
    uses: ['threefry2x32'],
    expensive: true,
    read(index, site) {
      const word = (k: number): string =>
        site.read(0, { shape: [2], linear: `${k}u`, coordinates: [`${k}u`] });
      const linear = site.linear(index);
      const block = site.attributes.form === 'block';
      const offset = site.read(1, { shape: [], linear: '0u', coordinates: [] });
      const counter = `${offset} + ${block ? `${linear} / 2u` : linear}`;
      const words = site.bind(`threefry2x32(vec2u(${word(0)}, ${word(1)}), vec2u(0u, ${counter}))`);
      return block ? `select(${words}.x, ${words}.y, ${linear} % 2u == 1u)` : `(${words}.x ^ ${words}.y)`;
    },
  },
  accuracy: { kind: 'exact' },
};
