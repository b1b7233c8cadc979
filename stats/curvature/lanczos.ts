/**
 * Eigenvalues at the ends of the spectrum, by Lanczos' method (1950) with full reorthogonalisation.
 *
 * From a random q_1 the vectors q_1, A q_1, A² q_1, … are made orthonormal one by one. In that basis A is tridiagonal, with
 * α_k = ⟨q_k, A q_k⟩ and β_k = |what A q_k has beyond the basis|: A Q = Q T + β_m q_{m+1} e_mᵀ. If T s = θ s, then y = Q s has
 * |A y - θ y| = β_m |s_m|, and so an eigenvalue of A lies within so much of θ. The ends of T's spectrum are near those of A's
 * long before m is near n. Without reorthogonalisation rounding lets converged eigenvectors back in, which shows as copies.
 *
 * β_k = 0 means that the basis spans an invariant space, whose eigenvalues are then exact. The process goes on with a fresh
 * random vector orthogonal to it, which is also the only way that further copies of a multiple eigenvalue are found.
 *
 * Cost: a product per step and eigenvector, and 8 m n operations and m n numbers of memory for the basis.
 */
import { mul, sqrt, sub, tensor, type Tensor } from '../../engine/index.ts';
import { innerProduct } from '../directions.ts';
import { tridiagonalEigen, unitRow } from '../linear-algebra/index.ts';
import { isDependent, orthonormalBasis, type Basis, type Remainder } from './basis.ts';
import { finite, product, requireCount, type LinearOperator } from './operator.ts';
import { probe } from './probes.ts';
import { fail } from '../../engine/graph/errors.ts';

export interface LanczosOptions {
  /** u32[2]: what the first vector is drawn from. */
  readonly key: Tensor;
  /** How many of the largest eigenvalues (by sign, not by magnitude), and of the smallest. Default 0 each. */
  readonly largest?: number;
  readonly smallest?: number;
  /** Most steps, each a product. Default four per eigenvalue and 40 more; never above the dimension. */
  readonly steps?: number;
  /** Stop when the residuals of all wanted are below this times the largest |θ|. Default 1e-6 (1e-4 is what f32 holds). */
  readonly tolerance?: number;
  /** Whether eigenvectors are wanted. Default true. */
  readonly vectors?: boolean;
}

export interface Eigenpair {
  readonly value: number;
  /**
   * |A y - θ y| for y of length 1: an eigenvalue lies within so much of `value`. Measured by a product where the vector was
   * wanted; else as the recursion has it, which does not see the rounding of the products (some 1e-5 |A| in f32).
   */
  readonly residual: number;
  /** y, [n]; its sign is arbitrary. */
  readonly vector?: Tensor;
}

export interface LanczosResult {
  readonly operator: string;
  /** Descending. */
  readonly largest: readonly Eigenpair[];
  /** Ascending. */
  readonly smallest: readonly Eigenpair[];
  /** Steps, each a product; measuring residuals takes one more per vector. */
  readonly steps: number;
  /** Whether the recursion's residuals of all are below the tolerance. */
  readonly converged: boolean;
  /** Times that an invariant space was met. */
  readonly breakdowns: number;
}

/**
 * @throws COUNT if no eigenvalue is asked for; DIMENSION if more than there are, or than steps; NON_FINITE if a product is
 *   not finite
 */
export async function lanczos(operator: LinearOperator, options: LanczosOptions): Promise<LanczosResult> {
  const { key, largest = 0, smallest = 0, tolerance = 1e-6, vectors = true } = options;
  const { dimension, name } = operator;
  const wanted = largest + smallest;
  if (largest < 0 || smallest < 0)
    requireCount('lanczos: a number of eigenvalues', Math.min(largest, smallest));
  requireCount('lanczos: largest + smallest', wanted);
  const steps = Math.min(dimension, options.steps ?? 4 * wanted + 40);
  if (wanted > steps)
    fail(
      'DIMENSION',
      `lanczos: ${wanted} eigenvalues of ${name} were asked for; it has dimension ${dimension}, and ${steps} steps find no more than that: ask for fewer, or take more steps.`,
    );
  const basis = orthonormalBasis(dimension, steps);
  const chosen = (m: number): number[] => [
    ...Array.from({ length: largest }, (_, k) => m - 1 - k),
    ...Array.from({ length: smallest }, (_, k) => k),
  ];
  const ritz = ({ diagonal, offDiagonal }: Tridiagonal) => {
    const m = diagonal.length;
    const { values, rows } = tridiagonalEigen(diagonal, offDiagonal, [unitRow(m, m - 1)]);
    const residuals = Array.from(rows[0] as Float64Array, (s) => Math.abs(s * offDiagonal[m - 1]!));
    const scale = Math.max(...values.map(Math.abs));
    const converged = m >= wanted && chosen(m).every((k) => residuals[k]! <= tolerance * scale);
    return { values, residuals, converged };
  };
  const t = await tridiagonalize(operator, basis, probe(key, 0, dimension, 'gaussian'), steps, {
    enough: (so) => ritz(so).converged,
    restart: (time) => probe(key, time, dimension, 'gaussian'),
  });
  const m = t.diagonal.length;
  const { values, residuals, converged } = ritz(t);
  const rows = vectors
    ? tridiagonalEigen(
        t.diagonal,
        t.offDiagonal,
        Array.from({ length: m }, (_, k) => unitRow(m, k)),
      ).rows
    : [];
  const pairs: Eigenpair[] = [];
  for (const k of chosen(m)) {
    const value = values[k]!;
    if (!vectors) {
      pairs.push({ value, residual: residuals[k]! });
      continue;
    }
    const vector = basis.combine(tensor(rows.map((row) => row[k]!)));
    pairs.push({ value, residual: await measuredResidual(operator, value, vector), vector });
  }
  basis.dispose();
  return {
    operator: name,
    largest: pairs.slice(0, largest),
    smallest: pairs.slice(largest),
    steps: m,
    converged,
    breakdowns: t.breakdowns,
  };
}

async function measuredResidual(operator: LinearOperator, value: number, y: Tensor): Promise<number> {
  const image = await product(operator, y);
  const rest = sub(image, mul(y, value));
  const length = await sqrt(innerProduct(rest, rest)).item();
  image.dispose();
  return finite(length, `A product with ${operator.name}`);
}

export interface Tridiagonal {
  /** α_1 … α_m. */
  readonly diagonal: readonly number[];
  /** β_1 … β_m, the last of which leads out of the basis. */
  readonly offDiagonal: readonly number[];
  readonly breakdowns: number;
}

/** Told at every step; both optional. */
export interface Watch {
  /** Whether to stop here. */
  readonly enough?: (so: Tridiagonal) => boolean;
  /** A vector to go on with after the given number of breakdowns; without, the process ends there. */
  readonly restart?: (breakdowns: number) => Tensor;
}

/** The process itself: T, with the vectors in `basis`, which is cleared first. The start is disposed of. */
export async function tridiagonalize(
  operator: LinearOperator,
  basis: Basis,
  start: Tensor,
  steps: number,
  { enough, restart }: Watch = {},
): Promise<Tridiagonal> {
  const what = `A vector of lanczos on ${operator.name}`;
  basis.clear();
  const [diagonal, offDiagonal]: [number[], number[]] = [[], []];
  let breakdowns = 0;
  // The greatest |A q| so far: no more than |A|, and what rounding is measured against.
  let scale = 0;
  const taken = ({ vector, length }: Remainder): Tensor => {
    const unit = basis.append(vector, length);
    vector.dispose();
    return unit;
  };
  let q = taken(await basis.orthogonalize(start, start, what));
  start.dispose();
  for (;;) {
    const image = await product(operator, q);
    const rest = await basis.orthogonalize(image, q, `A product with ${operator.name}`);
    image.dispose();
    q.dispose();
    scale = Math.max(scale, rest.before);
    const broken = isDependent(rest, scale);
    diagonal.push(rest.along);
    offDiagonal.push(broken ? 0 : rest.length);
    const so = { diagonal, offDiagonal, breakdowns };
    if (diagonal.length >= steps) return so;
    if (!broken) {
      // After a breakdown residuals say nothing of the copies that are being looked for.
      if (breakdowns === 0 && enough?.(so)) return so;
      q = taken(rest);
      continue;
    }
    breakdowns++;
    if (!restart) return { ...so, breakdowns };
    const fresh = restart(breakdowns);
    const next = await basis.orthogonalize(fresh, fresh, what);
    if (isDependent(next, next.before)) return { ...so, breakdowns };
    q = taken(next);
  }
}
