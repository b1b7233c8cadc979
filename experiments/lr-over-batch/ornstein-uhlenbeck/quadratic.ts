/** Simulated chains on the quadratic, each beside what theory says of it. */
import { random, type Tensor } from '../../../engine/index.ts';
import {
  eulerMaruyama,
  isStable,
  ornsteinUhlenbeck,
  regressionDynamics,
  regressionLaw,
  sgdDynamics,
  simulateStationary,
  simulateTransient,
  stationaryLaw,
  transientLoss,
  type Dynamics,
  type QuadraticSgd,
  type StationaryLaw,
} from '../../../stats/index.ts';
import type { RunContext, RunRecord } from '../../types.ts';
import type { QuadraticConfig, RescalingConfig } from './config.ts';

/** The record `stationary`: the variance of one coordinate, or the mean loss. */
export interface StationaryRecord extends RunRecord {
  readonly name: 'stationary';
  readonly process: string;
  /** λ of the coordinate; null for the loss. */
  readonly curvature: number | null;
  /** η/2S, or η/(4S) Tr H, with a rate of η/(1 - m) for momentum. */
  readonly leading: number;
  /** Of the process as it is. */
  readonly exact: number;
  readonly measured: number;
  readonly standardError: number;
}

/** The record `transient`: the mean loss at a time. */
export interface TransientRecord extends RunRecord {
  readonly name: 'transient';
  readonly factor: number;
  readonly learningRate: number;
  readonly batchSize: number;
  /** η·steps. */
  readonly time: number;
  readonly measured: number;
  readonly standardError: number;
  /** Of the iteration, and of the equation, which is the same for all β. */
  readonly exact: number;
  readonly leading: number;
}

interface Process {
  readonly name: string;
  readonly dynamics: Dynamics;
  readonly law: StationaryLaw;
  readonly leading: StationaryLaw;
  readonly chains: number;
  /** Steps of this process for one of SGD. */
  readonly stretch: number;
}

export function processesOf(config: QuadraticConfig): readonly Process[] {
  const { learningRate, batchSize, curvatures, momentum, refinement, chains, regressionChains } = config;
  const plain: QuadraticSgd = { learningRate, batchSize, curvatures };
  // With the rate η (1 - m) momentum has the leading-order law of plain SGD with η.
  const heavy: QuadraticSgd = { ...plain, learningRate: learningRate * (1 - momentum), momentum };
  const dt = learningRate / refinement;
  const leading = stationaryLaw(plain, 'leading-order');
  const common = { leading, chains, stretch: 1 };
  return [
    { name: 'SGD', dynamics: sgdDynamics(plain), law: stationaryLaw(plain), ...common },
    {
      name: `SGD with momentum ${momentum}, rate η(1 − m)`,
      dynamics: sgdDynamics(heavy),
      law: stationaryLaw(heavy),
      ...common,
    },
    {
      name: `Euler–Maruyama, dt = η/${refinement}`,
      dynamics: eulerMaruyama(plain, dt),
      // It is SGD with the rate dt and noise of η/dt times the variance.
      law: stationaryLaw({ ...plain, learningRate: dt, noise: curvatures.map((c) => c * refinement) }),
      ...common,
      stretch: refinement,
    },
    {
      name: 'Ornstein–Uhlenbeck',
      dynamics: ornsteinUhlenbeck(plain, learningRate),
      law: leading,
      ...common,
    },
    {
      name: 'regression, minibatches of fresh examples',
      dynamics: regressionDynamics(plain),
      law: regressionLaw(plain),
      ...common,
      chains: regressionChains,
    },
  ];
}

// Folded into the seed's key, with the number of the process.
const STATIONARY = 1;
const TRANSIENT = 2;

export async function* measureStationary(
  config: QuadraticConfig,
  { seed, signal, progress }: RunContext,
): AsyncGenerator<RunRecord> {
  const { burnIn, looks, every, curvatures } = config;
  const key = random.foldIn(random.key(seed), STATIONARY);
  for (const [k, { name, dynamics, law, leading, chains, stretch }] of processesOf(config).entries()) {
    if (signal.aborted) return;
    const total = Math.round((burnIn + looks * every) * stretch);
    const found = await simulateStationary(dynamics, {
      key: random.foldIn(key, k),
      chains,
      burnIn: Math.round(burnIn * stretch),
      looks,
      every: Math.max(1, Math.round(every * stretch)),
      progress: (done) => progress({ done, total: Math.max(total, done), unit: 'steps', note: name }),
    });
    for (const [i, { value, standardError }] of [...found.secondMoments, found.loss].entries()) {
      const record: StationaryRecord = {
        kind: 'result',
        name: 'stationary',
        process: name,
        curvature: curvatures[i] ?? null,
        leading: leading.variances[i] ?? leading.loss,
        exact: law.variances[i] ?? law.loss,
        measured: value,
        standardError,
      };
      yield record;
    }
  }
}

/** The approach to the stationary law from one point, at every (βη, βS): a function of the time η·steps, if theory holds. */
export async function* measureTransient(
  { learningRate, batchSize, curvatures }: QuadraticConfig,
  { factors, start, time, looks, chains }: RescalingConfig,
  { seed, signal, progress }: RunContext,
): AsyncGenerator<RunRecord> {
  const key: Tensor = random.foldIn(random.key(seed), TRANSIENT);
  const deviation = Math.sqrt(learningRate / (2 * batchSize));
  const from = curvatures.map(() => start * deviation);
  for (const [k, factor] of factors.entries()) {
    if (signal.aborted) return;
    const settings = {
      learningRate: factor * learningRate,
      batchSize: Math.round(factor * batchSize),
      curvatures,
    };
    const common = { factor, learningRate: settings.learningRate, batchSize: settings.batchSize };
    if (!isStable(settings)) {
      yield { kind: 'event', name: 'unstable', ...common, largest: Math.max(...curvatures) };
      continue;
    }
    const steps = Math.max(1, Math.round(time / settings.learningRate));
    const at = [
      ...new Set(Array.from({ length: looks + 1 }, (_, look) => Math.round((steps * look) / looks))),
    ];
    const points = await simulateTransient(sgdDynamics(settings), {
      key: random.foldIn(key, k),
      chains,
      start: from,
      at,
      progress: (done) => progress({ done, total: steps, unit: 'steps', note: `β ${factor}` }),
    });
    for (const { step, time: reached, loss } of points) {
      const record: TransientRecord = {
        kind: 'metric',
        name: 'transient',
        ...common,
        time: reached,
        measured: loss.value,
        standardError: loss.standardError,
        exact: transientLoss(settings, from, step),
        leading: transientLoss(settings, from, step, 'leading-order'),
      };
      yield record;
    }
  }
}
