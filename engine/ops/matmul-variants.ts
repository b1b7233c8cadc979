/** A kernel that can compute a matrix product. All variants take the same blocks and constants; they differ in speed. */
import { extentClass } from './variant-choice.ts';

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
  /** Sums are cut: chunks of so many terms, each for workgroups of its own, and a second launch adds them. */
  readonly cut?: { readonly chunks: number; readonly chunk: number };
  /** Operands are rounded to f16 on their way to workgroup memory. */
  readonly halves?: boolean;
}

/** Workgroups that cover [m, n] by tiles of `rows` x `columns`: columns along x. */
export function tiles(m: number, n: number, rows: number, columns: number): [number, number] {
  return [Math.ceil(n / columns), Math.ceil(m / rows)];
}

/** Tells the variants of one product apart, for people and for files: `matmul_subgroup LANES=8 HALVES=0 ACROSS=1`. */
export function matmulVariantName({ shader, extra = {}, cut }: Variant): string {
  const constants = Object.entries(extra).map(([name, value]) => `${name}=${value}`);
  return [shader, ...constants, ...(cut ? ['in chunks'] : [])].join(' ');
}

/**
 * Products that take the same kernel once one of them was measured: `matmul NT 256x1024x512`, of transposes and M x K x N,
 * and what else their speed depends on.
 */
export function matmulClass(
  { batch, m, n, k }: MatmulSizes,
  transposes: { readonly transposeA: boolean; readonly transposeB: boolean },
  vectors: readonly [left: boolean, right: boolean],
  halves: boolean,
): string {
  const layout = (transposed: boolean): string => (transposed ? 'T' : 'N');
  return [
    `matmul ${layout(transposes.transposeA)}${layout(transposes.transposeB)} ${[m, k, n].map(extentClass).join('x')}`,
    ...(batch > 1 ? [`batch ${extentClass(batch)}`] : []),
    ...(vectors[0] ? [] : ['left by element']),
    ...(vectors[1] ? [] : ['right by element']),
    ...(halves ? ['f16'] : []),
  ].join(', ');
}
