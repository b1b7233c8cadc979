/** Random bits as a primitive: a pure function of key and position (engine/random is built on it). */
import { fail } from '../graph/errors.ts';
import { buildArray, type Aval, type NdArray } from '../graph/ndarray.ts';
import { ravel } from '../graph/position.ts';
import { sameShape, sizeOf, type Shape } from '../graph/shape.ts';
import type { Primitive } from '../graph/primitive.ts';
import { withLeadingAxis } from './batching.ts';
import { threefry2x32, type Words } from '../random/threefry.ts';

/**
 * Inputs: a key [..., 2] and an offset [...], added to every position; so a stream can be entered anywhere, and a key
 * derived from data. Leading axes are a batch of keys: the result is [..., ...shape], each part what its key gives alone.
 * `xor`: one word per element, x0 ^ x1 of the block at the element's position. `block`: a last axis of extent 2 with both
 * words of the block at the position in the other axes; keys are split this way. Both as JAX's partitionable Threefry.
 */
export type RandomBitsAttributes = { readonly shape: Shape; readonly form: 'xor' | 'block' };

export const randomBitsPrimitive: Primitive<RandomBitsAttributes> = {
  name: 'randomBits',
  shape([key, offset]: [Aval, Aval], { shape, form }) {
    const lead = key.shape.slice(0, -1);
    // The public functions pass one offset, so several keys are a mistake there.
    const several = lead.length > 0 && offset.shape.length === 0;
    if (key.dtype !== 'u32' || key.shape.at(-1) !== 2 || several)
      fail(
        'KEY',
        `random: a key is u32[2], not ${key.dtype}[${key.shape.join(', ')}]: make one with random.key(seed), and map over several with vmap.`,
      );
    if (offset.dtype !== 'u32' || !sameShape(offset.shape, lead))
      fail('DTYPE', 'randomBits: the offset is a scalar of u32 for every key.');
    if (sizeOf(shape) > 2 ** 32)
      fail('SHAPE', `random: ${sizeOf(shape)} elements are more than one key serves (2^32): split it.`);
    return { shape: [...lead, ...shape, ...(form === 'block' ? [2] : [])], dtype: 'u32' };
  },
  vjp: () => [null, null],
  jvp: () => null,
  batch: (call) => withLeadingAxis(call),
  reference([key, offset]: [NdArray, NdArray], { shape, form }, output) {
    const perKey = sizeOf(shape) * (form === 'block' ? 2 : 1);
    return buildArray(output, (_, linear) => {
      const k = Math.floor(linear / perKey);
      const position = linear - k * perKey;
      const words = [key.data[2 * k]!, key.data[2 * k + 1]!] as Words;
      const counter = offset.data[k]! + (form === 'block' ? Math.floor(position / 2) : position);
      const [a, b] = threefry2x32(words, [0, counter >>> 0]);
      return form === 'block' ? (linear % 2 === 0 ? a : b) : (a ^ b) >>> 0;
    });
  },
  kernel: {
    kind: 'index',
    uses: ['threefry2x32'],
    expensive: true,
    read(index, site) {
      const [key, { shape: lead }] = site.inputs as readonly [Aval, Aval];
      const at = lead.length === 0 ? [] : site.coordinates(index).slice(0, lead.length);
      const word = (k: number): string => site.read(0, { shape: key.shape, coordinates: [...at, `${k}u`] });
      const linear =
        lead.length === 0
          ? site.linear(index)
          : site.bind(
              ravel(site.coordinates(index).slice(lead.length), site.output.shape.slice(lead.length)),
            );
      const block = site.attributes.form === 'block';
      const offset = site.read(1, { shape: lead, coordinates: at });
      const counter = `${offset} + ${block ? `${linear} / 2u` : linear}`;
      const words = site.bind(`threefry2x32(vec2u(${word(0)}, ${word(1)}), vec2u(0u, ${counter}))`);
      return block ? `select(${words}.x, ${words}.y, ${linear} % 2u == 1u)` : `(${words}.x ^ ${words}.y)`;
    },
  },
  accuracy: { kind: 'exact' },
};
