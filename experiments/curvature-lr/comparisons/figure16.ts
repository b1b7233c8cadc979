/** Figure 16: MCLR against LARS, and the other rules with rates of their own. */
import type { GridExperiment } from '../../grid.ts';
import { fail } from '../../../engine/graph/errors.ts';
import { spread } from '../../spread.ts';
import { isSignificant, LEVEL, undecided, type Decision } from '../../verdicts.ts';
import { numericTrend } from '../../../stats/index.ts';
import type { OptimizerSpec } from '../../training/settings.ts';
import { decideGreater, minus } from '../decide.ts';
import { check, checkCounts, checkPositive } from '../../checks.ts';
import type { Plan } from '../../training/plan.ts';
import { k16, resnet18, resnet18Medium, tiny } from '../plan.ts';
import { armOf, comparison, finals, paired, type Arm, type Arms, type Way } from './arms.ts';

const what = 'curvature-lr/figure16';

/** A rule by its name, with γ and the batch size. A type, so that it is plain data. */
export type Rule = {
  readonly rule: string;
  readonly gamma: number;
  readonly batchSize: number;
};

export interface Figure16Config {
  readonly plan: Plan;
  readonly rules: readonly Rule[];
  readonly momentum: number;
  readonly weightDecay: number;
  /** The rate of tensors without a ratio: papers.md 4.2. */
  readonly globalRate: number;
  /** Of `cblr`. */
  readonly maxRadius: number;
  readonly probes: number;
  readonly epochs: number;
  readonly repeats: number;
}

/** Mean accuracies closer than this are nearly equal, if both are above the other: papers.md, row cl-8. */
export const NEAR = 0.06;
export const LEARNED = 0.42;

const common = { momentum: 0.9, weightDecay: 5e-4, globalRate: 0.01, maxRadius: 100, probes: 1 };

/** Both rules at every batch size, with one γ each. */
const both = (sizes: readonly number[], lars: number, mclr: number): Rule[] =>
  sizes.flatMap((batchSize) => [
    { rule: 'lars', gamma: lars, batchSize },
    { rule: 'mclr', gamma: mclr, batchSize },
  ]);

export const figure16: GridExperiment<Figure16Config> = comparison<Figure16Config>({
  figure: 'figure16',
  title: 'Curvature and learning rate, figure 16: MCLR and LARS',
  description:
    'Is the median-curvature rate as good as LARS, and does it fall off faster at large batches? ResNet-18 on CIFAR-10.',
  lead: 'Every tensor has a rate of its own: LARS by norms of weights and gradient, MCLR by medians of their magnitudes, PercentDelta by the mean of |g/w|, CBLR element by element by the curvature. The paper shows LARS and MCLR nearly equal at B = 1024, and MCLR falling off faster at large B.',
  presets: {
    smoke: {
      ...common,
      plan: tiny,
      rules: [
        ...both([40], 0.01, 0.002),
        { rule: 'percentDelta', gamma: 0.02, batchSize: 40 },
        { rule: 'cblr', gamma: 0.001, batchSize: 40 },
      ],
      epochs: 2,
      repeats: 1,
    },
    // papers.md 4.4; the larger batch, PercentDelta and CBLR are ours.
    small: {
      ...common,
      plan: k16,
      rules: [
        ...both([250, 1000], 0.01, 0.002),
        { rule: 'mclr', gamma: 0.02, batchSize: 250 },
        { rule: 'percentDelta', gamma: 0.02, batchSize: 250 },
        { rule: 'cblr', gamma: 0.001, batchSize: 250 },
      ],
      epochs: 12,
      repeats: 3,
    },
    medium: {
      ...common,
      plan: resnet18Medium,
      rules: both([256, 1024], 0.01, 0.002),
      epochs: 20,
      repeats: 1,
    },
    // B = 1024 is published; γ, the larger batches and the epochs are ours.
    paper: {
      ...common,
      plan: resnet18,
      rules: both([1024, 4096, 8192], 0.01, 0.002),
      epochs: 160,
      repeats: 5,
    },
  },
  prototype: {
    'LARS γ 0.01, B 250': 0.48,
    'MCLR γ 0.002, B 250': 0.489,
    'MCLR γ 0.02, B 250': 0.1,
  },
  ways(config) {
    const { rules, epochs, momentum, weightDecay, globalRate, maxRadius, probes } = config;
    check(what, momentum >= 0 && momentum < 1, `momentum is ${momentum}: give 0 ≤ m < 1`);
    check(
      what,
      weightDecay >= 0 && weightDecay < Infinity,
      `weightDecay is ${weightDecay}: give a number of at least 0`,
    );
    checkPositive(what, { globalRate, maxRadius });
    checkCounts(what, { probes });
    check(what, rules.length > 0, 'rules are none: give at least one');
    return rules.map((rule): Way => {
      const { batchSize, gamma } = rule;
      checkCounts(what, { batchSize });
      checkPositive(what, { gamma });
      return { batchSize, learningRate: 1, optimizer: optimizerOf(rule, config), epochs };
    });
  },
  claims(arms, config) {
    const sizes = comparable(config);
    const near = sizes.slice(0, 1).map((size) => ({ size, ...pairAt(arms, config, size) }))[0];
    return [
      {
        letter: 'a',
        short: 'MCLR and LARS are nearly equal',
        statement: 'MCLR and LARS end with nearly the same test accuracy.',
        test: `At the smallest batch size with both. Holds if their mean accuracies differ by less than ${100 * NEAR} points and both are above ${100 * LEARNED} %; does not hold if one is, they differ by more, and Mann and Whitney’s test in both directions finds a difference at ${LEVEL}. Networks that learned nothing are equal.`,
        ...(near ? decideNear(near.lars, near.mclr, near.size) : undecided('no batch size has both.')),
      },
      {
        letter: 'b',
        short: 'MCLR falls off faster at large B',
        statement: 'From the smallest to the largest batch size MCLR loses more accuracy than LARS.',
        test: `Mann and Whitney’s test of the losses, by initialisation, if both have a mean accuracy above ${100 * LEARNED} % at the smallest.`,
        ...decideFall(arms, config, sizes),
      },
    ];
  },
});

function optimizerOf(
  { rule, gamma }: Rule,
  { momentum, weightDecay, globalRate, maxRadius, probes }: Figure16Config,
): OptimizerSpec {
  switch (rule) {
    case 'lars':
    case 'mclr':
    case 'percentDelta':
      return { name: rule, gamma, globalRate, momentum, weightDecay };
    case 'cblr':
      return { name: rule, gamma, maxRadius, weightDecay, probes };
    default:
      return fail('CONFIG', `${what}: there is no rule '${rule}': take lars, mclr, percentDelta or cblr.`);
  }
}

/** The first γ of a rule at a batch size is the one that is compared. */
function armAt(arms: Arms, config: Figure16Config, rule: string, size: number): Arm | undefined {
  const chosen = config.rules.find((each) => each.rule === rule && each.batchSize === size);
  if (!chosen) return undefined;
  const { batchSize } = chosen;
  return armOf(arms, {
    batchSize,
    learningRate: 1,
    optimizer: optimizerOf(chosen, config),
    epochs: config.epochs,
  });
}

function pairAt(arms: Arms, config: Figure16Config, size: number) {
  return { lars: armAt(arms, config, 'lars', size), mclr: armAt(arms, config, 'mclr', size) };
}

/** Batch sizes that both rules have, ascending. */
function comparable({ rules }: Figure16Config): number[] {
  const of = (name: string): number[] =>
    rules.flatMap(({ rule, batchSize }) => (rule === name ? [batchSize] : []));
  const mclr = of('mclr');
  return [...new Set(of('lars'))].filter((size) => mclr.includes(size)).sort((a, b) => a - b);
}

function decideNear(lars: Arm | undefined, mclr: Arm | undefined, size: number): Decision {
  const [first, second] = [finals(lars), finals(mclr)];
  if (first.length === 0 || second.length === 0)
    return undecided(`no training of ${first.length === 0 ? 'LARS' : 'MCLR'} came to an end with a number.`);
  const means = [spread(first).mean, spread(second).mean] as const;
  const difference = means[1] - means[0];
  const reason = `MCLR less LARS at B = ${size}: ${minus(100 * difference, 1)} points.`;
  if (Math.max(...means) <= LEARNED) return tooLittle(means, size);
  if (Math.abs(difference) < NEAR)
    return Math.min(...means) > LEARNED ? { verdict: 'holds', reason } : tooLittle(means, size);
  const { pRising, pFalling } = numericTrend([[first, second]]);
  return isSignificant(2 * Math.min(pRising, pFalling))
    ? { verdict: 'does not hold', reason }
    : undecided(reason);
}

function tooLittle([lars, mclr]: readonly [number, number], size: number): Decision {
  const percent = (value: number): string => (100 * value).toFixed(1);
  return undecided(
    `too little was learned at B = ${size}: LARS ${percent(lars)} %, MCLR ${percent(mclr)} %, of which ${100 * LEARNED} % is asked.`,
  );
}

function decideFall(arms: Arms, config: Figure16Config, sizes: readonly number[]): Decision {
  const [small, large] = [sizes[0], sizes.at(-1)];
  if (small === undefined || large === undefined || small === large)
    return undecided('fewer than two batch sizes have both.');
  const [first, last] = [pairAt(arms, config, small), pairAt(arms, config, large)];
  const begin = [first.lars, first.mclr].map((arm) => spread(finals(arm)).mean) as [number, number];
  if (Math.min(...begin) <= LEARNED) return tooLittle(begin, small);
  const lost = (a: Arm | undefined, b: Arm | undefined): number[] =>
    paired(a, b, (from, to) => from.accuracy - to.accuracy);
  return decideGreater(
    [`loss of LARS from B = ${small} to ${large}`, lost(first.lars, last.lars)],
    ['of MCLR', lost(first.mclr, last.mclr)],
  );
}
