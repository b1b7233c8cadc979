/**
 * Chains run and measured. The independent unit is a chain: what a chain shows at several times is averaged first, so that
 * standard errors hold however correlated the times are.
 */
import {
  add,
  concat,
  expandDims,
  jit,
  mul,
  random,
  square,
  sum,
  tensor,
  tree,
  zeros,
  type Tensor,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { emptyMoments, observe, readEstimates, type Estimate } from '../moments.ts';
import { chainsAt, type ChainState, type Dynamics } from './dynamics.ts';

export interface SimulationOptions {
  /** u32[2]. */
  readonly key: Tensor;
  /** Independent chains. */
  readonly chains: number;
  /** Where all chains start, [n]. Default the minimum. */
  readonly start?: readonly number[];
  /** Called after every look, with the steps made. */
  readonly progress?: (steps: number) => void;
}

export interface StationaryOptions extends SimulationOptions {
  /** Steps before the first look. */
  readonly burnIn: number;
  /** Looks, and steps from one to the next. */
  readonly looks: number;
  readonly every: number;
}

export interface StationaryMoments {
  /** E z_i² of each coordinate. */
  readonly secondMoments: readonly Estimate[];
  /** E[½ Σ λ_i z_i²]. */
  readonly loss: Estimate;
  /** Steps of each chain. */
  readonly steps: number;
}

/** Steps in one recorded program. */
const UNROLLED = 4;

/**
 * Second moments over chains and times after the burn-in.
 * @throws COUNT for numbers that are none, or a single chain, which has no standard error; NON_FINITE if chains diverged
 */
export async function simulateStationary(
  dynamics: Dynamics,
  options: StationaryOptions,
): Promise<StationaryMoments> {
  const { burnIn, looks, every, chains } = options;
  requireNatural('burnIn', burnIn, 0);
  requireNatural('looks', looks, 1);
  requireNatural('every', every, 1);
  requireNatural('chains', chains, 2);
  const n = dynamics.curvatures.length;
  const runner = runnerOf(dynamics, options);
  const look = jit((sums: Tensor, { z }: ChainState): Tensor => add(sums, observables(dynamics, z)), {
    donate: [0],
  });
  let sums = zeros([chains, n + 1]);
  try {
    for (let k = 0; k < looks; k++) {
      await runner.advance(k === 0 ? burnIn + every : every);
      sums = look(sums, runner.state());
      options.progress?.(runner.steps());
    }
    const estimates = await readEstimates(observe(emptyMoments([n + 1]), mul(sums, 1 / looks)));
    estimates.forEach(({ value }) => requireFinite(value, dynamics));
    return {
      secondMoments: estimates.slice(0, n),
      loss: estimates[n] as Estimate,
      steps: runner.steps(),
    };
  } finally {
    sums.dispose();
    look.dispose();
    runner.dispose();
  }
}

export interface TransientOptions extends SimulationOptions {
  /** Steps after which the loss is looked at, ascending; 0 is the start. */
  readonly at: readonly number[];
}

export interface TransientPoint {
  readonly step: number;
  /** Of the stochastic differential equation: steps times `timePerStep`. */
  readonly time: number;
  readonly loss: Estimate;
}

/** The mean loss on the way. @throws COUNT, NON_FINITE as {@link simulateStationary} */
export async function simulateTransient(
  dynamics: Dynamics,
  options: TransientOptions,
): Promise<TransientPoint[]> {
  requireNatural('chains', options.chains, 2);
  options.at.forEach((step, k) => requireNatural('at', step, k === 0 ? 0 : (options.at[k - 1] as number)));
  const n = dynamics.curvatures.length;
  const runner = runnerOf(dynamics, options);
  const look = jit(({ z }: ChainState) => observe(emptyMoments([n + 1]), observables(dynamics, z)));
  const points: TransientPoint[] = [];
  try {
    for (const step of options.at) {
      await runner.advance(step - runner.steps());
      const loss = (await readEstimates(look(runner.state())))[n] as Estimate;
      requireFinite(loss.value, dynamics);
      points.push({ step, time: step * dynamics.timePerStep, loss });
      options.progress?.(step);
    }
    return points;
  } finally {
    look.dispose();
    runner.dispose();
  }
}

/** z_i² of every chain, and its loss: [chains, n + 1]. */
function observables({ curvatures }: Dynamics, z: Tensor): Tensor {
  const squares = square(z);
  return concat([squares, expandDims(mul(sum(mul(squares, tensor([...curvatures])), 1), 0.5), 1)], 1);
}

interface Runner {
  advance(steps: number): Promise<void>;
  state(): ChainState;
  steps(): number;
  dispose(): void;
}

/** Wait for the device after so many programs, so that what is queued stays bounded. */
const PROGRAMS_AHEAD = 32;

function runnerOf(dynamics: Dynamics, { key, chains, start }: SimulationOptions): Runner {
  const programOf = (length: number) =>
    jit(
      (
        state: ChainState,
        root: Tensor,
        done: Tensor,
      ): { readonly state: ChainState; readonly done: Tensor } => ({
        state: Array.from({ length }, (_, k) => k).reduce(
          (at, k) => dynamics.step(at, random.foldIn(root, add(done, k))),
          state,
        ),
        done: add(done, length),
      }),
      { donate: [0, 2] },
    );
  const [several, single] = [programOf(UNROLLED), programOf(1)];
  let state = chainsAt(dynamics, chains, start);
  let [counter, steps] = [zeros([], 'i32'), 0];
  return {
    async advance(count) {
      const until = steps + count;
      for (let programs = 1; steps < until; programs++) {
        const length = until - steps >= UNROLLED ? UNROLLED : 1;
        const next = (length === UNROLLED ? several : single)(state, key, counter);
        [state, counter] = [next.state, next.done];
        steps += length;
        if (programs % PROGRAMS_AHEAD === 0) await counter.item();
      }
    },
    state: () => state,
    steps: () => steps,
    dispose() {
      several.dispose();
      single.dispose();
      tree.leaves([state, counter]).forEach((leaf) => leaf.dispose());
    },
  };
}

function requireNatural(what: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    fail('COUNT', `A simulation with ${what} ${value}: give an integer of at least ${least}.`);
}

function requireFinite(value: number, { name }: Dynamics): void {
  if (!Number.isFinite(value))
    fail('NON_FINITE', `The chains of ${name} diverged: take a learning rate below 2/λ_max.`);
}
