/** HT-5's report: the curves of the three trainings, how they end beside the published accuracies, and the claims. */
import { numericTrend } from '../../../../stats/index.ts';
import { armsOf, armTable, curveFigures, type ArmMarks, type Arms } from '../../../training/arms.ts';
import { decideRising, formatP, isSignificant, undecided, type Decision } from '../../../verdicts.ts';
import { spread } from '../../../spread.ts';
import type { ReportData, TableSection } from '../../../report.ts';
import type { Trained } from '../../../training/grid-of-trainings.ts';
import type { Manifest } from '../../../types.ts';
import { claimSections, type DecidedClaim } from '../../../claims.ts';
import { arms, type ArmName } from '../figure4/config.ts';
import type { GrowthConfig } from './config.ts';

/** papers.md 5.3: accuracies of ResNet-20, probably on CIFAR-100, and of the prototype of the preset `small`. */
const PUBLISHED: Readonly<Record<ArmName, { readonly paper: number; readonly prototype: number }>> = {
  decay: { paper: 0.667, prototype: 0.47 },
  growth: { paper: 0.664, prototype: 0.469 },
  constant: { paper: 0.53, prototype: 0.409 },
};

/** papers.md, ht-5: accuracies that differ by less are the same, and by more are apart. */
const SAME = 0.02;
const APART = 0.03;

export function report(
  title: string,
  trainings: readonly Trained<ArmMarks>[],
  { preset, dataset, seed, config }: Manifest,
): ReportData {
  const { rate, batchSize, factor, milestones } = config as unknown as GrowthConfig;
  const described = {
    constant: `${rate}; ${batchSize}`,
    decay: `${rate} ÷ ${factor} at ${milestones.join(', ')}; ${batchSize}`,
    growth: `${rate}; ${batchSize} × ${factor} at ${milestones.join(', ')}`,
  };
  return {
    title,
    lead:
      'A batch that grows should do what a learning rate that decays does: both lower the noise, and the growing batch takes fewer steps. ' +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. Published: ResNet-20, 90 epochs, changes at epochs 30 and 60; neither the data set nor the factor is given.`,
    sections: armsOf(trainings, arms).flatMap((each) => [
      accuracyTable(each),
      armTable(each, described),
      ...curveFigures(each, { id: 'growth', heading: 'three schedules', arms }),
      ...claimSections(claimsOf(each)),
    ]),
  };
}

const accuracies = ({ arm }: Arms, name: ArmName): number[] =>
  (arm(name)?.trainings ?? []).flatMap(({ result }) => result?.testAccuracy ?? []);

function accuracyTable(all: Arms): TableSection {
  return {
    kind: 'table',
    heading: `${all.network}: test accuracy beside that published`,
    caption:
      'Means over initialisations, ± one standard deviation. Published: ResNet-20; prototype: K16 on 2000 images, both papers.md 5.3.',
    columns: [
      { key: 'arm', label: 'training' },
      { key: 'published', label: 'published', format: 'percent', digits: 1 },
      { key: 'prototype', label: 'prototype', format: 'percent', digits: 1 },
      { key: 'measured', label: 'measured', format: 'percent' },
      { key: 'steps', label: 'steps', format: 'integer' },
    ],
    rows: arms.map((arm) => {
      const { mean, deviation } = spread(accuracies(all, arm));
      return {
        arm,
        published: PUBLISHED[arm].paper,
        prototype: PUBLISHED[arm].prototype,
        measured: Number.isNaN(mean) ? null : { value: mean, error: deviation },
        steps: all.arm(arm)?.trainings[0]?.result?.steps ?? null,
      };
    }),
    terminal: true,
  };
}

export function claimsOf(all: Arms): readonly DecidedClaim[] {
  const better = `Holds if the mean test accuracy is more than ${APART} higher, with p ≤ 0.05 by Mann and Whitney's test by permutation; does not hold if it is by that test lower.`;
  return [
    {
      letter: 'a',
      short: 'decay and growth end alike',
      statement: 'A batch that grows ends at the accuracy of a learning rate that decays.',
      test: `Holds if the mean test accuracies differ by less than ${SAME}; does not hold if they do not, and by permutation of the trainings that is unlikely to be chance, p ≤ 0.025 on either side.`,
      ...decideSame(accuracies(all, 'decay'), accuracies(all, 'growth')),
    },
    {
      letter: 'b',
      short: 'decay ends better than constant',
      statement: 'With the decay the accuracy is higher than without.',
      test: better,
      ...decideBetter(accuracies(all, 'constant'), accuracies(all, 'decay')),
    },
    {
      letter: 'c',
      short: 'growth ends better than constant',
      statement: 'With the growing batch the accuracy is higher than without.',
      test: better,
      ...decideBetter(accuracies(all, 'constant'), accuracies(all, 'growth')),
    },
  ];
}

function decideSame(first: readonly number[], second: readonly number[]): Decision {
  if (first.length < 2 || second.length < 2) return undecided('fewer than two trainings each were made.');
  const difference = spread(second).mean - spread(first).mean;
  const { pRising, pFalling } = numericTrend([[first, second]]);
  const p = Math.min(pRising, pFalling);
  const reason = `difference ${difference.toFixed(4)}, one-sided p ${formatP(p)}.`;
  if (Math.abs(difference) < SAME) return { verdict: 'holds', reason };
  return isSignificant(2 * p) ? { verdict: 'does not hold', reason } : undecided(reason);
}

function decideBetter(worse: readonly number[], better: readonly number[]): Decision {
  if (worse.length === 0 || better.length === 0) return undecided('not both of the trainings were made.');
  const difference = spread(better).mean - spread(worse).mean;
  const { verdict, reason } = decideRising(numericTrend([[worse, better]]));
  const whole = `difference ${difference.toFixed(4)}, ${reason}.`;
  if (verdict === 'holds' && difference <= APART) return undecided(whole);
  return { verdict, reason: whole };
}
