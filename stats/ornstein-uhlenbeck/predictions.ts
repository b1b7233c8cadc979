/**
 * What theory says of SGD near a minimum (LB, section 2.1). SGD is the Euler-Maruyama discretisation, in steps of η, of
 *     dθ = -G dt + √(η/S) R dW,  R Rᵀ = C,
 * which on a quadratic is the Ornstein-Uhlenbeck process dz = -Λ z dt + √(η/S) √c dW. Its stationary variance is η c/(2 S λ),
 * and for C = H
 *     Cov z = (η/2S) 1,    E[loss] = ½ Σ λ_i E z_i² = (η/4S) Tr H:
 * only the ratio η/S enters. That is the `leading-order` law, for η λ → 0. The iteration itself has an `exact` one: without
 * momentum z' = (1 - η λ) z - η ξ/√S, so Var z = (1 - η λ)² Var z + η² c/S gives η c/(S λ (2 - η λ)); with it see `heavyBallVariance`.
 */
import { fail } from '../../engine/graph/errors.ts';
import { symmetricEigen } from '../linear-algebra/index.ts';
import { heavyBallVariance } from './heavy-ball.ts';
import { checkedQuadratic, requireStable, type QuadraticSgd } from './quadratic.ts';

/** The law of the iteration as it is, or of the stochastic differential equation that it approximates. */
export type LawOrder = 'exact' | 'leading-order';

export interface StationaryLaw {
  /** Var z_i. */
  readonly variances: readonly number[];
  /** E[loss] above that of the minimum, ½ Σ λ_i Var z_i. */
  readonly loss: number;
}

/** The stationary law of SGD on a quadratic. @throws QUADRATIC, UNSTABLE */
export function stationaryLaw(settings: QuadraticSgd, order: LawOrder = 'exact'): StationaryLaw {
  const checked = checkedQuadratic('stationaryLaw', settings);
  requireStable('stationaryLaw', checked);
  const { learningRate, batchSize, curvatures, noise, momentum } = checked;
  const variances = curvatures.map((curvature, i) => {
    const variance = (noise[i] as number) / batchSize;
    return order === 'exact'
      ? heavyBallVariance({ learningRate, momentum, curvature, noise: variance })
      : (learningRate * variance) / (2 * curvature * (1 - momentum));
  });
  return { variances, loss: lossOf(curvatures, variances) };
}

/** ½ Σ λ_i s_i. */
function lossOf(curvatures: readonly number[], secondMoments: readonly number[]): number {
  return curvatures.reduce((sum, curvature, i) => sum + 0.5 * curvature * (secondMoments[i] as number), 0);
}

/**
 * E[loss] above that of the minimum to leading order, η Tr C / (4 S (1 - m)), which for C = H is the (η/4S) Tr H of LB. It needs
 * no eigenvalues, so it can be asked of a network.
 *
 * @throws QUADRATIC
 */
export function leadingOrderLoss(
  trace: number,
  { learningRate, batchSize, momentum = 0 }: Pick<QuadraticSgd, 'learningRate' | 'batchSize' | 'momentum'>,
): number {
  checkedQuadratic('leadingOrderLoss', { learningRate, batchSize, curvatures: [1], momentum });
  return (learningRate * trace) / (4 * batchSize * (1 - momentum));
}

/**
 * E[loss] without momentum after some steps from z: every coordinate's second moment is
 * a^{2k} z_i² + (1 - a^{2k}) Var z_i with a = 1 - η λ_i. The leading order has e^{-λ t} in place of a^k, t = η k.
 *
 * @throws QUADRATIC, also for momentum or a start of another length; UNSTABLE
 */
export function transientLoss(
  settings: Omit<QuadraticSgd, 'momentum'>,
  start: readonly number[],
  steps: number,
  order: LawOrder = 'exact',
): number {
  const { learningRate, curvatures } = settings;
  const { variances } = stationaryLaw(settings, order);
  if (start.length !== curvatures.length || !(steps >= 0))
    fail(
      'QUADRATIC',
      `transientLoss: a start of ${start.length} coordinates and ${steps} steps: give ${curvatures.length} coordinates and a number of steps that is not negative.`,
    );
  const seconds = curvatures.map((curvature, i) => {
    const kept =
      order === 'exact'
        ? (1 - learningRate * curvature) ** (2 * steps)
        : Math.exp(-2 * learningRate * curvature * steps);
    return kept * (start[i] as number) ** 2 + (1 - kept) * (variances[i] as number);
  });
  return lossOf(curvatures, seconds);
}

/**
 * The same for linear regression on examples x ~ N(0, Λ), y = x·θ* + N(0, 1), each met once: a quadratic whose gradients have
 * C = H at the minimum, but not beside it. There the covariance of a gradient (x·z - ε) x is, by Isserlis' theorem,
 *     c_i(z) = λ_i + λ_i² z_i² + λ_i Σ_j λ_j z_j²,
 * so with T = Σ λ_j Var z_j = 2 E[loss] the stationary equation Var z_i = (1 - η λ_i)² Var z_i + (η²/S) E c_i gives
 *     Var z_i = η (1 + T) / (S (2 - η λ_i (1 + 1/S))),    T = Q/(1 - Q),    Q = Σ η λ_i / (S (2 - η λ_i (1 + 1/S))).
 * It tends to the law of C = H as η/S does to 0.
 *
 * @throws QUADRATIC; UNSTABLE where second moments grow without bound, which is earlier than without this noise
 */
export function regressionLaw({
  learningRate,
  batchSize,
  curvatures,
}: Pick<QuadraticSgd, 'learningRate' | 'batchSize' | 'curvatures'>): StationaryLaw {
  checkedQuadratic('regressionLaw', { learningRate, batchSize, curvatures });
  const shares = curvatures.map(
    (curvature) => learningRate / (batchSize * (2 - learningRate * curvature * (1 + 1 / batchSize))),
  );
  const q = curvatures.reduce((sum, curvature, i) => sum + curvature * (shares[i] as number), 0);
  if (!(shares.every((share) => share > 0) && q < 1))
    fail(
      'UNSTABLE',
      `regressionLaw: with a rate of ${learningRate}, batches of ${batchSize} and a curvature of ${Math.max(...curvatures)} second moments grow without bound: take a smaller rate or larger batches.`,
    );
  return { variances: shares.map((share) => share / (1 - q)), loss: q / (1 - q) / 2 };
}

/**
 * The stationary covariance for any H and C, [n, n] row-major: Σ = A Σ A + (η²/S) C with A = 1 - η H, in the eigenbasis of H
 *     Σ_ij = (η/S) C_ij / (λ_i + λ_j - η λ_i λ_j),
 * without the last term to leading order. For C = H that is (η/2S) 1.
 *
 * @throws QUADRATIC, also for directions without curvature; UNSTABLE; SHAPE
 */
export function stationaryCovariance(
  hessian: ArrayLike<number>,
  covariance: ArrayLike<number>,
  { learningRate, batchSize }: Pick<QuadraticSgd, 'learningRate' | 'batchSize'>,
  order: LawOrder = 'exact',
): Float64Array {
  const { values, vectors } = symmetricEigen(hessian, { vectors: true });
  const n = values.length;
  if (covariance.length !== n * n)
    fail('SHAPE', `stationaryCovariance: H has ${n * n} elements and C ${covariance.length}: give as many.`);
  const checked = checkedQuadratic('stationaryCovariance', {
    learningRate,
    batchSize,
    curvatures: [...values],
  });
  requireStable('stationaryCovariance', checked);
  const result = new Float64Array(n * n);
  vectors.forEach((u, i) =>
    vectors.forEach((v, j) => {
      const [a, b] = [values[i] as number, values[j] as number];
      const rate = a + b - (order === 'exact' ? learningRate * a * b : 0);
      const weight = ((learningRate / batchSize) * form(covariance, u, v)) / rate;
      for (let r = 0; r < n; r++)
        for (let c = 0; c < n; c++)
          result[r * n + c] = (result[r * n + c] as number) + weight * (u[r] as number) * (v[c] as number);
    }),
  );
  return result;
}

/** uᵀ A v. */
function form(matrix: ArrayLike<number>, u: Float64Array, v: Float64Array): number {
  const n = u.length;
  let sum = 0;
  for (let r = 0; r < n; r++)
    for (let c = 0; c < n; c++) sum += (u[r] as number) * (matrix[r * n + c] as number) * (v[c] as number);
  return sum;
}
