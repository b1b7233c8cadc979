/**
 * The sizes of the paper's experiments: papers.md 1.3. `paper` is the published grid; the others keep the recipe
 * and the order of α and B on smaller networks and fewer images.
 */
import type { PresetName } from '../../types.ts';
import type { NetworkName, PaperConfig, Plan } from './config.ts';

/** The published recipe, for all networks: papers.md 1.2. */
const published: Plan = {
  stages: [],
  ghost: 0,
  hidden: [],
  initializer: 'glorotUniform',
  trainExamples: 0,
  testExamples: 0,
  pool: false,
  standardize: false,
  statisticsExamples: 0,
  lossExamples: 0,
  piece: 0,
  microbatch: 0,
  optimizer: 'adam',
  learningRate: 1e-3,
  momentum: 0,
  form: 'one-pass',
  sampling: 'epoch-shuffle',
  halveAt: 0.01,
  stopBelow: 0.001,
  maxSteps: 100_000,
  maxExamples: 0,
  maxEpochs: 0,
  lossEvery: 0,
  testEvery: 0,
  alphas: [],
  batchSizes: [],
  pairs: [],
};

/** Images of CIFAR are standardised per channel; the study does not say what it did. */
const convolutional: Plan = { ...published, ghost: 100, standardize: true };

type Plans = Readonly<Record<NetworkName, Plan>>;
type Grid = Pick<Plan, 'alphas' | 'batchSizes' | 'pairs'>;

/** The networks at every size, without their grids. */
const networks: Readonly<Record<PresetName, Plans>> = {
  smoke: smokePlans(),
  small: smallPlans(),
  medium: mediumPlans(),
  paper: {
    F1: { ...published, hidden: Array<number>(7).fill(500) },
    C1: { ...convolutional, stages: [64, 128, 256].map((channels) => [channels, channels, channels]) },
    C2: {
      ...convolutional,
      stages: [...[64, 128, 256].map((channels) => [channels, channels, channels]), [512, 512]],
      hidden: [1024],
      halveAt: 0.02,
    },
  },
};

/** Steps enough to see every part at work, and too few to show anything: of its time most is compilation. */
function smokePlans(): Plans {
  const few = { trainExamples: 200, testExamples: 200, pool: true } as const;
  const tiny: Plan = {
    ...convolutional,
    ...few,
    ghost: 25,
    stages: [[4], [8]],
    statisticsExamples: 100,
    lossExamples: 100,
    maxSteps: 10,
    lossEvery: 5,
  };
  return {
    F1: {
      ...published,
      ...few,
      hidden: [32, 32],
      halveAt: 0.5,
      stopBelow: 0.1,
      maxSteps: 100,
      lossEvery: 20,
    },
    C1: tiny,
    C2: { ...tiny, hidden: [16] },
  };
}

/** Small B and Small C of papers.md 1.3, on images of half the side. C2's is ours: C1's, and one stage and a layer more. */
function smallPlans(): Plans {
  const few = { trainExamples: 500, pool: true } as const;
  const nano: Plan = {
    ...convolutional,
    ...few,
    testExamples: 4000,
    stages: [[16], [32], [32]],
    ghost: 25,
    halveAt: 0.3,
    stopBelow: 0.1,
    lossEvery: 10,
    maxSteps: 800,
  };
  return {
    F1: {
      ...published,
      ...few,
      hidden: [64, 64],
      halveAt: 0.05,
      stopBelow: 0.01,
      lossEvery: 25,
      maxSteps: 6000,
    },
    C1: nano,
    C2: { ...nano, stages: [[16], [32], [32], [32]], hidden: [64] },
  };
}

/** F1 as published on 10,000 images, at most 1.2 million example-gradients; C1-mini and its like, at most 30 epochs. */
function mediumPlans(): Plans {
  const mini: Plan = {
    ...convolutional,
    trainExamples: 10_000,
    testExamples: 5000,
    stages: [[16], [32], [64]],
    maxSteps: 0,
    maxEpochs: 30,
  };
  return {
    F1: {
      ...published,
      hidden: Array<number>(7).fill(500),
      trainExamples: 10_000,
      maxSteps: 0,
      maxExamples: 1_200_000,
    },
    C1: mini,
    C2: { ...mini, stages: [[16], [32], [64], [128]], hidden: [128], halveAt: 0.02 },
  };
}

/** The grids of one experiment at every size, for the networks that it trains. */
export type Grids = Readonly<Record<PresetName, Readonly<Partial<Record<NetworkName, Grid>>>>>;

/** Initialisations of every pair. */
const repeats: Readonly<Record<PresetName, number>> = { smoke: 2, small: 3, medium: 1, paper: 10 };

/** The configurations of an experiment. */
export function presetsOf(grids: Grids): Readonly<Record<PresetName, PaperConfig>> {
  const preset = (name: PresetName): PaperConfig => {
    const chosen = Object.entries(grids[name]) as [NetworkName, Grid][];
    return {
      networks: chosen.map(([network]) => network),
      repeats: repeats[name],
      memory: 1024,
      plans: Object.fromEntries(
        chosen.map(([network, grid]) => [network, { ...networks[name][network], ...grid }]),
      ),
    };
  };
  return { smoke: preset('smoke'), small: preset('small'), medium: preset('medium'), paper: preset('paper') };
}
