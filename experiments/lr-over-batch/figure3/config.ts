/** The grid of learning rates and batch sizes of figure 3. */
import type { DatasetName, SamplingMode } from '../../../data/index.ts';
import type { LengthSpec, TrainingCell } from '../../training/settings.ts';
import type { PresetName } from '../../types.ts';
import { checkCurvature, type CurvatureOptions } from '../curvature.ts';
import { perceptron, small, tiny } from '../networks.ts';
import { check, checkCounts, positive } from '../../checks.ts';
import { datasetOf, type Plan } from '../../training/plan.ts';
import { checkPair, planNamed } from '../plan.ts';

/** One network and the η and S that it is trained with. */
export type GridPlan = Plan & {
  readonly sampling: SamplingMode;
  /** Of every training: epochs, or time η·steps, which is what the equation of the theory counts in. */
  readonly length: Pick<LengthSpec, 'epochs' | 'time'>;
  /** [η, S]. */
  readonly pairs: readonly (readonly [rate: number, batchSize: number])[];
  /** Looks at the training loss on the way; the mean over the last quarter of them is E[loss]. */
  readonly looks: number;
  readonly curvature: CurvatureOptions;
};

export interface GridConfig {
  /** Which of the plans are trained. */
  readonly networks: readonly string[];
  /** Initialisations of every pair. */
  readonly repeats: number;
  readonly plans: Readonly<Record<string, GridPlan>>;
}

/** What tells one training from the others. A type, so that it is plain data. */
export type GridMarks = {
  readonly network: string;
  readonly rate: number;
  readonly batchSize: number;
  readonly replica: number;
};

/** @throws CONFIG */
export function checkGrid(what: string, { networks, repeats, plans }: GridConfig): void {
  checkCounts(what, { repeats });
  check(what, networks.length > 0, `networks is empty: name some of ${Object.keys(plans).join(', ')}`);
  for (const name of networks) {
    const { images, length, pairs, looks, curvature } = planNamed(what, plans, name);
    const at = `${what}, ${name}`;
    check(
      at,
      (length.epochs === undefined) !== (length.time === undefined) &&
        positive(length.epochs ?? length.time ?? 0),
      `length is ${JSON.stringify(length)}: give either epochs or time, a positive number`,
    );
    check(at, pairs.length > 0, 'pairs is empty: give [learning rate, batch size]');
    for (const [rate, batchSize] of pairs) checkPair(at, rate, batchSize, images.trainExamples);
    checkCounts(at, { looks });
    checkCurvature(at, curvature);
  }
}

/** @throws CONFIG */
export function gridCells(
  what: string,
  config: GridConfig,
  seed: number,
  data: DatasetName | 'published',
): readonly TrainingCell[] {
  checkGrid(what, config);
  return config.networks.flatMap((name) => {
    const plan = planNamed(what, config.plans, name);
    const { network, images, sampling, length, pairs, looks, curvature } = plan;
    const dataset = datasetOf(plan, data);
    return pairs.flatMap(([rate, batchSize]) =>
      Array.from({ length: config.repeats }, (_, replica): TrainingCell => ({
        dataset,
        seed,
        network: name,
        training: {
          network,
          images,
          optimizer: { name: 'sgd' },
          learningRate: rate,
          batchSize,
          sampling,
          length,
          measure: {
            trainLoss:
              length.time === undefined
                ? { epochs: Math.max(1, Math.floor((length.epochs as number) / looks)) }
                : { steps: Math.max(1, Math.floor(length.time / rate / looks)) },
            extra: [{ name: 'curvature', at: { end: true }, options: curvature }],
          },
          replica,
        },
      })),
    );
  });
}

export function gridMarks({ network, training }: TrainingCell): GridMarks {
  const { learningRate, batchSize, replica } = training;
  return {
    network: network as string,
    rate: learningRate as number,
    batchSize: batchSize as number,
    replica,
  };
}

export function gridLabel(cell: TrainingCell): string {
  const { network, rate, batchSize, replica } = gridMarks(cell);
  return `${network}, η ${rate}, S ${batchSize}, initialisation ${replica + 1}`;
}

/** Every η/S with every S, but for rates above `most`. */
export function byRatio(
  ratios: readonly number[],
  sizes: readonly number[],
  { most }: { readonly most: number },
): GridPlan['pairs'] {
  return ratios
    .flatMap((ratio) => sizes.map((size) => [ratio * size, size] as const))
    .filter(([rate]) => rate <= most);
}

const exact: CurvatureOptions = { examples: 0, iterations: 40, probes: 24, difference: 0 };

/** papers.md 2.3, small LB-3: without normalisation, at equal η·steps. */
const smallPlan: GridPlan = {
  ...small(1000),
  sampling: 'iid-with-replacement',
  length: { time: 1500 },
  pairs: byRatio([1 / 256, 1 / 128, 1 / 64, 1 / 32], [16, 32, 64, 128], {
    most: 1,
  }),
  looks: 20,
  curvature: exact,
};

/** The variant with normalisation in groups of a fixed size, so that its noise does not depend on S. */
const ghostPlan: GridPlan = {
  data: 'fashion-mnist',
  network: { kind: 'mlp', hidden: [48, 48, 48], norm: 10, initializer: 'heNormal' },
  images: { trainExamples: 2000, testExamples: 0, pool: true },
  sampling: 'epoch-shuffle',
  length: { epochs: 60 },
  pairs: [5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2].flatMap((ratio) =>
    [10, 40, 80].map((size) => [ratio * size, size] as const),
  ),
  looks: 20,
  curvature: exact,
};

const paperPlan: GridPlan = {
  ...perceptron,
  sampling: 'epoch-shuffle',
  length: { epochs: 200 },
  // η from 0.005 to 0.1 and S from 25 to 1000: papers.md 2.3; which of them is not said.
  pairs: [0.005, 0.01, 0.025, 0.05, 0.1].flatMap((rate) =>
    [25, 50, 100, 250, 1000].map((size) => [rate, size] as const),
  ),
  looks: 40,
  curvature: { ...exact, examples: 1000 },
};

const tinyPlan: GridPlan = {
  ...tiny,
  sampling: 'iid-with-replacement',
  length: { time: 10 },
  pairs: [
    [0.25, 16],
    [0.5, 16],
    [0.5, 32],
  ],
  looks: 4,
  curvature: { ...exact, iterations: 8, probes: 4 },
};

export const gridPresets: Readonly<Record<PresetName, GridConfig>> = {
  smoke: { networks: ['MLP'], repeats: 2, plans: { MLP: tinyPlan } },
  small: { networks: ['MLP'], repeats: 3, plans: { MLP: smallPlan, 'MLP-GBN': ghostPlan } },
  medium: {
    networks: ['MLP-BN'],
    repeats: 1,
    plans: {
      'MLP-BN': {
        ...paperPlan,
        images: { trainExamples: 10_000, testExamples: 0 },
        length: { epochs: 100 },
        pairs: [0.01, 0.025, 0.1].flatMap((rate) => [25, 50, 100, 250].map((size) => [rate, size] as const)),
      },
    },
  },
  paper: { networks: ['MLP-BN'], repeats: 1, plans: { 'MLP-BN': paperPlan } },
};
