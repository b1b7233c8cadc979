/** BERT in loops over numbers, from weights as Hugging Face stores them: what the model is held against. */
import type { NamedArrays } from '../../nn/index.ts';

export const small = {
  vocabulary: 11,
  positions: 6,
  width: 8,
  depth: 2,
  heads: 2,
  intermediate: 12,
} as const;

/** Two texts of five positions, the second one padded: i32 [2, 3, 5]. */
export const texts: Int32Array = Int32Array.from(
  [
    [2, 7, 4, 10, 3, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1],
    [2, 5, 3, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0],
  ].flat(),
);

type Arrays = Map<string, { shape: number[]; data: Float32Array }>;

/** Pretrained weights with the older names of normalisations, all drawn, and a head that does not belong to the model. */
export function drawnWeights(prefix: string, classifier: boolean): Arrays {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const arrays: Arrays = new Map();
  const add = (name: string, ...shape: number[]): void => {
    const size = shape.reduce((a, b) => a * b, 1);
    arrays.set(name, { shape, data: Float32Array.from({ length: size }, () => 0.5 * uniform()) });
  };
  const map = (name: string, inputs: number, units: number): void => {
    add(`${name}.weight`, units, inputs);
    add(`${name}.bias`, units);
  };
  const norm = (name: string): void => {
    add(`${name}.gamma`, small.width);
    add(`${name}.beta`, small.width);
  };
  add(`${prefix}embeddings.word_embeddings.weight`, small.vocabulary, small.width);
  add(`${prefix}embeddings.position_embeddings.weight`, small.positions, small.width);
  add(`${prefix}embeddings.token_type_embeddings.weight`, 2, small.width);
  norm(`${prefix}embeddings.LayerNorm`);
  for (let k = 0; k < small.depth; k++) {
    const at = `${prefix}encoder.layer.${k}`;
    for (const name of ['self.query', 'self.key', 'self.value', 'output.dense'])
      map(`${at}.attention.${name}`, small.width, small.width);
    norm(`${at}.attention.output.LayerNorm`);
    map(`${at}.intermediate.dense`, small.width, small.intermediate);
    map(`${at}.output.dense`, small.intermediate, small.width);
    norm(`${at}.output.LayerNorm`);
  }
  map(`${prefix}pooler.dense`, small.width, small.width);
  if (classifier) map('classifier', small.width, 2);
  else map('cls.seq_relationship', small.width, 2);
  return arrays;
}

/**
 * The arrays as files of PyTorch may have them: in bfloat16, the upper half of each number, behind the numbers of the positions, which are
 * integers of 64 bits that no model needs.
 */
export function checkpointBytes(arrays: NamedArrays): Uint8Array {
  const parts: { name: string; dtype: string; shape: readonly number[]; bytes: Uint8Array }[] = [
    {
      name: 'bert.embeddings.position_ids',
      dtype: 'I64',
      shape: [1, 2],
      bytes: new Uint8Array(BigInt64Array.of(0n, 1n).buffer),
    },
  ];
  for (const [name, { shape, data }] of arrays) {
    const words = new Uint32Array(Float32Array.from(data).buffer);
    const halves = Uint16Array.from(words, (word) => word >>> 16);
    parts.push({ name, dtype: 'BF16', shape, bytes: new Uint8Array(halves.buffer) });
  }
  let end = 0;
  const entries = parts.map(({ name, dtype, shape, bytes }): [string, object] => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let at = 8 + header.length;
  for (const { bytes } of parts) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

type Matrix = number[][];

/** Logits of one text of `length` positions, in float64. */
export function logitsOf(
  arrays: NamedArrays,
  prefix: string,
  text: ArrayLike<number>,
  length: number,
): number[] {
  const data = (name: string): ArrayLike<number> => arrays.get(name)!.data;
  const map = (name: string, x: Matrix): Matrix => {
    const [units, inputs] = arrays.get(`${name}.weight`)!.shape as [number, number];
    const [weight, bias] = [data(`${name}.weight`), data(`${name}.bias`)];
    return x.map((row) =>
      Array.from({ length: units }, (_, u) =>
        row.reduce((sum, value, i) => sum + value * weight[u * inputs + i]!, bias[u]!),
      ),
    );
  };
  const norm = (name: string, x: Matrix): Matrix =>
    x.map((row) => {
      const mean = row.reduce((a, b) => a + b) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      const [gamma, beta] = [data(`${name}.gamma`), data(`${name}.beta`)];
      return row.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-12)) * gamma[i]! + beta[i]!);
    });
  const plus = (x: Matrix, y: Matrix): Matrix => x.map((row, p) => row.map((value, i) => value + y[p]![i]!));
  const { width, heads } = small;
  const entry = (kind: string, row: number, i: number): number =>
    data(`${prefix}embeddings.${kind}_embeddings.weight`)[row * width + i]!;
  let x: Matrix = Array.from({ length }, (_, p) =>
    Array.from(
      { length: width },
      (_, i) =>
        entry('word', text[p]!, i) + entry('position', p, i) + entry('token_type', text[length + p]!, i),
    ),
  );
  x = norm(`${prefix}embeddings.LayerNorm`, x);
  for (let k = 0; k < small.depth; k++) {
    const at = `${prefix}encoder.layer.${k}`;
    const [query, key, value] = ['query', 'key', 'value'].map((name) =>
      map(`${at}.attention.self.${name}`, x),
    );
    const size = width / heads;
    const seen = x.map((_, p) =>
      Array.from({ length: width }, (_, i) => {
        const from = Math.floor(i / size) * size;
        const weights = x.map((_, other) => {
          let score = 0;
          for (let j = from; j < from + size; j++) score += query![p]![j]! * key![other]![j]!;
          return text[2 * length + other] === 0 ? 0 : Math.exp(score / Math.sqrt(size));
        });
        const total = weights.reduce((a, b) => a + b);
        return weights.reduce((sum, weight, other) => sum + (weight / total) * value![other]![i]!, 0);
      }),
    );
    x = norm(`${at}.attention.output.LayerNorm`, plus(x, map(`${at}.attention.output.dense`, seen)));
    const inner = map(`${at}.intermediate.dense`, x).map((row) =>
      row.map((v) => (v / 2) * (1 + erf(v / Math.SQRT2))),
    );
    x = norm(`${at}.output.LayerNorm`, plus(x, map(`${at}.output.dense`, inner)));
  }
  const pooled = map(`${prefix}pooler.dense`, [x[0]!])[0]!.map(Math.tanh);
  return map('classifier', [pooled])[0]!;
}

/** By Maclaurin's series: enough for |x| < 4. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
