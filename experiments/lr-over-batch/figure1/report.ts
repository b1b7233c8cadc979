/** The report of figure 1: the curves of both panels, how far apart they are, and the claims. */
import { numericTrend } from '../../../stats/index.ts';
import type { ReportData, TableSection } from '../../report.ts';
import type { Manifest, PresetName } from '../../types.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { decideRising, formatP, isSignificant, LEVEL, undecided, type Decision } from '../../verdicts.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import { armsOf, armTable, curveFigures, type ArmMarks, type Arms } from '../../training/arms.ts';
import { arrangementP, curveDistance, pairedDistances } from '../../training/curves.ts';
import { finalAccuracies, imageCount, learnedTest, notLearned } from '../learned.ts';
import { arms, schedulesOf, type ArmName, type Figure1Config } from './config.ts';

/** Curves are the same if their mean relative distance is below this, and differ if it is above that: papers.md, lb-1. */
export const SAME = 0.05;
export const DIFFERENT = 0.5;

/** The first of a pair is what the second is held against. papers.md 2.3 has the prototype's distances of losses at `small`. */
const pairs: readonly (readonly [first: ArmName, second: ArmName, prototype: number])[] = [
  ['cyclic rate', 'cyclic batch', 0.005],
  ['small', 'large', 0.013],
  ['small', 'unscaled', 1.5],
];

export function report(
  title: string,
  trainings: readonly Trained<ArmMarks>[],
  manifest: Manifest,
): ReportData {
  const { preset, dataset, seed, config } = manifest;
  const all = armsOf(trainings, arms);
  const settings = config as unknown as Figure1Config;
  const described = describe(settings);
  return {
    title,
    lead:
      'A learning rate that goes up and down and a batch size that goes down and up, so that η/S is the same in every epoch, should give the same training; and so ' +
      'should a constant η and S and a multiple of both. ' +
      `Preset ${preset}, ${dataset.name}, ${imageCount(settings.plan.images)}, seed ${seed}. The published figure is an image without numbers: its claim is that each pair of curves nearly coincides.`,
    sections: all.flatMap((each) => [
      ...curveFigures(each, { id: 'cyclic', heading: 'cyclic', arms: ['cyclic rate', 'cyclic batch'] }),
      ...curveFigures(each, { id: 'constant', heading: 'constant', arms: ['small', 'large', 'unscaled'] }),
      distanceTable(each, preset),
      armTable(each, described),
      ...claimSections(claimsOf(each)),
    ]),
  };
}

function describe(config: Figure1Config): Readonly<Record<string, string>> {
  return Object.fromEntries(
    arms.map((arm) => {
      const { learningRate, batchSize } = schedulesOf(config, arm);
      const show = (value: typeof learningRate): string =>
        typeof value === 'number'
          ? String(Number(value.toPrecision(6)))
          : value.kind === 'cyclic'
            ? `${Number(value.from.toPrecision(6))} ↔ ${Number(value.to.toPrecision(6))}`
            : value.kind;
      return [arm, `${show(learningRate)}; ${show(batchSize)}`];
    }),
  );
}

function distanceTable({ network, arm }: Arms, preset: PresetName): TableSection {
  const known = preset === 'small';
  return {
    kind: 'table',
    heading: `${network}: how far apart the curves are`,
    caption:
      'Of the mean training losses, the mean over epochs of |second − first|/first; of the mean test accuracies, the mean of |second − first|. p: the probability of such a distance of losses, ' +
      'if it does not matter which of the two a training is of, by all divisions of the trainings into two groups; with so many initialisations it cannot be below the last column.' +
      (known ? ' Prototype: another program with these settings on MNIST (papers.md 2.3).' : ''),
    columns: [
      { key: 'first', label: 'first' },
      { key: 'second', label: 'second' },
      ...(known ? [{ key: 'prototype', label: 'prototype', format: 'number' as const, digits: 3 }] : []),
      { key: 'loss', label: 'of losses', format: 'number', digits: 4 },
      { key: 'accuracy', label: 'of accuracies', format: 'percent' },
      { key: 'p', label: 'p', format: 'number', digits: 3 },
      { key: 'least', label: 'least p', format: 'number', digits: 3 },
    ],
    rows: pairs.flatMap(([first, second, prototype]) => {
      const [a, b] = [arm(first), arm(second)];
      if (!a || !b) return [];
      return [
        {
          first,
          second,
          prototype,
          loss: curveDistance(a.losses, b.losses),
          accuracy: curveDistance(a.accuracies, b.accuracies, 'absolute'),
          p: arrangementP(a.losses, b.losses),
          least:
            a.losses.length === b.losses.length ? 2 / choose(2 * a.losses.length, a.losses.length) : null,
        },
      ];
    }),
    terminal: true,
  };
}

function choose(n: number, k: number): number {
  return Array.from({ length: k }, (_, i) => (n - i) / (k - i)).reduce((a, b) => a * b, 1);
}

export function claimsOf(all: Arms): DecidedClaim[] {
  const same = `Holds if the mean relative distance of the mean loss curves is below ${SAME}; does not hold if it is not, and by permutation of the trainings unlikely to be chance, p ≤ ${LEVEL}.`;
  const small = learnedTest("'small'");
  return [
    {
      letter: 'a',
      short: 'cyclic rate and cyclic batch train alike',
      statement:
        'With the same η/S in every epoch, a cyclic learning rate and a cyclic batch size give the same loss curve.',
      test: `${same}${learnedTest("'cyclic rate'")}`,
      ...decideSame(all, 'cyclic rate', 'cyclic batch'),
    },
    {
      letter: 'b',
      short: 'constant pairs of equal η/S train alike',
      statement: 'A constant η and S and a multiple of both give the same loss curve.',
      test: `${same}${small}`,
      ...decideSame(all, 'small', 'large'),
    },
    {
      letter: 'c',
      short: 'a larger S alone trains otherwise',
      statement: 'With S multiplied and η as it was, the loss curve is another.',
      test: `Holds if the mean relative distance of the mean loss curves is above ${DIFFERENT}, with p ≤ ${LEVEL} by permutation of the trainings; does not hold if it is below ${SAME}.${small}`,
      ...decideDifferent(all, 'small', 'unscaled'),
    },
    {
      letter: 'd',
      short: 'scaled pairs are closer than the unscaled one',
      statement: 'Curves of equal η/S are closer to each other than curves of equal η.',
      test: `Mann and Whitney's test, by permutation, of the distances between trainings of one initialisation: constant η/S against constant η.${small}`,
      ...decideCloser(all),
    },
  ];
}

function decideSame({ arm }: Arms, first: ArmName, second: ArmName): Decision {
  const [a, b] = [arm(first), arm(second)];
  if (!a || !b) return undecided(`${first} or ${second} was not trained.`);
  const idle = notLearned(`'${first}'`, finalAccuracies(a.trainings));
  if (idle) return idle;
  const distance = curveDistance(a.losses, b.losses);
  const p = arrangementP(a.losses, b.losses);
  const reason = `distance ${distance.toFixed(4)}, p ${formatP(p)}.`;
  if (distance < SAME) return { verdict: 'holds', reason };
  return isSignificant(p) ? { verdict: 'does not hold', reason } : undecided(reason);
}

function decideDifferent({ arm }: Arms, first: ArmName, second: ArmName): Decision {
  const [a, b] = [arm(first), arm(second)];
  if (!a || !b) return undecided(`${first} or ${second} was not trained.`);
  const idle = notLearned(`'${first}'`, finalAccuracies(a.trainings));
  if (idle) return idle;
  const distance = curveDistance(a.losses, b.losses);
  const p = arrangementP(a.losses, b.losses);
  const reason = `distance ${distance.toFixed(3)}, p ${formatP(p)}.`;
  if (distance > DIFFERENT && isSignificant(p)) return { verdict: 'holds', reason };
  return distance < SAME ? { verdict: 'does not hold', reason } : undecided(reason);
}

function decideCloser({ arm }: Arms): Decision {
  const [small, large, unscaled] = [arm('small'), arm('large'), arm('unscaled')];
  if (!small || !large || !unscaled) return undecided('not all of the constant trainings were made.');
  const idle = notLearned("'small'", finalAccuracies(small.trainings));
  if (idle) return idle;
  const scaled = pairedDistances(small.losses, large.losses);
  const apart = pairedDistances(small.losses, unscaled.losses);
  const { verdict, reason } = decideRising(numericTrend([[scaled, apart]]));
  return { verdict, reason: `${reason}; from ${range(scaled)} to ${range(apart)}.` };
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)}`;
}
