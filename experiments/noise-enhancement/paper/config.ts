/**
 * What the experiments of the paper can be told: for each network a plan, which is a recipe of training and the grid of
 * α and batch sizes it is run over. Everything is plain data, so `--set plans.C1.batchSizes=100,500` changes it.
 */
import { fail } from '../../../engine/graph/errors.ts';
import { check, checkCounts, natural } from '../../checks.ts';
import { initializers } from '../../../nn/index.ts';
import type { Recipe } from '../training/settings.ts';

/** The networks of the study: F1 for Fashion-MNIST, C1 for CIFAR-10, C2 for CIFAR-100. */
export type NetworkName = 'F1' | 'C1' | 'C2';

export const networkNames: readonly NetworkName[] = ['F1', 'C1', 'C2'];

/** How one network is trained, and over which grid. A `piece` or `microbatch` of 0 is chosen by the memory. */
export interface Plan extends Required<Recipe> {
  /** Every α is run with every B. */
  readonly alphas: readonly number[];
  readonly batchSizes: readonly number[];
  /** Further pairs [α, B]. */
  readonly pairs: readonly (readonly [number, number])[];
  /** A run ends after so many epochs of floor(N / B) steps; 0 is no limit. */
  readonly maxEpochs: number;
}

export interface PaperConfig {
  /** Those of `plans` that are trained. */
  readonly networks: readonly NetworkName[];
  /** Initialisations of every pair. */
  readonly repeats: number;
  /** MiB that the activations of one pass may take, by an estimate; larger batches take several passes. */
  readonly memory: number;
  readonly plans: Readonly<Partial<Record<NetworkName, Plan>>>;
}

const what = 'noise-enhancement';

/** The plan of a network. @throws CONFIG if there is none */
export function planOf({ plans }: PaperConfig, network: NetworkName): Plan {
  const plan = plans[network];
  if (plan) return plan;
  return fail(
    'CONFIG',
    `${what}: networks has ${network}, but plans has only ${Object.keys(plans).join(', ')}.`,
  );
}

/** @throws CONFIG for a configuration that makes no sense, naming the field */
export function checkConfig(config: PaperConfig): void {
  const { networks, repeats, memory } = config;
  check(what, networks.length > 0, 'networks is empty: name at least one of F1, C1, C2');
  checkCounts(what, { repeats });
  check(what, memory > 0, `memory is ${memory}: give the MiB of one pass`);
  for (const network of networks) checkPlan(`plans.${network}.`, planOf(config, network));
}

function checkPlan(at: string, plan: Plan): void {
  const { alphas, batchSizes, pairs, ghost, stages, hidden, trainExamples } = plan;
  for (const field of COUNTS)
    check(what, natural(plan[field]), `${at}${field} is ${plan[field]}: give a natural number`);
  check(
    what,
    alphas.length * batchSizes.length + pairs.length > 0,
    `${at}alphas, batchSizes and pairs make no pair of α and B: give some`,
  );
  const sizes = [...batchSizes, ...pairs.map(([, size]) => size)];
  const smallest = Math.max(1, ghost);
  const largest = trainExamples || Infinity;
  for (const size of sizes)
    check(
      what,
      natural(size) && size >= smallest && size <= largest,
      `${at}batchSizes and pairs hold B = ${size}: a batch has at least ${smallest} examples, one ghost group, and at most the training set's ${largest === Infinity ? 'number' : largest}`,
    );
  for (const alpha of [...alphas, ...pairs.map(([first]) => first)])
    check(what, Number.isFinite(alpha), `${at}alphas and pairs hold α = ${alpha}: give finite numbers`);
  check(
    what,
    [...stages.flat(), ...hidden].every((units) => natural(units) && units > 0) &&
      stages.every((stage) => stage.length > 0),
    `${at}stages and hidden are ${JSON.stringify([stages, hidden])}: give positive numbers of channels and units`,
  );
  check(
    what,
    stages.length === 0 ? ghost === 0 : ghost > 1,
    `${at}ghost is ${ghost} and stages are ${JSON.stringify(stages)}: what leaves a convolution is normalised in groups of at least 2, and without convolutions there are none: 0`,
  );
  check(
    what,
    Object.hasOwn(initializers, plan.initializer),
    `${at}initializer is '${plan.initializer}': take one of ${Object.keys(initializers).join(', ')}`,
  );
  check(
    what,
    plan.optimizer === 'adam' || plan.optimizer === 'sgd',
    `${at}optimizer is '${plan.optimizer}': take adam or sgd`,
  );
  check(
    what,
    plan.form === 'one-pass' || plan.form === 'two-pass',
    `${at}form is '${plan.form}': take one-pass or two-pass`,
  );
  check(
    what,
    plan.learningRate >= 0 && plan.momentum >= 0 && plan.momentum < 1,
    `${at}learningRate is ${plan.learningRate} and momentum ${plan.momentum}: a rate of at least 0, a momentum in [0, 1)`,
  );
  check(
    what,
    plan.maxSteps > 0 || plan.maxExamples > 0 || plan.maxEpochs > 0,
    `${at}maxSteps, maxExamples and maxEpochs are all 0: one of them must limit a run that never converges`,
  );
}

const COUNTS = [
  'ghost',
  'trainExamples',
  'testExamples',
  'statisticsExamples',
  'lossExamples',
  'piece',
  'microbatch',
  'maxSteps',
  'maxExamples',
  'maxEpochs',
  'lossEvery',
  'testEvery',
] as const satisfies readonly (keyof Plan)[];
