/** The second pass of a sum that was cut into chunks: what other workgroups summed is added in order of the chunks. */
import type { Aval } from '../graph/ndarray.ts';
import type { Launch } from '../graph/primitive.ts';

export interface Partials {
  readonly temporary: number;
  readonly aval: Aval;
}

/** Room for the chunks of `batch` results of `elements` each: [batch, chunks, elements]. */
export function partialsOf(batch: number, chunks: number, elements: number): Partials {
  return { temporary: 0, aval: { shape: [batch, chunks, elements], dtype: 'f32' } };
}

/** result[b, e] = sum over q of partials[b, q, e]. */
export function sumOfChunks(partials: Partials): Launch {
  const [batch, chunks, elements] = partials.aval.shape as readonly [number, number, number];
  const outputs = batch * elements;
  return {
    shader: 'reduce',
    constants: { OUTPUTS: outputs, LENGTH: chunks, CHUNKS: 1 },
    blocks: {
      type: { text: 'alias T = f32;' },
      combine: {
        text: 'fn identity() -> T { return 0.0; }\nfn combine(a: T, b: T) -> T { return a + b; }',
      },
      element: {
        element: partials,
        parameters: ['o: u32', 'r: u32'],
        at: { shape: partials.aval.shape, coordinates: [`(o / ${elements}u)`, 'r', `(o % ${elements}u)`] },
      },
      finish: { store: 'output', parameters: ['o: u32', 'value: T'], linear: 'o' },
    },
    groups: [Math.ceil(outputs / 64), 1, 1],
  };
}
