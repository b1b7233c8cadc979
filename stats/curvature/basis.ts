/**
 * Orthonormal vectors, kept where the products are computed: as rows of matrices that are made once for the greatest number
 * of vectors, so that every step is the same recorded program. Rows not yet taken are 0 and change nothing.
 *
 * A vector w is made orthogonal by classical Gram-Schmidt, w ← w - Qᵀ (Q w), done twice: "twice is enough" (Kahan; Giraud,
 * Langou, Rozložník & van den Eshof, 2005) for orthogonality to working precision, unless w lies in the span, which shows in
 * the norms. Either pass reads the matrix twice and does 4 m n operations.
 */
import {
  add,
  concat,
  dot,
  equal,
  expandDims,
  iota,
  jit,
  mul,
  pad,
  slice,
  sqrt,
  stack,
  sub,
  sum,
  tensor,
  where,
  zeros,
  type Tensor,
} from '../../engine/index.ts';
import { finite } from './operator.ts';

/** Numbers per matrix: 128 MiB of f32, which every WebGPU device binds. */
const MAX_ELEMENTS = 2 ** 25;

/** What is left of a vector w. */
export interface Remainder {
  /** w less its part in the span, not normalised. */
  readonly vector: Tensor;
  /** ⟨q, w⟩ with the vector given along with w. */
  readonly along: number;
  /** |w|, and the norms after the first pass and the second. */
  readonly before: number;
  readonly once: number;
  readonly length: number;
  /** Rounding of the backend: 2^-23, or 2^-52 on the reference. */
  readonly epsilon: number;
}

/** Whether nothing but the rounding of numbers as large as `scale` is left of w: it lies in the span. */
export function isDependent({ before, once, length, epsilon }: Remainder, scale: number): boolean {
  return (length <= 0.5 * once && once <= 0.5 * before) || length <= 16 * epsilon * scale;
}

export interface Basis {
  /** Vectors so far. */
  readonly size: number;
  /** @throws NON_FINITE, naming `what`, if w is not finite */
  orthogonalize(w: Tensor, q: Tensor, what: string): Promise<Remainder>;
  /** Takes vector / length, which is a unit vector orthogonal to the others, into the basis, and returns it too. */
  append(vector: Tensor, length: number): Tensor;
  /** Σ_k c_k q_k, of c [size]. */
  combine(coefficients: Tensor): Tensor;
  /** ⟨q_k, w⟩ for all k, [size]. */
  coordinatesOf(w: Tensor): Tensor;
  /** Forgets the vectors and keeps the recordings. */
  clear(): void;
  dispose(): void;
}

export function orthonormalBasis(dimension: number, capacity: number): Basis {
  const height = Math.max(1, Math.min(capacity, Math.floor(MAX_ELEMENTS / dimension)));
  const empty = (): Tensor[] =>
    Array.from({ length: Math.ceil(capacity / height) }, () => zeros([height, dimension]));
  let blocks: Tensor[] = empty();
  let size = 0;

  const project = (block: Tensor, w: Tensor): Tensor => {
    const coefficients = sum(mul(block, expandDims(w, 0)), 1); // [height]
    return sub(w, sum(mul(block, expandDims(coefficients, 1)), 0));
  };
  const reduce = jit((matrices: readonly Tensor[], w: Tensor, q: Tensor) => {
    const once = matrices.reduce((rest, block) => project(block, rest), w);
    const twice = matrices.reduce((rest, block) => project(block, rest), once);
    const norms = [w, once, twice].map((x) => sqrt(dot(x, x)));
    return { vector: twice, numbers: stack([dot(q, w), ...norms]) };
  });
  const store = jit(
    (block: Tensor, at: Tensor, vector: Tensor, factor: Tensor) => {
      const q = mul(vector, factor);
      return { block: where(equal(iota([height, 1]), at), expandDims(q, 0), block), q };
    },
    { donate: [0] },
  );
  const combination = jit((matrices: readonly Tensor[], coefficients: Tensor) => {
    const padded = pad(coefficients, [[0, matrices.length * height - coefficients.size]]);
    return matrices
      .map((block, b) => {
        const own = slice(padded, [b * height], [(b + 1) * height]);
        return sum(mul(block, expandDims(own, 1)), 0);
      })
      .reduce((a, b) => add(a, b));
  });
  const coordinates = jit((matrices: readonly Tensor[], w: Tensor) =>
    concat(matrices.map((block) => sum(mul(block, expandDims(w, 0)), 1))),
  );

  return {
    get size() {
      return size;
    },
    async orthogonalize(w, q, what) {
      const { vector, numbers } = reduce(blocks, w, q);
      const read = await numbers.data();
      numbers.dispose();
      const [along, before, once, length] = Array.from(read, (value) => finite(value, what)) as [
        number,
        number,
        number,
        number,
      ];
      return {
        vector,
        along,
        before,
        once,
        length,
        epsilon: read instanceof Float64Array ? 2 ** -52 : 2 ** -23,
      };
    },
    append(vector, length) {
      const [b, at] = [Math.floor(size / height), size % height];
      const { block, q } = store(
        blocks[b] as Tensor,
        tensor(Int32Array.of(at), []),
        vector,
        tensor(1 / length),
      );
      blocks[b] = block;
      size++;
      return q;
    },
    combine: (coefficients) => combination(blocks, coefficients),
    coordinatesOf: (w) => slice(coordinates(blocks, w), [0], [size]),
    clear() {
      blocks.forEach((block) => block.dispose());
      blocks = empty();
      size = 0;
    },
    dispose() {
      blocks.forEach((block) => block.dispose());
      for (const program of [reduce, store, combination, coordinates]) program.dispose();
    },
  };
}
