/** The report of figure 5: accuracy curves for every β, the best accuracy over β, and where the equivalence ends. */
import { numericTrend } from '../../../stats/index.ts';
import type { FigureSection, ReportData, TableSection } from '../../report.ts';
import type { Manifest, PresetName } from '../../types.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { groupBy, meanCell, meanPoint, spread } from '../../spread.ts';
import { decideRising, isSignificant, LEVEL, undecided, type Decision } from '../../verdicts.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import { curveOf, curveSeries } from '../../training/curves.ts';
import { learnedTest, notLearned } from '../learned.ts';
import type { BreakdownMarks, Figure5Config } from './config.ts';

/** An accuracy this far below that of β = 1 has departed from it; closer is the same. Papers.md, lb-5. */
export const SAME = 0.01;
export const DEPARTED = 0.02;
/** Below this a training has broken down. */
export const BROKEN = 0.5;

/** papers.md 2.3: test accuracies after 5 epochs at β = 1, 2, 4 … 64 in the prototype of `small`, by training examples. */
const PROTOTYPE: Readonly<Record<number, readonly number[]>> = {
  500: [0.834, 0.835, 0.836, 0.741, 0.545, 0.208, 0.164],
  4000: [0.908, 0.908, 0.909, 0.911, 0.882, 0.179, 0.099],
};

/** One training that came to its end. */
export interface Run extends BreakdownMarks {
  /** Test accuracy after `readAt` epochs; of a training that diverged before, undefined. */
  readonly early: number | undefined;
  /** The best on the way; undefined if it was never measured. */
  readonly best: number | undefined;
  readonly diverged: boolean;
  readonly training: Trained<BreakdownMarks>;
}

export function runsOf(trainings: readonly Trained<BreakdownMarks>[], readAt: number): Run[] {
  return trainings.flatMap((training): Run[] => {
    if (!training.result) return [];
    const { values } = curveOf(training, 'testAccuracy');
    return [
      {
        ...training.marks,
        early: values.get(readAt.toFixed(4)),
        best: values.size > 0 ? Math.max(...values.values()) : undefined,
        diverged: training.result.outcome === 'diverged',
        training,
      },
    ];
  });
}

export function report(
  title: string,
  trainings: readonly Trained<BreakdownMarks>[],
  manifest: Manifest,
): ReportData {
  const { preset, dataset, seed } = manifest;
  const { rate, batchSize, readAt } = manifest.config as unknown as Figure5Config;
  const runs = runsOf(trainings, readAt);
  return {
    title,
    lead:
      `η = ${rate} β and S = ${batchSize} β: with the same η/S at every β trainings should be the same, until β is too large for the equation that knows nothing but η/S. ` +
      `LB says that they are the same up to a β, then break down, and more markedly on less data. Preset ${preset}, ${dataset.name}, seed ${seed}; ` +
      `${runs.length} of ${trainings.length} trainings came to their end. A batch never holds more than the training set. The published figure is an image without numbers; it marks with * where a training diverged.`,
    sections: [
      ...sizesOf(runs).flatMap((size) => curves(runs, size)),
      bestFigure(runs),
      table(runs, readAt, preset),
      ...claimSections(claimsOf(runs, readAt)),
    ],
  };
}

function sizesOf(runs: readonly Run[]): number[] {
  return [...new Set(runs.map(({ trainExamples }) => trainExamples))].sort((a, b) => a - b);
}

/** By β, ascending. */
function byFactor(runs: readonly Run[], size: number): (readonly [number, Run[]])[] {
  const own = runs.filter(({ trainExamples }) => trainExamples === size);
  return [...groupBy(own, ({ factor }) => factor)].sort(([a], [b]) => a - b);
}

function curves(runs: readonly Run[], size: number): FigureSection[] {
  return [
    {
      kind: 'figure',
      id: `accuracy-${size}`,
      heading: `${size} training examples: test accuracy`,
      caption: 'Means over initialisations, of those β at which none diverged before.',
      x: { label: 'epochs' },
      y: { label: 'test accuracy', percent: true },
      series: byFactor(runs, size).map(([factor, group]) =>
        curveSeries(
          `β = ${factor}`,
          group.map(({ training }) => curveOf(training, 'testAccuracy')),
        ),
      ),
    },
  ];
}

function bestFigure(runs: readonly Run[]): FigureSection {
  return {
    kind: 'figure',
    id: 'best-accuracy',
    heading: 'The best test accuracy over β',
    caption: 'Means over initialisations; bars are one standard error.',
    x: { label: 'β', scale: 'log' },
    y: { label: 'best test accuracy', percent: true },
    series: sizesOf(runs).map((size) => ({
      label: `${size} examples`,
      points: byFactor(runs, size).flatMap(([factor, group]) => {
        const best = spread(group.flatMap((run) => run.best ?? []));
        return Number.isNaN(best.mean) ? [] : [meanPoint(factor, best)];
      }),
    })),
  };
}

function table(runs: readonly Run[], readAt: number, preset: PresetName): TableSection {
  const known = preset === 'small';
  return {
    kind: 'table',
    heading: 'Every β',
    caption:
      'Test accuracies, means over the initialisations that had them, ± one standard deviation. *: at least one diverged, by a loss that is not finite.' +
      (known
        ? ' Prototype: another program with these settings on MNIST, after 5 epochs (papers.md 2.3).'
        : ''),
    columns: [
      { key: 'size', label: 'examples', format: 'integer' },
      { key: 'factor', label: 'β', align: 'right' },
      ...(known ? [{ key: 'prototype', label: 'prototype', format: 'percent' as const, digits: 1 }] : []),
      { key: 'early', label: `after ${readAt} epochs`, format: 'percent' },
      { key: 'best', label: 'best', format: 'percent' },
      { key: 'runs', label: 'runs', align: 'right' },
    ],
    rows: sizesOf(runs).flatMap((size) =>
      byFactor(runs, size).map(([factor, group]) => {
        return {
          size,
          factor: String(factor),
          prototype: PROTOTYPE[size]?.[Math.log2(factor)] ?? null,
          early: meanCell(group.flatMap(({ early }) => early ?? [])),
          best: meanCell(group.flatMap(({ best }) => best ?? [])),
          runs: `${group.length}${group.some(({ diverged }) => diverged) ? ' *' : ''}`,
        };
      }),
    ),
    terminal: true,
  };
}

// ---- claims ------------------------------------------------------------------------------------------

export function claimsOf(runs: readonly Run[], readAt: number): DecidedClaim[] {
  const base = learnedTest('β = 1');
  return [
    {
      letter: 'a',
      short: 'small β are the same',
      statement: 'Up to a β, accuracies are those of β = 1.',
      test: `Holds if after ${readAt} epochs the mean accuracy at the smallest β above 1 is within ${100 * SAME} points of that at β = 1, at every size; does not hold if it is not, and Mann and Whitney's test finds a difference at ${LEVEL}.${base}`,
      ...decideSame(runs),
    },
    {
      letter: 'b',
      short: 'large β break down',
      statement: 'Beyond that β the equivalence breaks down.',
      test: `Holds if at every size the largest β gives a mean accuracy after ${readAt} epochs below ${100 * BROKEN} %, or diverges; and accuracies fall over β by the test of Jonckheere and Terpstra. Cannot be decided if β = 1 is below ${100 * BROKEN} % too.`,
      ...decideBroken(runs),
    },
    {
      letter: 'c',
      short: 'less data break down earlier',
      statement: 'The breakdown is more marked on the smaller training set.',
      test: `The first β whose accuracy after ${readAt} epochs is more than ${100 * DEPARTED} points below that of β = 1, for every initialisation; it rises with the size by Mann and Whitney's test.${base}`,
      ...decideEarlier(runs),
    },
  ];
}

/** A training that diverged before is counted as worse than any other. */
function early(run: Run): number {
  return run.early ?? 0;
}

/** Of every size what β = 1 has, with what it is called. */
function basesOf(runs: readonly Run[]): { readonly what: string; readonly accuracies: readonly number[] }[] {
  return sizesOf(runs).flatMap((size) => {
    const [one] = byFactor(runs, size);
    return one?.[0] === 1 ? [{ what: `β = 1 on ${size} examples`, accuracies: one[1].map(early) }] : [];
  });
}

/** The decision if at some size β = 1 did not learn. */
function idleBase(runs: readonly Run[]): Decision | undefined {
  return basesOf(runs)
    .map(({ what, accuracies }) => notLearned(what, accuracies))
    .find((decision) => decision !== undefined);
}

function decideSame(runs: readonly Run[]): Decision {
  const parts = sizesOf(runs).map((size) => {
    const [one, two] = byFactor(runs, size);
    if (one?.[0] !== 1 || !two) return undefined;
    const [first, second] = [one[1].map(early), two[1].map(early)];
    const difference = spread(second).mean - spread(first).mean;
    const { pRising, pFalling } = numericTrend([[first, second]]);
    return {
      same: Math.abs(difference) <= SAME,
      apart: isSignificant(2 * Math.min(pRising, pFalling)),
      text: `β = ${two[0]} less β = 1 on ${size}: ${(100 * difference).toFixed(2).replace('-', '−')} points`,
    };
  });
  if (parts.length === 0 || parts.some((part) => part === undefined))
    return undecided('not every size was trained with β = 1 and another.');
  const idle = idleBase(runs);
  if (idle) return idle;
  const known = parts.filter((part) => part !== undefined);
  const reason = `${known.map(({ text }) => text).join('; ')}.`;
  if (known.every(({ same }) => same)) return { verdict: 'holds', reason };
  return known.some(({ same, apart }) => !same && apart)
    ? { verdict: 'does not hold', reason }
    : undecided(reason);
}

function decideBroken(runs: readonly Run[]): Decision {
  const sizes = sizesOf(runs).map((size) => ({ size, groups: byFactor(runs, size) }));
  if (sizes.length === 0 || sizes.some(({ groups }) => groups.length < 2))
    return undecided('there is no β above 1.');
  const bases = basesOf(runs);
  if (bases.length < sizes.length) return undecided('not every size was trained with β = 1.');
  const broken = bases
    .map(({ what, accuracies }) => ({ what, accuracy: spread(accuracies).mean }))
    .find(({ accuracy }) => accuracy < BROKEN);
  if (broken)
    return undecided(
      `nothing could break down: ${broken.what} has itself an accuracy of ${(100 * broken.accuracy).toFixed(1)} %, below ${100 * BROKEN} %.`,
    );
  const last = sizes.map(({ size, groups }) => {
    const [factor, group] = groups.at(-1) as readonly [number, Run[]];
    return { size, factor, accuracy: spread(group.map(early)).mean };
  });
  const falling = numericTrend(
    sizes.map(({ groups }) => groups.map(([, group]) => group.map((run) => -early(run)))),
  );
  const { verdict, reason } = decideRising(falling);
  const text = `${last.map(({ size, factor, accuracy }) => `β = ${factor} on ${size}: ${(100 * accuracy).toFixed(1)} %`).join('; ')}; fall over β: ${reason}.`;
  return verdict === 'holds' && !last.every(({ accuracy }) => accuracy < BROKEN)
    ? undecided(`accuracies fall, and not below ${100 * BROKEN} % everywhere: ${text}`)
    : { verdict, reason: text };
}

function decideEarlier(runs: readonly Run[]): Decision {
  const groups = sizesOf(runs).map((size) => ({ size, first: departures(byFactor(runs, size)) }));
  if (groups.length < 2) return undecided('only one size was trained.');
  if (groups.some(({ first }) => first.length === 0))
    return undecided('not every size was trained with β = 1.');
  const idle = idleBase(runs);
  if (idle) return idle;
  const { verdict, reason } = decideRising(numericTrend([groups.map(({ first }) => first)]));
  const shown = groups.map(
    ({ size, first }) =>
      `${size} examples: ${first.map((beta) => (beta === Infinity ? 'none' : String(beta))).join(', ')}`,
  );
  return { verdict, reason: `${reason}; the first β that departs, on ${shown.join('; on ')}.` };
}

/** Of every initialisation the first β that departs; Infinity if none does. */
export function departures(groups: readonly (readonly [number, readonly Run[]])[]): number[] {
  const [one, ...others] = groups;
  if (one?.[0] !== 1) return [];
  return one[1].map((base) => {
    const departed = others.find(([, group]) => {
      const run = group.find(({ replica }) => replica === base.replica);
      return run !== undefined && early(run) < early(base) - DEPARTED;
    });
    return departed?.[0] ?? Infinity;
  });
}
