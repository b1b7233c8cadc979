/**
 * The leading eigenpairs of the noise covariance C = (1/N) Σ_μ (g_μ - G)(g_μ - G)ᵀ, of dimension n and rank at most N - 1.
 *
 * Few units: with the rows of X the centred gradients, C = Xᵀ X / N has the eigenvalues of the N x N matrix X Xᵀ / N, which is
 * the centred Gram matrix H K H / N, H = 1 - 1 1ᵀ/N. If u is an eigenvector of that with eigenvalue λ > 0, then
 * v = Xᵀ u / √(N λ) is one of C, of length 1; since u is orthogonal to 1, Xᵀ u = Σ_μ u_μ g_μ, a gradient with weights.
 *
 * Many units: Lanczos on v ↦ C v, which forms neither gradients nor C.
 *
 * Either way the value given is the Rayleigh quotient of the vector and the residual |C v - value v| is measured by a product.
 */
import {
  add,
  arange,
  dot,
  mul,
  rsqrt,
  sqrt,
  stack,
  sub,
  take,
  tensor,
  vjp,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { flatLeaves } from '../curvature/coordinates.ts';
import { gradientCovarianceOperator } from '../curvature/gradient-operators.ts';
import { lanczos, type Eigenpair } from '../curvature/lanczos.ts';
import { finite, requireCount } from '../curvature/operator.ts';
import { sweep } from '../curvature/sweep.ts';
import { symmetricEigen } from '../linear-algebra/index.ts';
import { gradientGram } from '../per-example/gram.ts';
import type { MeasurementRecord } from '../per-example/pass.ts';
import { unitPoint, unitsOf, type GradientPoint } from '../per-example/units.ts';
import { meanProducts } from '../per-example/cosines.ts';

export interface CovarianceEigenpairs extends Omit<MeasurementRecord, 'halvings'> {
  readonly method: 'gram' | 'lanczos';
  /** Whether Lanczos reached its tolerance; the Gram matrix has no iteration to stop early. */
  readonly converged: boolean;
  /** Descending; `vector` is [n] in the coordinates of the chosen parameters. */
  readonly pairs: readonly (Eigenpair & { readonly vector: Tensor })[];
  /** All N eigenvalues of the centred Gram matrix, ascending: those of C that may differ from 0. Of the method `gram`. */
  readonly spectrum?: Float64Array;
}

export interface EigenpairOptions {
  /** How many of the largest. Default 10. */
  readonly largest?: number;
  /** u32[2]: what Lanczos starts from. */
  readonly key: Tensor;
  /** Default `gram` up to 256 units, if they are no more than the parameters. */
  readonly method?: 'gram' | 'lanczos';
  /** Lanczos: as there. */
  readonly steps?: number;
  readonly tolerance?: number;
}

/** Units up to which the Gram matrix is the way: its eigenvalues on the host take 0.1 s at 256. */
const FEW = 256;

/** @throws DIMENSION for more pairs than C has eigenvalues that may differ from 0, min(n, N - 1); what the methods throw */
export async function covarianceEigenpairs<P extends Tree, B extends Tree>(
  point: GradientPoint<P, B>,
  { largest = 10, key, method, steps, tolerance }: EigenpairOptions,
): Promise<CovarianceEigenpairs> {
  requireCount('covarianceEigenpairs: largest', largest);
  const { unit, count, policy, coordinates } = unitsOf(point);
  const { dimension, paths } = coordinates;
  const rank = Math.min(dimension, count - 1);
  if (largest > rank)
    fail(
      'DIMENSION',
      `covarianceEigenpairs: ${largest} eigenpairs were asked for; the covariance of ${count} gradients of ${dimension} parameters has rank ${rank} at most: ask for no more.`,
    );
  const operator = gradientCovarianceOperator(unitPoint(point));
  const way = method ?? (count <= Math.min(FEW, dimension) ? 'gram' : 'lanczos');
  try {
    if (way === 'lanczos') {
      const found = await lanczos(operator, {
        key,
        largest,
        ...(steps !== undefined && { steps }),
        ...(tolerance !== undefined && { tolerance }),
      });
      const pairs = found.largest as CovarianceEigenpairs['pairs'];
      const { converged } = found;
      return { unit, count, policy, paths, microbatch: operator.microbatch, method: way, converged, pairs };
    }
    const { gram, microbatch } = await gradientGram(point);
    const { values, vectors } = symmetricEigen(centred(gram, count), { vectors: true });
    const pairs = [];
    for (let k = 1; k <= largest; k++) {
      const weights = vectors[count - k] as Float64Array;
      const direction = await weightedGradient(point, weights);
      const v = mul(direction, rsqrt(dot(direction, direction)));
      const image = await operator.apply(v);
      const value = dot(v, image);
      const rest = sub(image, mul(v, value));
      const numbers = await stack([value, sqrt(dot(rest, rest))]).data();
      const what = `Eigenpair ${k} of the gradient covariance`;
      pairs.push({ value: finite(numbers[0]!, what), residual: finite(numbers[1]!, what), vector: v });
      image.dispose();
    }
    return { unit, count, policy, paths, microbatch, method: way, converged: true, pairs, spectrum: values };
  } finally {
    operator.dispose();
  }
}

/** H K H / N */
function centred(gram: Float64Array, count: number): Float64Array {
  const { alongMean, squaredNormOfMean } = meanProducts(gram);
  return gram.map((value, at) => {
    const [mu, nu] = [Math.floor(at / count), at % count];
    return (value - alongMean[mu]! - alongMean[nu]! + squaredNormOfMean) / count;
  });
}

/** (1/N) Σ_μ w_μ g_μ, [n]. */
async function weightedGradient<P extends Tree, B extends Tree>(
  point: GradientPoint<P, B>,
  weights: Float64Array,
): Promise<Tensor> {
  const { coordinates } = unitsOf(point);
  const pass = sweep(
    unitPoint(point),
    coordinates,
    [[coordinates.dimension]],
    ({ at, losses, index }, w: Tensor) => {
      const [values, pullback] = vjp(losses, at);
      const numbers = add(mul(index, pass.size), arange(values.size, 'u32'));
      return [flatLeaves(pullback(take(w, numbers))[0])];
    },
  );
  const [sum] = await pass.mean(tensor(weights));
  pass.dispose();
  return sum as Tensor;
}
