/**
 * The density of eigenvalues by stochastic Lanczos quadrature (Golub & Meurant, 2010; Ubaru, Chen & Saad, 2017; for networks
 * Ghorbani, Krishnan & Xiao, 2019). For a unit vector v, vᵀ f(A) v = Σ_i ⟨v, u_i⟩² f(λ_i) is an integral of f, and m steps of
 * Lanczos from v are its Gauss quadrature: nodes the eigenvalues of T, weights the squared first elements of its eigenvectors,
 * exact for polynomials of degree below 2m. The mean over random v is (1/n) tr f(A); the scatter over v is the error, apart
 * from that of the quadrature, which is negligible where f is smooth on the scale of the nodes' distances.
 */
import type { Tensor } from '../../engine/index.ts';
import { tridiagonalEigen, unitRow } from '../linear-algebra/index.ts';
import type { Estimate } from '../moments.ts';
import { orthonormalBasis } from './basis.ts';
import { tridiagonalize } from './lanczos.ts';
import { requireCount, type LinearOperator } from './operator.ts';
import { meanEstimate, probe, type ProbeOptions } from './probes.ts';
import { fail } from '../../engine/graph/errors.ts';

export interface SpectralDensityOptions extends ProbeOptions {
  /** m: nodes per probe, each a product. Default 64, or the dimension if that is less. */
  readonly steps?: number;
}

/** A discrete measure of total mass 1. */
export interface Quadrature {
  /** Ascending. */
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

export interface SpectralDensity {
  readonly operator: string;
  readonly dimension: number;
  /** One per probe. */
  readonly quadratures: readonly Quadrature[];
  /** Products taken in all. */
  readonly products: number;
}

/**
 * `probes` (default 10) quadratures of `steps` nodes each: so many products.
 * @throws DIMENSION for more steps than the dimension; COUNT; NON_FINITE if a product is not finite
 */
export async function spectralDensity(
  operator: LinearOperator,
  { key, probes = 10, steps, distribution = 'rademacher' }: SpectralDensityOptions,
): Promise<SpectralDensity> {
  const { dimension, name } = operator;
  const most = steps ?? Math.min(64, dimension);
  requireCount('spectralDensity: probes', probes);
  requireCount('spectralDensity: steps', most);
  if (most > dimension)
    fail(
      'DIMENSION',
      `spectralDensity: ${most} steps on ${name}, which has dimension ${dimension}: take at most so many.`,
    );
  const basis = orthonormalBasis(dimension, most);
  const quadratures: Quadrature[] = [];
  let products = 0;
  for (let k = 0; k < probes; k++) {
    const start: Tensor = probe(key, k, dimension, distribution);
    const { diagonal, offDiagonal } = await tridiagonalize(operator, basis, start, most);
    products += diagonal.length;
    const { values, rows } = tridiagonalEigen(diagonal, offDiagonal, [unitRow(diagonal.length, 0)]);
    quadratures.push({ nodes: values, weights: (rows[0] as Float64Array).map((first) => first * first) });
  }
  basis.dispose();
  return { operator: name, dimension, quadratures, products };
}

/** (1/n) tr f(A): the mean of f over the eigenvalues. */
export function spectralMean({ quadratures, operator }: SpectralDensity, f: (x: number) => number): Estimate {
  return meanEstimate(
    quadratures.map(({ nodes, weights }) => weights.reduce((sum, w, i) => sum + w * f(nodes[i]!), 0)),
    `A mean over the spectrum of ${operator}`,
  );
}

/** The lowest and the highest node: the spectrum reaches at least so far. */
export function spectralRange({ quadratures }: SpectralDensity): readonly [low: number, high: number] {
  return [
    Math.min(...quadratures.map(({ nodes }) => nodes[0]!)),
    Math.max(...quadratures.map(({ nodes }) => nodes.at(-1)!)),
  ];
}

export interface DensityCurve {
  readonly at: Float64Array;
  /** Density per unit of eigenvalue, of total mass 1, broadened. */
  readonly density: Float64Array;
  /** Of each value, over the probes. */
  readonly standardError: Float64Array;
  /** Standard deviation of the Gaussian that every node became. */
  readonly width: number;
}

/**
 * The density broadened by Gaussians of standard deviation `width` (default a hundredth of the range), at the points given or
 * at `count` (default 400) points from three widths below the range to three above.
 */
export function densityCurve(
  density: SpectralDensity,
  {
    at,
    width,
    count = 400,
  }: { readonly at?: ArrayLike<number>; readonly width?: number; readonly count?: number } = {},
): DensityCurve {
  const [low, high] = spectralRange(density);
  const sigma = width ?? (high > low ? (high - low) / 100 : Math.max(Math.abs(high), 1) / 100);
  if (!(sigma > 0 && sigma < Infinity))
    fail('WIDTH', `densityCurve: the width is ${sigma}: give a positive number.`);
  const step = (high - low + 6 * sigma) / Math.max(1, count - 1);
  const points = Float64Array.from(at ?? Array.from({ length: count }, (_, k) => low - 3 * sigma + k * step));
  const estimates = Array.from(points, (x) =>
    spectralMean(
      density,
      (node) => Math.exp(-(((x - node) / sigma) ** 2) / 2) / (sigma * Math.sqrt(2 * Math.PI)),
    ),
  );
  return {
    at: points,
    density: Float64Array.from(estimates, ({ value }) => value),
    standardError: Float64Array.from(estimates, ({ standardError }) => standardError),
    width: sigma,
  };
}
