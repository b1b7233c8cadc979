/** The report of figure 9: mean |g| over p, before and after training, and the claims. */
import { numericTrend } from '../../../stats/index.ts';
import type { FigureSection, ReportData, TableSection } from '../../report.ts';
import type { Manifest } from '../../types.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { decideByRepeats, rangeOf } from '../../repeats.ts';
import { groupBy, meanCell, meanPoint, spread } from '../../spread.ts';
import { decideRising, undecided, type Decision } from '../../verdicts.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import type { DiscardMarks, Figure9Config } from './config.ts';
import type { DiscardRecord } from './discard.ts';

/** Mean |g| at p = 0.9 over p = 0 above this: papers.md, row discard. */
export const RATIO = 3;

/** One look: mean |g| of the tensor, by p. */
export interface Look {
  readonly replica: number;
  /** Steps made before. */
  readonly step: number;
  readonly share: number;
  readonly kept: number;
  readonly gradient: number;
}

/** Of a training that diverged only the look before it. */
export function looksOf(trainings: readonly Trained<DiscardMarks>[], tensor: string): Look[] {
  return trainings.flatMap(({ marks: { replica }, records, result }) =>
    (records.filter(({ name }) => name === 'discarded') as DiscardRecord[]).flatMap((record): Look[] => {
      const gradient = record.gradient[tensor];
      const { share, kept } = record;
      const step = record['step'] as number;
      if (gradient === undefined || (result?.outcome === 'diverged' && step > 0)) return [];
      return [{ replica, step, share, kept, gradient }];
    }),
  );
}

/** K16 at initialisation, n = 2048, one seed; and after two epochs, of which the ends alone are known: papers.md 4.4. */
const prototype = {
  before: [0.00118, 0.00156, 0.00227, 0.00323, 0.00417, 0.00504, 0.00575, 0.00637, 0.00728, 0.0107],
  after: [0.0085, null, null, null, null, null, null, null, null, 0.0327],
};

export function report(
  title: string,
  trainings: readonly Trained<DiscardMarks>[],
  { config, preset, dataset, seed }: Manifest,
): ReportData {
  const { tensor, epochs } = config as unknown as Figure9Config;
  const looks = looksOf(trainings, tensor);
  const before = looks.filter(({ step }) => step === 0);
  const after = looks.filter(({ step }) => step > 0);
  return {
    title,
    lead:
      `Of a batch the share p with the smallest losses is discarded, and the gradient is that of the mean loss of the rest. Looked at is mean |g| of ${tensor} (fc2), at the first step and after ${epochs} epochs. ` +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. The published figure is an image without numbers; its claim is that the gradient grows with p.`,
    sections: [
      figure(before, after),
      table('At the first step', before, preset === 'small' ? prototype.before : []),
      ...(after.length > 0
        ? [table(`After ${epochs} epochs`, after, preset === 'small' ? prototype.after : [])]
        : []),
      ...claimSections(claimsOf(before, after)),
    ],
  };
}

function byShare(looks: readonly Look[]): (readonly [number, Look[]])[] {
  return [...groupBy(looks, ({ share }) => share)].sort(([a], [b]) => a - b);
}

function figure(before: readonly Look[], after: readonly Look[]): FigureSection {
  const series = [
    { label: 'first step', looks: before },
    { label: 'after training', looks: after },
  ].filter(({ looks }) => looks.length > 0);
  return {
    kind: 'figure',
    id: 'gradient-over-share',
    heading: 'Mean |g| over the share discarded',
    caption: 'Means over initialisations; bars are one standard error.',
    x: { label: 'p' },
    y: { label: 'mean |g|', scale: 'log' },
    series: series.map(({ label, looks }) => ({
      label,
      points: byShare(looks).map(([x, group]) => meanPoint(x, spread(group.map(({ gradient }) => gradient)))),
    })),
  };
}

function table(heading: string, looks: readonly Look[], expected: readonly (number | null)[]): TableSection {
  return {
    kind: 'table',
    heading,
    caption:
      'Mean |g|: means over initialisations, ± one standard deviation.' +
      (expected.length > 0 ? ' Prototype: one seed of papers.md 4.4, not published.' : ''),
    columns: [
      { key: 'share', label: 'p', format: 'number', digits: 1 },
      { key: 'kept', label: 'kept', format: 'integer' },
      ...(expected.length > 0
        ? [{ key: 'prototype', label: 'prototype', format: 'number' as const, digits: 5 }]
        : []),
      { key: 'gradient', label: 'mean |g|', format: 'number', digits: 5 },
      { key: 'ratio', label: 'over p = 0', format: 'number', digits: 2 },
    ],
    rows: byShare(looks).map(([share, group]) => {
      const gradients = group.map(({ gradient }) => gradient);
      const base = spread(looks.filter((look) => look.share === 0).map(({ gradient }) => gradient)).mean;
      return {
        share,
        kept: group[0]!.kept,
        prototype: expected[Math.round(10 * share)] ?? null,
        gradient: meanCell(gradients),
        ratio: Number.isNaN(base) ? null : spread(gradients).mean / base,
      };
    }),
    terminal: true,
  };
}

// ---- claims --------------------------------------------------------------------------------------------

export function claimsOf(before: readonly Look[], after: readonly Look[]): DecidedClaim[] {
  const rising = 'A trend of mean |g| over p, within each initialisation.';
  const factor = `Of each initialisation, mean |g| at the largest p is more than ${RATIO} times that at p = 0.`;
  return [
    {
      letter: 'a',
      short: 'at the first step the gradient grows with p',
      statement: 'At the first step, the mean length of the gradient grows with the share discarded.',
      test: rising,
      ...decideGrowth(before),
    },
    {
      letter: 'b',
      short: `more than ${RATIO}-fold up to the largest p`,
      statement: 'It grows markedly.',
      test: `Not a number of the paper. ${factor}`,
      ...decideFactor(before),
    },
    {
      letter: 'c',
      short: 'and after training',
      statement: 'So it does after training.',
      test: `Not claimed by the paper. ${rising}`,
      ...decideGrowth(after),
    },
  ];
}

function byReplica(looks: readonly Look[]): (readonly (readonly [number, Look[]])[])[] {
  return [...groupBy(looks, ({ replica }) => replica).values()].map(byShare);
}

function decideGrowth(looks: readonly Look[]): Decision {
  const blocks = byReplica(looks).map((shares) =>
    shares.map(([, group]) => group.map(({ gradient }) => gradient)),
  );
  if (blocks.length === 0) return undecided('nothing was measured.');
  const { verdict, reason } = decideRising(numericTrend(blocks));
  return { verdict, reason: `${reason}.` };
}

function decideFactor(looks: readonly Look[]): Decision {
  const ratios = byReplica(looks).flatMap((shares) => {
    const [first, last] = [shares[0], shares.at(-1)];
    if (first?.[0] !== 0 || !last || last === first) return [];
    return [last[1][0]!.gradient / first[1][0]!.gradient];
  });
  return decideByRepeats(
    ratios.map((ratio) => ratio > RATIO),
    `ratios ${rangeOf(ratios)}.`,
  );
}
