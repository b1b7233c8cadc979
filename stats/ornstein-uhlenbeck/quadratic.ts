/**
 * SGD on a quadratic loss, as plain data: what the predictions and the simulators are both told. In the eigenbasis of the
 * Hessian H = V Λ Vᵀ, z = Vᵀ(θ - θ*), the loss is ½ Σ λ_i z_i² and a step is
 *     v ← m v + Λ z + ξ/√S,    z ← z - η v,    Var ξ_i = c_i = (Vᵀ C V)_ii.
 * LB prints the loss without the ½, with which the Hessian would be 2H; here it is with.
 */
import { fail } from '../../engine/graph/errors.ts';

export interface QuadraticSgd {
  /** η. */
  readonly learningRate: number;
  /** S. */
  readonly batchSize: number;
  /** λ_i, the eigenvalues of H, all positive. */
  readonly curvatures: readonly number[];
  /** c_i, the variance of one example's gradient along each eigenvector. Default the curvatures: C = H. */
  readonly noise?: readonly number[];
  /** m of heavy-ball momentum, in [0, 1). Default 0. */
  readonly momentum?: number;
}

/** The settings with everything in them. */
export type CheckedQuadratic = Required<QuadraticSgd>;

/**
 * Whether the iteration has a stationary law: |roots of x² - (1 + m - η λ) x + m| < 1, which is 0 < η λ < 2 (1 + m) for
 * every λ (Polyak, 1964).
 */
export function isStable(settings: QuadraticSgd): boolean {
  const { learningRate, curvatures, momentum } = checkedQuadratic('isStable', settings);
  return learningRate * Math.max(...curvatures) < 2 * (1 + momentum);
}

/** @throws QUADRATIC for rates, sizes, curvatures, noise or momentum that make no sense */
export function checkedQuadratic(what: string, settings: QuadraticSgd): CheckedQuadratic {
  const { learningRate, batchSize, curvatures, noise = curvatures, momentum = 0 } = settings;
  const demand = (condition: boolean, found: string, wanted: string): void => {
    if (!condition) fail('QUADRATIC', `${what}: ${found}: ${wanted}.`);
  };
  const finite = (value: number): boolean => Number.isFinite(value);
  demand(
    finite(learningRate) && learningRate > 0,
    `the learning rate is ${learningRate}`,
    'give a positive number',
  );
  demand(Number.isInteger(batchSize) && batchSize > 0, `a batch of ${batchSize}`, 'give a positive integer');
  demand(curvatures.length > 0, 'there are no curvatures', 'give at least one');
  const flat = curvatures.find((value) => !(finite(value) && value > 0));
  demand(
    flat === undefined,
    `a curvature is ${flat}`,
    'there is a stationary law along directions of positive curvature only; leave the others out',
  );
  demand(
    noise.length === curvatures.length,
    `${noise.length} variances of noise for ${curvatures.length} curvatures`,
    'give one each',
  );
  const negative = noise.find((value) => !(finite(value) && value >= 0));
  demand(
    negative === undefined,
    `a variance of the noise is ${negative}`,
    'give numbers that are not negative',
  );
  demand(momentum >= 0 && momentum < 1, `the momentum is ${momentum}`, 'give a number in [0, 1)');
  return { learningRate, batchSize, curvatures, noise, momentum };
}

/** @throws UNSTABLE where the iteration diverges */
export function requireStable(what: string, settings: CheckedQuadratic): void {
  const { learningRate, curvatures, momentum } = settings;
  const largest = Math.max(...curvatures);
  if (!(learningRate * largest < 2 * (1 + momentum)))
    fail(
      'UNSTABLE',
      `${what}: with a rate of ${learningRate}, momentum ${momentum} and a curvature of ${largest} the iteration diverges and has no stationary law: ` +
        `take a rate below ${((2 * (1 + momentum)) / largest).toPrecision(4)}.`,
    );
}
