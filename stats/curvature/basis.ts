/**
 * Orthonormal vectors, kept where the products are computed: as rows of matrices of 16, so that most steps are the same
 * recorded program, and one of these comes with every matrix more. Rows not yet taken are 0 and change nothing.
 *
 * A vector w is made orthogonal by classical Gram-Schmidt, w ← w - Qᵀ (Q w), done twice: "twice is enough" (Kahan; Giraud,
 * Langou, Rozložník & van den Eshof, 2005) for orthogonality to working precision, unless w lies in the span, which shows in
 * the norms. Either pass reads the matrix twice and does 4 m n operations.
 */
import {
  add,
  concat,
  equal,
  expandDims,
  iota,
  jit,
  matmul,
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
import { innerProduct } from '../directions.ts';
import { finite } from './operator.ts';

/** Rows per matrix, unless it had more numbers than 128 MiB of f32, which every WebGPU device binds. */
const ROWS = 16;
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

/** @param most vectors that will come, if they are few */
export function orthonormalBasis(dimension: number, most: number): Basis {
  const height = Math.max(1, Math.min(most, ROWS, Math.floor(MAX_ELEMENTS / dimension)));
  let blocks: Tensor[] = [];
  let size = 0;

  // A reduction: a product of matrices would leave all but 16 of a device's threads idle along so long an extent.
  const along = (block: Tensor, w: Tensor): Tensor => sum(mul(block, expandDims(w, 0)), 1); // [height]
  const project = (block: Tensor, w: Tensor): Tensor => sub(w, matmul(along(block, w), block));
  const reduce = jit((matrices: readonly Tensor[], w: Tensor, q: Tensor) => {
    const once = matrices.reduce((rest, block) => project(block, rest), w);
    const twice = matrices.reduce((rest, block) => project(block, rest), once);
    const norms = [w, once, twice].map((x) => sqrt(innerProduct(x, x)));
    return { vector: twice, numbers: stack([innerProduct(q, w), ...norms]) };
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
        return matmul(own, block);
      })
      .reduce((a, b) => add(a, b));
  });
  const coordinates = jit((matrices: readonly Tensor[], w: Tensor) =>
    concat(matrices.map((block) => along(block, w))),
  );

  return {
    get size() {
      return size;
    },
    async orthogonalize(w, q, what) {
      const { vector, numbers } = reduce(blocks, w, q);
      const read = await numbers.data();
      numbers.dispose();
      const [product, before, once, length] = Array.from(read, (value) => finite(value, what)) as [
        number,
        number,
        number,
        number,
      ];
      return {
        vector,
        along: product,
        before,
        once,
        length,
        epsilon: read instanceof Float64Array ? 2 ** -52 : 2 ** -23,
      };
    },
    append(vector, length) {
      const [b, at] = [Math.floor(size / height), size % height];
      const { block, q } = store(
        blocks[b] ?? zeros([height, dimension]),
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
      blocks = [];
      size = 0;
    },
    dispose() {
      blocks.forEach((block) => block.dispose());
      for (const program of [reduce, store, combination, coordinates]) program.dispose();
    },
  };
}
