/** A whole buffer as the operand of a product, read one element or four consecutive ones at a time. */
import type { Block } from '../graph/primitive.ts';

/**
 * The block that declares input `input` under `name`, with the functions `name1` and `name4` of an element offset. An
 * operand that is only read in fours at multiples of four (`aligned`) is bound as vectors, another element by element.
 */
export function bufferOperand(input: number, name: string, aligned: boolean): Block {
  const [one, four] = aligned
    ? [`${name}[i >> 2u][i & 3u]`, `${name}[i >> 2u]`]
    : [`${name}[i]`, `vec4f(${name}[i], ${name}[i + 1u], ${name}[i + 2u], ${name}[i + 3u])`];
  return {
    buffer: { input },
    name,
    type: aligned ? 'array<vec4f>' : 'array<f32>',
    text: `fn ${name}1(i: u32) -> f32 { return ${one}; }\nfn ${name}4(i: u32) -> vec4f { return ${four}; }`,
  };
}
