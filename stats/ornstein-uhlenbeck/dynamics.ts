/**
 * The processes of the theory as recorded steps of many independent chains at once, [chains, n] in the eigenbasis of the
 * Hessian. Each step draws from a key of its own, so a chain is a function of the key and of nothing else.
 */
import {
  add,
  matmul,
  mul,
  random,
  reshape,
  sub,
  sum,
  tensor,
  zeros,
  type Tensor,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { checkedQuadratic, type QuadraticSgd } from './quadratic.ts';

/** Position and velocity, [chains, n] each. */
export type ChainState = { readonly z: Tensor; readonly v: Tensor };

export interface Dynamics {
  /** What it is, for tables. */
  readonly name: 'SGD' | 'Euler-Maruyama' | 'Ornstein-Uhlenbeck' | 'regression';
  /** λ. */
  readonly curvatures: readonly number[];
  /** Time of the stochastic differential equation that a step stands for: η for SGD. */
  readonly timePerStep: number;
  /** The state after a step; called while recording. @param key u32[2] */
  step(state: ChainState, key: Tensor): ChainState;
}

/** The chains at a point, [n], or at the minimum, at rest. */
export function chainsAt(dynamics: Dynamics, chains: number, start?: readonly number[]): ChainState {
  const { curvatures } = dynamics;
  if (!Number.isInteger(chains) || chains < 1)
    fail('COUNT', `chainsAt: ${chains} chains: give a positive integer.`);
  if (start && start.length !== curvatures.length)
    fail(
      'SHAPE',
      `chainsAt: a start of ${start.length} coordinates for ${curvatures.length} curvatures: give as many.`,
    );
  const shape = [chains, curvatures.length];
  const still = zeros(shape);
  return { z: start ? add(still, tensor([...start])) : still, v: zeros(shape) };
}

/** The iteration v ← m v + Λ z + √(c/S) ξ, z ← z - η v with standard normal ξ: SGD on a quadratic as the theory has it. */
export function sgdDynamics(settings: QuadraticSgd): Dynamics {
  const { learningRate, batchSize, curvatures, noise, momentum } = checkedQuadratic('sgdDynamics', settings);
  const lambda = row(curvatures);
  const scale = row(noise.map((c) => Math.sqrt(c / batchSize)));
  return {
    name: 'SGD',
    curvatures,
    timePerStep: learningRate,
    step({ z, v }, key) {
      const gradient = add(mul(z, lambda()), mul(random.normal(key, z.shape), scale()));
      const next = momentum === 0 ? gradient : add(mul(v, momentum), gradient);
      return { z: sub(z, mul(next, learningRate)), v: momentum === 0 ? v : next };
    },
  };
}

/**
 * dz = -Λ z dt + √(η/S) √c dW by Euler and Maruyama: z ← z - Λ z dt + √(η c dt/S) ξ. With dt = η it is SGD; smaller steps come
 * closer to the process.
 *
 * @throws QUADRATIC, also for momentum, of which this equation knows nothing; STEP unless dt > 0
 */
export function eulerMaruyama(settings: QuadraticSgd, dt: number): Dynamics {
  const { learningRate, batchSize, curvatures, noise } = withoutMomentum('eulerMaruyama', settings, dt);
  const lambda = row(curvatures);
  const scale = row(noise.map((c) => Math.sqrt((learningRate * c * dt) / batchSize)));
  return {
    name: 'Euler-Maruyama',
    curvatures,
    timePerStep: dt,
    step: ({ z, v }, key) => ({
      z: add(sub(z, mul(mul(z, lambda()), dt)), mul(random.normal(key, z.shape), scale())),
      v,
    }),
  };
}

/**
 * The same process without error, whatever dt: its transition is normal with mean e^{-λ dt} z and variance
 * (η c/(2 S λ)) (1 - e^{-2 λ dt}) (Uhlenbeck & Ornstein, 1930).
 */
export function ornsteinUhlenbeck(settings: QuadraticSgd, dt: number): Dynamics {
  const { learningRate, batchSize, curvatures, noise } = withoutMomentum('ornsteinUhlenbeck', settings, dt);
  const kept = row(curvatures.map((lambda) => Math.exp(-lambda * dt)));
  const scale = row(
    curvatures.map((lambda, i) => {
      const variance = (learningRate * (noise[i] as number)) / (2 * batchSize * lambda);
      return Math.sqrt(variance * -Math.expm1(-2 * lambda * dt));
    }),
  );
  return {
    name: 'Ornstein-Uhlenbeck',
    curvatures,
    timePerStep: dt,
    step: ({ z, v }, key) => ({ z: add(mul(z, kept()), mul(random.normal(key, z.shape), scale())), v }),
  };
}

/**
 * SGD in minibatches on linear regression, every example met once: x ~ N(0, Λ), and the gradient of ½ (x·z - ε)² is (x·z - ε) x
 * with ε ~ N(0, 1). At the minimum C = H; `regressionLaw` has its stationary law.
 */
export function regressionDynamics({
  learningRate,
  batchSize,
  curvatures,
}: Pick<QuadraticSgd, 'learningRate' | 'batchSize' | 'curvatures'>): Dynamics {
  checkedQuadratic('regressionDynamics', { learningRate, batchSize, curvatures });
  const n = curvatures.length;
  const root = row(curvatures.map(Math.sqrt));
  return {
    name: 'regression',
    curvatures,
    timePerStep: learningRate,
    step({ z, v }, key) {
      const chains = z.shape[0] as number;
      const x = mul(random.normal(random.foldIn(key, 0), [chains, batchSize, n]), root());
      const noise = random.normal(random.foldIn(key, 1), [chains, batchSize, 1]);
      const residual = sub(matmul(x, reshape(z, [chains, n, 1])), noise); // [chains, S, 1]
      return { z: sub(z, mul(sum(mul(x, residual), 1), learningRate / batchSize)), v };
    },
  };
}

/** √λ-like constants, made where they are used: a tensor of the host that is recorded is a constant of the record. */
function row(values: readonly number[]): () => Tensor {
  return () => tensor([...values]);
}

function withoutMomentum(what: string, settings: QuadraticSgd, dt: number) {
  const checked = checkedQuadratic(what, settings);
  if (checked.momentum !== 0)
    fail(
      'QUADRATIC',
      `${what}: momentum ${checked.momentum}: this is the equation of plain SGD; leave it away.`,
    );
  if (!(dt > 0 && Number.isFinite(dt))) fail('STEP', `${what}: dt is ${dt}: give a positive number.`);
  return checked;
}
