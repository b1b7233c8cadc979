/** Figure 10: discarding the examples with small losses during the first epochs. */
import type { GridExperiment } from '../../grid.ts';
import { spread } from '../../spread.ts';
import { undecided } from '../../verdicts.ts';
import { decideGreater } from '../decide.ts';
import { check, checkCounts } from '../../checks.ts';
import type { Plan } from '../../training/plan.ts';
import { alexnet, alexnetMedium, k16, tiny } from '../plan.ts';
import { accuraciesDuring, armOf, comparison, finals, paired, type Arms, type Way } from './arms.ts';

export interface Figure10Config {
  readonly plan: Plan;
  /** Batch sizes ascend; each is trained with and without discarding. */
  readonly settings: readonly {
    readonly batchSize: number;
    readonly rate: number;
    readonly epochs: number;
  }[];
  /** p, and the epochs in which it is discarded. */
  readonly fraction: number;
  readonly discardEpochs: number;
  readonly repeats: number;
}

/** Of claims: two for every batch size, and one more. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

type Setting = Figure10Config['settings'][number];

const plain = ({ batchSize, rate, epochs }: Setting): Way => ({ batchSize, learningRate: rate, epochs });

const discarding = (setting: Setting, { fraction, discardEpochs: epochs }: Figure10Config): Way => ({
  ...plain(setting),
  loss: { discard: { fraction, epochs } },
});

export const figure10: GridExperiment<Figure10Config> = comparison<Figure10Config>({
  figure: 'figure10',
  title: 'Curvature and learning rate, figure 10: discarding small losses in training',
  description:
    'Does discarding the 30 % smallest losses of each batch during the first epochs improve training at large batches? AlexNet on CIFAR-10.',
  lead: 'Of every batch the share p with the smallest losses is left out during the first epochs, at several batch sizes. The paper shows an improvement at B = 2000 and 8000, and little effect above.',
  presets: {
    smoke: {
      plan: tiny,
      settings: [{ batchSize: 40, rate: 0.05, epochs: 2 }],
      fraction: 0.3,
      discardEpochs: 1,
      repeats: 1,
    },
    // papers.md 4.4.
    small: {
      plan: k16,
      settings: [
        { batchSize: 250, rate: 0.2, epochs: 20 },
        { batchSize: 500, rate: 0.05, epochs: 15 },
      ],
      fraction: 0.3,
      discardEpochs: 10,
      repeats: 3,
    },
    medium: {
      plan: alexnetMedium,
      settings: [
        { batchSize: 500, rate: 0.05, epochs: 20 },
        { batchSize: 2000, rate: 0.05, epochs: 20 },
      ],
      fraction: 0.3,
      discardEpochs: 12,
      repeats: 1,
    },
    // CL gives p, 100 epochs and the batch sizes; 160 epochs and the rate are ours.
    paper: {
      plan: alexnet,
      settings: [2000, 8000, 16_000].map((batchSize) => ({ batchSize, rate: 0.05, epochs: 160 })),
      fraction: 0.3,
      discardEpochs: 100,
      repeats: 5,
    },
  },
  prototype: {
    'B 250, lr 0.2': 0.45,
    'B 250, lr 0.2, p 0.3 for 10 epochs': 0.449,
    'B 500, lr 0.05': 0.297,
    'B 500, lr 0.05, p 0.3 for 10 epochs': 0.27,
  },
  ways(config) {
    const { settings, discardEpochs, fraction } = config;
    check(
      'curvature-lr/figure10',
      settings.length > 0 && 2 * settings.length < LETTERS.length,
      `there are ${settings.length} settings: give 1 to 12`,
    );
    check(
      'curvature-lr/figure10',
      fraction > 0 && fraction < 1,
      `fraction is ${fraction}: give a share between 0 and 1, both not included`,
    );
    checkCounts('curvature-lr/figure10', { discardEpochs });
    return settings.flatMap((setting) => [plain(setting), discarding(setting, config)]);
  },
  claims: (arms, config) => [
    ...config.settings.flatMap((setting, k) => claimsAt(arms, config, setting, k)),
    {
      letter: LETTERS[2 * config.settings.length]!,
      short: 'the gain at the end is smaller at the largest B',
      statement: 'At the largest batch size discarding has less of an effect.',
      test: 'Mann and Whitney’s test of the gains at the end, by initialisation, from the largest batch size to the smallest.',
      ...(config.settings.length < 2
        ? undecided('only one batch size was trained.')
        : decideGreater(
            [
              `gain at B = ${config.settings.at(-1)!.batchSize}`,
              gains(arms, config, config.settings.at(-1)!),
            ],
            [`at B = ${config.settings[0]!.batchSize}`, gains(arms, config, config.settings[0]!)],
          )),
    },
  ],
});

function claimsAt(arms: Arms, config: Figure10Config, setting: Setting, k: number) {
  const { discardEpochs } = config;
  const [without, with_] = [armOf(arms, plain(setting)), armOf(arms, discarding(setting, config))];
  const during = (arm: typeof without): number[] =>
    accuraciesDuring(arm, 1, discardEpochs).map((values) => spread(values).mean);
  const at = `at B = ${setting.batchSize}`;
  return [
    {
      letter: LETTERS[2 * k]!,
      short: `better while discarding, B = ${setting.batchSize}`,
      statement: `Test accuracy is higher while small losses are discarded, ${at}.`,
      test: `Mann and Whitney’s test of the mean test accuracy over the first ${discardEpochs} epochs.`,
      ...decideGreater(['without', during(without)], ['with', during(with_)]),
    },
    {
      letter: LETTERS[2 * k + 1]!,
      short: `better at the end, B = ${setting.batchSize}`,
      statement: `Test accuracy is higher at the end, ${at}.`,
      test: 'Mann and Whitney’s test of the test accuracy at the end.',
      ...decideGreater(['without', finals(without)], ['with', finals(with_)]),
    },
  ];
}

/** At the end, with less without, by initialisation. */
function gains(arms: Arms, config: Figure10Config, setting: Setting): number[] {
  const [without, with_] = [armOf(arms, plain(setting)), armOf(arms, discarding(setting, config))];
  return paired(without, with_, (a, b) => b.accuracy - a.accuracy);
}
