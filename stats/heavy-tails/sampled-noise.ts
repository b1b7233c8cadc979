/**
 * The gradient noise of single parameters over very many minibatches, exactly and cheaply: the gradients of all examples with
 * respect to a few parameters are stored once, N x P' numbers, and the gradient of any minibatch of any size is then an average
 * of rows on the host, u = ∇L - G_B. Under batch normalisation examples have no gradients of their own; a row is then the
 * gradient of a whole minibatch, and minibatches are averages of one row each.
 */
import {
  concat,
  grad,
  jit,
  reshape,
  take,
  tensor,
  tree,
  vmap,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { bitsAt, type Words } from '../../engine/random/threefry.ts';

/** One parameter: the leaf it is in, and its place there. */
export interface Coordinate {
  readonly path: string;
  readonly index: number;
}

/** Distinct parameters, each as likely as any other; all of them where there are not more. */
export function drawCoordinates(params: Tree, count: number, key: Words): readonly Coordinate[] {
  const leaves = tree.paths(params);
  const total = leaves.reduce((sum, { leaf }) => sum + leaf.size, 0);
  const numbers = new Set<number>();
  for (let draw = 0; numbers.size < Math.min(count, total); draw++)
    numbers.add(Math.floor((bitsAt(key, draw) * total) / 2 ** 32));
  return [...numbers].map((number) => {
    let index = number;
    const own = leaves.find(({ leaf }) => {
      if (index < leaf.size) return true;
      index -= leaf.size;
      return false;
    }) as (typeof leaves)[number];
    return { path: own.path, index };
  });
}

export interface GradientRows<P extends Tree, S extends Tree> {
  /** The mean loss of the examples at `indices`, i32[n]. */
  loss(params: P, shared: S, indices: Tensor): Tensor;
  readonly params: P;
  /** What the loss looks examples up in. */
  readonly shared: S;
  /** The examples of every row, equally many: one, or those of a minibatch. */
  readonly rows: readonly Int32Array[];
  readonly coordinates: readonly Coordinate[];
  /** Rows per pass. A row that needs all of the memory goes alone. */
  readonly piece: number;
  readonly signal?: { readonly aborted: boolean };
  /** After every pass: rows so far. */
  progress?(done: number): void;
}

/** Of one parameter, the gradients of all rows. */
export interface GradientColumn extends Coordinate {
  readonly gradients: Float64Array;
}

/**
 * In the order of the coordinates. Only what was asked for leaves the device. Undefined if the signal came.
 * @throws EMPTY without rows, SHAPE for rows of different lengths
 */
export async function gradientColumns<P extends Tree, S extends Tree>({
  loss,
  params,
  shared,
  rows,
  coordinates,
  piece,
  signal,
  progress,
}: GradientRows<P, S>): Promise<readonly GradientColumn[] | undefined> {
  const each =
    rows[0]?.length ?? fail('EMPTY', 'gradientColumns: there are no rows: pass the examples of each.');
  const other = rows.find((row) => row.length !== each);
  if (other)
    fail(
      'SHAPE',
      `gradientColumns: rows of ${each} and of ${other.length} examples: pass rows of one length.`,
    );
  // By leaf, so that no leaf is joined with another before all but the few numbers are left out.
  const groups = tree
    .paths(params)
    .map(({ path }, leaf) => ({ leaf, own: coordinates.filter((one) => one.path === path) }))
    .filter(({ own }) => own.length > 0);
  const ordered = groups.flatMap(({ own }) => own);
  const places = new Map(ordered.map((coordinate, place) => [coordinate, place]));
  const pick = (at: P, all: S, indices: Tensor): Tensor => {
    const parts = tree.leaves(grad((q: P) => loss(q, all, indices))(at));
    return concat(
      groups.map(({ leaf, own }) => {
        const part = parts[leaf] as Tensor;
        return take(reshape(part, [part.size]), tensor(Int32Array.from(own, ({ index }) => index)));
      }),
    );
  };
  const size = Math.max(1, Math.min(piece, rows.length));
  // A pass of one row needs no axis for it.
  const pass = jit((at: P, all: S, indices: Tensor): Tensor =>
    size === 1
      ? pick(at, all, reshape(indices, [each]))
      : vmap(pick, { in: [null, null, 0] })(at, all, indices),
  );
  const columns = coordinates.map((coordinate): GradientColumn => ({
    ...coordinate,
    gradients: new Float64Array(rows.length),
  }));
  try {
    for (let first = 0; first < rows.length; first += size) {
      // The last pass begins earlier, so that it is no new program.
      const from = Math.min(first, rows.length - size);
      const chosen = Int32Array.from(rows.slice(from, from + size).flatMap((row) => [...row]));
      const found = await pass(params, shared, tensor(chosen, [size, each])).data();
      columns.forEach(({ gradients }, c) => {
        const place = places.get(coordinates[c] as Coordinate) as number;
        for (let k = 0; k < size; k++) gradients[from + k] = found[k * ordered.length + place] as number;
      });
      progress?.(from + size);
      if (signal?.aborted) return undefined;
    }
  } finally {
    pass.dispose();
  }
  return columns;
}

/** More zeros than this among its gradients make a parameter dead: papers.md 5.1. */
const DEAD = 0.8;

/** Whether the gradient is 0 for more than 80 % of the rows: half of its noise would be one value, which no law fits. */
export function isDead({ gradients }: Pick<GradientColumn, 'gradients'>): boolean {
  return gradients.reduce((zeros, value) => zeros + (value === 0 ? 1 : 0), 0) > DEAD * gradients.length;
}

/** u = ∇L - G_B of minibatches of rows, for one parameter. Over minibatches that make up all rows it adds up to 0. */
export function sampledNoise(
  { gradients }: Pick<GradientColumn, 'gradients'>,
  batches: readonly ArrayLike<number>[],
): Float64Array {
  const mean = gradients.reduce((sum, value) => sum + value, 0) / gradients.length;
  return Float64Array.from(batches, (batch) => {
    let sum = 0;
    for (let k = 0; k < batch.length; k++) sum += gradients[batch[k] as number] as number;
    return mean - sum / batch.length;
  });
}
