/** A kernel that can compute a matrix product. All variants take the same blocks and constants; they differ in speed. */

/** op(A) is [batch, m, k], op(B) is [batch, k, n]. */
export interface MatmulSizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A kernel, the workgroups that one matrix takes, and constants that only this kernel has. */
export interface Variant {
  readonly shader: string;
  readonly groups: readonly [number, number];
  readonly extra?: Readonly<Record<string, number>>;
}

/** Workgroups that cover [m, n] by tiles of `rows` x `columns`: columns along x. */
export function tiles(m: number, n: number, rows: number, columns: number): [number, number] {
  return [Math.ceil(n / columns), Math.ceil(m / rows)];
}
