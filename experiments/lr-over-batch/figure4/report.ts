/** The report of figure 4: the lines, the loss beyond both ends, and the claims. */
import { numericTrend } from '../../../stats/index.ts';
import type { Cell, FigureSection, ReportData, TableSection } from '../../report.ts';
import type { Manifest, PresetName } from '../../types.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { groupBy, meanCell, meanPoint, spread } from '../../spread.ts';
import { decideRising, isSignificant, undecided, type Decision } from '../../verdicts.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import { showRatio } from '../figure3/equilibrium.ts';
import { imageCount, learnedTest, notLearned } from '../learned.ts';
import type { Figure4Config, PairMarks } from './config.ts';
import { BEYOND_FIRST, BEYOND_SECOND, type LineRecord } from './line.ts';

/** How far a = 0 may be from the loss that the training itself recorded, relatively: rounding in another order. */
const REPRODUCED = 1e-3;

/** One pair that was measured. */
export interface PairLine extends PairMarks {
  readonly points: readonly LineRecord[];
  /** As the training of the first end recorded it. */
  readonly stored: number;
  at(a: number): number;
}

export function linesOf(trainings: readonly Trained<PairMarks>[]): PairLine[] {
  return trainings.flatMap(({ marks, records, result }): PairLine[] => {
    const points = records.filter(({ name }) => name === 'line') as LineRecord[];
    if (!result || result.trainLoss === null || points.length === 0) return [];
    return [
      {
        ...marks,
        points,
        stored: result.trainLoss,
        at: (a) => points.find((point) => point.a === a)?.trainLoss ?? Number.NaN,
      },
    ];
  });
}

/** A pair without a line, since one of its trainings met a loss that is not finite. */
export interface LostPair extends PairMarks {
  readonly end: 'θ₁' | 'θ₂';
}

export function lostOf(trainings: readonly Trained<PairMarks>[]): LostPair[] {
  return trainings.flatMap(({ marks, records, result }): LostPair[] => {
    if (result?.outcome === 'diverged') return [{ ...marks, end: 'θ₁' }];
    return records.some(({ name }) => name === 'lost') ? [{ ...marks, end: 'θ₂' }] : [];
  });
}

/** papers.md 2.3: losses of the prototype of `small`, as a row of the table. */
const PROTOTYPE = {
  pair: 'different ratios, prototype',
  first: '1/32',
  second: '1/512',
  farBefore: 0.55,
  before: 0.036,
  atFirst: null,
  atSecond: null,
  after: 0.163,
  farAfter: 2.44,
  runs: null,
  lost: null,
};

export function report(
  title: string,
  trainings: readonly Trained<PairMarks>[],
  { preset, dataset, seed, config }: Manifest,
): ReportData {
  const [lines, lost] = [linesOf(trainings), lostOf(trainings)];
  const { pairs: names, plans } = config as unknown as Figure4Config;
  const images = [...new Set(names.flatMap((name) => (plans[name] ? imageCount(plans[name].images) : [])))];
  const pairs = [...groupBy(lines, ({ pair }) => pair)];
  return {
    title,
    lead:
      'The loss on the line (1 − a)·θ₁ + a·θ₂ through the ends of two trainings from the same initial values, from a = −1 to a = 2. A minimum reached with a small η/S should lie in a ' +
      'narrower basin than one reached with a large η/S, and minima of equal η/S in equally wide ones. ' +
      `Preset ${preset}, ${dataset.name}, ${images.join(' or ')}, seed ${seed}; ${lines.length} of ${trainings.length} pairs came to their end${describeLost(lost)}. The published figure is an image without numbers.`,
    sections: [
      ...pairs.map(([pair, own]) => figure(pair, own)),
      table(pairs, lost, preset),
      ...claimSections(claimsOf(lines, lost)),
    ],
  };
}

function figure(pair: string, lines: readonly PairLine[]): FigureSection {
  const [first] = lines as [PairLine];
  const coefficients = first.points.map(({ a }) => a);
  const series = (label: string, field: 'trainLoss' | 'testLoss') => ({
    label,
    style: 'line' as const,
    points: coefficients.flatMap((a) => {
      const values = lines.flatMap(({ points }) => points.find((point) => point.a === a)?.[field] ?? []);
      const over = spread(values);
      return Number.isFinite(over.mean) ? [meanPoint(a, over)] : [];
    }),
  });
  return {
    kind: 'figure',
    id: `line-${pair.replaceAll(' ', '-')}`,
    heading: `${pair.replace(/^[a-z]/, (letter) => letter.toUpperCase())}: η/S = ${showRatio(first.firstRatio)} at a = 0, ${showRatio(first.secondRatio)} at a = 1`,
    caption: 'Means over initialisations; bars are one standard error.',
    x: { label: 'a' },
    y: { label: 'loss', scale: 'log' },
    series: [series('training', 'trainLoss'), series('test', 'testLoss')],
    lines: [
      { axis: 'x', value: 0, label: 'θ₁' },
      { axis: 'x', value: 1, label: 'θ₂' },
    ],
  };
}

/** `; equal ratios: θ₂ diverged in 2`, for the lead; nothing where none did. */
function describeLost(lost: readonly LostPair[]): string {
  return [...groupBy(lost, ({ pair, end }) => `${pair}: ${end}`)]
    .map(([what, own]) => `; ${what} diverged in ${own.length}`)
    .join('');
}

function table(
  pairs: readonly (readonly [string, readonly PairLine[]])[],
  lost: readonly LostPair[],
  preset: PresetName,
): TableSection {
  const known = preset === 'small';
  const over = (lines: readonly PairLine[], valueOf: (line: PairLine) => number): Cell =>
    meanCell(lines.map(valueOf));
  return {
    kind: 'table',
    heading: 'The training loss at and beyond the ends',
    caption:
      'Means over initialisations, ± one standard deviation. θ₁ is at a = 0 and θ₂ at a = 1. Diverged: pairs that have no line, since a training met a loss that is not finite.' +
      (known ? ' Prototype: another program with these settings on MNIST (papers.md 2.3).' : ''),
    columns: [
      { key: 'pair', label: 'pair' },
      { key: 'first', label: 'η/S of θ₁' },
      { key: 'second', label: 'η/S of θ₂' },
      { key: 'farBefore', label: 'a = −1', format: 'number', digits: 3 },
      { key: 'before', label: 'a = −0.5', format: 'number', digits: 4 },
      { key: 'atFirst', label: 'θ₁', format: 'number', digits: 5 },
      { key: 'atSecond', label: 'θ₂', format: 'number', digits: 5 },
      { key: 'after', label: 'a = 1.5', format: 'number', digits: 4 },
      { key: 'farAfter', label: 'a = 2', format: 'number', digits: 3 },
      { key: 'runs', label: 'runs', format: 'integer' },
      { key: 'lost', label: 'diverged', format: 'integer' },
    ],
    rows: [
      ...(known ? [PROTOTYPE] : []),
      ...rowsOf(pairs, lost).map(({ pair, marks, lines }) => ({
        pair,
        first: showRatio(marks.firstRatio),
        second: showRatio(marks.secondRatio),
        farBefore: over(lines, (line) => line.at(-1)),
        before: over(lines, (line) => line.at(BEYOND_FIRST)),
        atFirst: over(lines, (line) => line.at(0)),
        atSecond: over(lines, (line) => line.at(1)),
        after: over(lines, (line) => line.at(BEYOND_SECOND)),
        farAfter: over(lines, (line) => line.at(2)),
        runs: lines.length,
        lost: lost.filter((each) => each.pair === pair).length,
      })),
    ],
    terminal: true,
  };
}

/** A row for every pair of which a training ended, with a line or without. */
function rowsOf(
  pairs: readonly (readonly [string, readonly PairLine[]])[],
  lost: readonly LostPair[],
): readonly { readonly pair: string; readonly marks: PairMarks; readonly lines: readonly PairLine[] }[] {
  const measured = new Map(pairs);
  return [...groupBy([...pairs.flatMap(([, lines]) => lines), ...lost], ({ pair }) => pair)].map(
    ([pair, own]) => ({ pair, marks: own[0] as PairMarks, lines: measured.get(pair) ?? [] }),
  );
}

const differs = ({ firstRatio, secondRatio }: PairMarks): boolean => firstRatio > 1.01 * secondRatio;
const isEqual = ({ firstRatio, secondRatio }: PairMarks): boolean =>
  Math.abs(firstRatio / secondRatio - 1) <= 0.01;

/** @param lost the pairs that cannot be compared, which the reasons name */
export function claimsOf(lines: readonly PairLine[], lost: readonly LostPair[] = []): DecidedClaim[] {
  const [different, equal] = [lines.filter(differs), lines.filter(isEqual)];
  const learned = learnedTest('one of the ends');
  const without = (decision: Decision, missing: readonly LostPair[]): Decision =>
    missing.length === 0
      ? decision
      : {
          ...decision,
          reason: `${decision.reason} Left out: ${missing.length} ${missing.length === 1 ? 'pair' : 'pairs'} of which a training diverged.`,
        };
  return [
    {
      letter: 'a',
      short: 'the end of small η/S is narrower',
      statement: 'The loss rises faster beyond the end of the smaller η/S.',
      test:
        "Mann and Whitney's test, by permutation, of the training losses half the distance of the ends beyond each: those beyond the end of the smaller η/S are the greater." +
        learned,
      ...without(decideNarrower(different), lost.filter(differs)),
    },
    {
      letter: 'b',
      short: 'ends of equal η/S are equally wide',
      statement: 'Beyond the ends of two trainings of equal η/S the loss rises alike.',
      test:
        '|ln(L(1.5)/L(−0.5))| is smaller for pairs of equal η/S than for those of different η/S, by Mann and Whitney’s test. Does not hold if the losses beyond the two ends of equal η/S themselves differ by that test, at 0.05 in either direction together, and (b) is not so.' +
        learned,
      ...without(decideAlike(equal, different), lost),
    },
    {
      letter: 'c',
      short: 'the line goes through the trained network',
      statement: 'At a = 0 the loss is what the training recorded.',
      test: `Within ${100 * REPRODUCED} % in every pair.`,
      ...without(decideEnds(lines), lost),
    },
  ];
}

/** The decision if an end of these lines is no trained network. */
function idleEnds(lines: readonly PairLine[]): Decision | undefined {
  return [0, 1]
    .map((end) =>
      notLearned(
        end === 0 ? 'θ₁' : 'θ₂',
        lines.map(({ points }) => points.find(({ a }) => a === end)?.testAccuracy ?? 0),
      ),
    )
    .find((decision) => decision !== undefined);
}

const beyond = (lines: readonly PairLine[]): [number[], number[]] => [
  lines.map((line) => line.at(BEYOND_FIRST)),
  lines.map((line) => line.at(BEYOND_SECOND)),
];

function decideNarrower(lines: readonly PairLine[]): Decision {
  if (lines.length === 0) return undecided('no pair of different η/S has a line.');
  const idle = idleEnds(lines);
  if (idle) return idle;
  const [first, second] = beyond(lines);
  const { verdict, reason } = decideRising(numericTrend([[first, second]]));
  return { verdict, reason: `${reason}; ${show(first)} beyond θ₁, ${show(second)} beyond θ₂.` };
}

function decideAlike(equal: readonly PairLine[], different: readonly PairLine[]): Decision {
  if (equal.length === 0 || different.length === 0)
    return undecided('pairs of equal and of different η/S are needed to compare them.');
  const idle = idleEnds(equal) ?? idleEnds(different);
  if (idle) return idle;
  const apart = (lines: readonly PairLine[]): number[] =>
    lines.map((line) => Math.abs(Math.log(line.at(BEYOND_SECOND) / line.at(BEYOND_FIRST))));
  const { verdict, reason } = decideRising(numericTrend([[apart(equal), apart(different)]]));
  const text = `${reason}; |ln| is ${show(apart(equal))} for equal and ${show(apart(different))} for different η/S.`;
  if (verdict === 'holds') return { verdict, reason: text };
  const { pRising, pFalling } = numericTrend([beyond(equal)]);
  return isSignificant(2 * Math.min(pRising, pFalling))
    ? { verdict: 'does not hold', reason: `the losses beyond two ends of equal η/S differ: ${text}` }
    : undecided(text);
}

function decideEnds(lines: readonly PairLine[]): Decision {
  if (lines.length === 0) return undecided('no pair has a line.');
  const worst = Math.max(...lines.map((line) => Math.abs(line.at(0) / line.stored - 1)));
  return {
    verdict: worst <= REPRODUCED ? 'holds' : 'does not hold',
    reason: `the largest difference is ${worst.toExponential(1)} of the loss.`,
  };
}

function show(values: readonly number[]): string {
  return values.map((value) => value.toPrecision(3)).join(', ');
}
