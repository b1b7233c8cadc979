/** The report of figures 3, 4 and 7: lengths over batch size on logarithmic axes, their slopes, and the claims. */
import type { FigureSection, ReportData, Section, Series, TableSection } from '../../report.ts';
import type { Manifest } from '../../types.ts';
import { powerLaw } from '../../power-law.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { groupBy, meanPoint, spread } from '../../spread.ts';
import { undecided, type Decision } from '../../verdicts.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import { bandTest, decideSlope, HALF, minus, ONE, type Band } from '../decide.ts';
import type { Figure3Config, LawMarks } from './config.ts';
import { epochPoints, lawPoints, tensorsOf, type EpochPoint, type LawPoint } from './records.ts';

/** The level of the centred gradient may be this far from the law's: papers.md, row grad-law. */
export const LEVEL_BAND = 0.1;

export function report(
  title: string,
  trainings: readonly Trained<LawMarks>[],
  { config, preset, dataset, seed }: Manifest,
): ReportData {
  const { tensor } = config as unknown as Figure3Config;
  const step = lawPoints(trainings, tensor);
  const epoch = epochPoints(trainings, tensor);
  return {
    title,
    lead:
      `How long is the gradient of a batch of n examples? If those of single examples had mean zero and deviation σ, E|g| would be √(2/π) σ/√n; so would be the stride E|Δw|/lr, and the loss would fall by lr σ²/n for each parameter. ` +
      `Looked at is ${tensor} (fc1). Raw is the gradient as it is, centred is less the gradient of the whole training set. ` +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. The published figures are images without numbers: what can be compared is their slopes.`,
    sections: [
      ...figures(step, epoch),
      slopeTable(step, epoch),
      levelTable(step),
      tensorTable(trainings),
      epochTable(epoch),
      ...claimSections(claimsOf(step, epoch)),
      ...errata(),
    ],
  };
}

// ---- quantities ----------------------------------------------------------------------------------------

interface Quantity<P> {
  readonly name: string;
  readonly band: Band;
  readonly of: (point: P) => number;
}

const raw: Quantity<LawPoint> = { name: 'E|g|', band: HALF, of: ({ lengths }) => lengths.raw };
const centred: Quantity<LawPoint> = { name: 'E|g − G|', band: HALF, of: ({ lengths }) => lengths.centred };
const rawSquare: Quantity<LawPoint> = { name: 'E g²', band: ONE, of: ({ lengths }) => lengths.rawSquare };
const centredSquare: Quantity<LawPoint> = {
  name: 'E(g − G)²',
  band: ONE,
  of: ({ lengths }) => lengths.centredSquare,
};
const stride: Quantity<EpochPoint> = { name: 'E|Δw|/lr', band: HALF, of: (point) => point.stride };
const fall: Quantity<EpochPoint> = { name: 'E ΔL/(lr P)', band: ONE, of: (point) => point.fall };

function pointsOf<P extends { readonly batchSize: number }>(
  points: readonly P[],
  { of }: Quantity<P>,
): (readonly [number, number])[] {
  return points.map((point) => [point.batchSize, of(point)] as const);
}

/** By batch size, ascending. */
function bySize<P extends { readonly batchSize: number }>(points: readonly P[]): (readonly [number, P[]])[] {
  return [...groupBy(points, ({ batchSize }) => batchSize)].sort(([a], [b]) => a - b);
}

// ---- figures -------------------------------------------------------------------------------------------

function seriesOf<P extends { readonly batchSize: number }>(
  label: string,
  points: readonly P[],
  of: (point: P) => number,
): Series {
  return {
    label,
    points: bySize(points).map(([x, group]) => meanPoint(x, spread(group.map(of)))),
  };
}

function figures(step: readonly LawPoint[], epoch: readonly EpochPoint[]): FigureSection[] {
  const x = { label: 'batch size n', scale: 'log' } as const;
  const caption = 'Means over initialisations; bars are one standard error.';
  return [
    {
      kind: 'figure',
      id: 'first-step',
      heading: 'The first step: E|g| over n',
      caption: `${caption} The dashed line is √(2/π) σ̄/√n, with σ measured of single examples.`,
      x,
      y: { label: 'E|g|', scale: 'log' },
      series: [seriesOf('raw', step, raw.of), seriesOf('centred', step, centred.of)],
      curves: [
        {
          label: 'law',
          points: seriesOf('', step, (point) => centred.of(point) / point.level).points,
        },
      ],
    },
    {
      kind: 'figure',
      id: 'first-epoch-stride',
      heading: 'The first epoch: stride over n',
      caption,
      x,
      y: { label: 'E|Δw|/lr', scale: 'log' },
      series: [seriesOf('measured', epoch, stride.of)],
    },
    {
      kind: 'figure',
      id: 'first-epoch-loss',
      heading: 'The first epoch: fall of the loss over n',
      caption: `${caption} Of the loss of the step’s own batch; the first order is E g².`,
      x,
      y: { label: 'fall/(lr P)', scale: 'log' },
      series: [seriesOf('measured', epoch, fall.of), seriesOf('first order', epoch, ({ square }) => square)],
    },
  ];
}

// ---- tables --------------------------------------------------------------------------------------------

function slopeTable(step: readonly LawPoint[], epoch: readonly EpochPoint[]): TableSection {
  const row = <P extends { readonly batchSize: number }>(
    where: string,
    points: readonly P[],
    quantity: Quantity<P>,
  ) => {
    const law = powerLaw(pointsOf(points, quantity).filter(([, y]) => y > 0));
    const [low, high] = law?.interval ?? [NaN, NaN];
    return {
      where,
      what: quantity.name,
      published: (quantity.band[0] + quantity.band[1]) / 2,
      slope: law?.slope ?? null,
      low: Number.isFinite(low) ? low : null,
      high: Number.isFinite(high) ? high : null,
    };
  };
  return {
    kind: 'table',
    heading: 'Slopes on logarithmic axes',
    caption: 'Over all batch sizes and initialisations, with the 95 % interval of a straight line’s slope.',
    columns: [
      { key: 'where', label: 'when' },
      { key: 'what', label: 'length' },
      { key: 'published', label: 'published', format: 'number', digits: 1 },
      { key: 'slope', label: 'measured', format: 'number', digits: 3 },
      { key: 'low', label: 'from', format: 'number', digits: 3 },
      { key: 'high', label: 'to', format: 'number', digits: 3 },
    ],
    rows: [
      ...[raw, centred, rawSquare, centredSquare].map((quantity) => row('first step', step, quantity)),
      ...[stride, fall].map((quantity) => row('first epoch', epoch, quantity)),
    ],
    terminal: true,
  };
}

function levelTable(step: readonly LawPoint[]): TableSection {
  return {
    kind: 'table',
    heading: 'The first step, by batch size',
    caption:
      'Lengths in millionths. Level: E|g − G| over √(2/π) σ̄/√n and E(g − G)² over mean σ²/n; the law has 1. The last slope is that of E|g| from the size before.',
    columns: [
      { key: 'size', label: 'n', format: 'integer' },
      { key: 'raw', label: 'E|g|', format: 'number', digits: 2 },
      { key: 'centred', label: 'E|g − G|', format: 'number', digits: 2 },
      { key: 'law', label: 'law', format: 'number', digits: 2 },
      { key: 'level', label: 'level', format: 'number', digits: 3 },
      { key: 'square', label: 'level of squares', format: 'number', digits: 3 },
      { key: 'local', label: 'raw slope', format: 'number', digits: 2 },
    ],
    rows: bySize(step).map(([size, group], k, all) => {
      const over = (of: (point: LawPoint) => number): number => spread(group.map(of)).mean;
      const before = all[k - 1];
      const local = before && powerLaw(pointsOf([...before[1], ...group], raw));
      return {
        size,
        raw: 1e6 * over(raw.of),
        centred: 1e6 * over(centred.of),
        law: 1e6 * over((point) => centred.of(point) / point.level),
        level: over(({ level }) => level),
        square: over(({ squareLevel }) => squareLevel),
        local: local?.slope ?? null,
      };
    }),
    terminal: true,
  };
}

function tensorTable(trainings: readonly Trained<LawMarks>[]): TableSection {
  return {
    kind: 'table',
    heading: 'The first step, tensor by tensor',
    caption:
      'σ̄ and mean |G_i| in millionths, over single examples; the slopes of E|g| and E|g − G|, and the levels of the latter at the smallest and the largest n. Raw equals centred where σ̄/√n is far above |G|.',
    columns: [
      { key: 'tensor', label: 'tensor' },
      { key: 'deviation', label: 'σ̄', format: 'number', digits: 1 },
      { key: 'full', label: '|G|', format: 'number', digits: 1 },
      { key: 'raw', label: 'raw slope', format: 'number', digits: 3 },
      { key: 'centred', label: 'centred slope', format: 'number', digits: 3 },
      { key: 'first', label: 'level, smallest', format: 'number', digits: 3 },
      { key: 'last', label: 'largest', format: 'number', digits: 3 },
    ],
    rows: tensorsOf(trainings).map((tensor) => {
      const points = lawPoints(trainings, tensor);
      const sizes = bySize(points);
      const level = (group: readonly LawPoint[] = []): number | null =>
        group.length > 0 ? spread(group.map((point) => point.level)).mean : null;
      return {
        tensor,
        deviation: 1e6 * spread(points.map((point) => point.spread.deviation)).mean,
        full: 1e6 * spread(points.map((point) => point.spread.full)).mean,
        raw: powerLaw(pointsOf(points, raw))?.slope ?? null,
        centred: powerLaw(pointsOf(points, centred))?.slope ?? null,
        first: level(sizes[0]?.[1]),
        last: level(sizes.at(-1)?.[1]),
      };
    }),
    terminal: true,
  };
}

function epochTable(epoch: readonly EpochPoint[]): TableSection {
  return {
    kind: 'table',
    heading: 'The first epoch, by batch size',
    caption: 'In millionths; means over the steps that were looked at.',
    columns: [
      { key: 'size', label: 'n', format: 'integer' },
      { key: 'stride', label: 'E|Δw|/lr', format: 'number', digits: 2 },
      { key: 'fall', label: 'fall/(lr P)', format: 'number', digits: 3 },
      { key: 'square', label: 'E g²', format: 'number', digits: 3 },
      { key: 'looks', label: 'steps looked at', format: 'integer' },
    ],
    rows: bySize(epoch).map(([size, group]) => ({
      size,
      stride: 1e6 * spread(group.map(stride.of)).mean,
      fall: 1e6 * spread(group.map(fall.of)).mean,
      square: 1e6 * spread(group.map(({ square }) => square)).mean,
      looks: group[0]!.looks,
    })),
    terminal: true,
  };
}

// ---- claims --------------------------------------------------------------------------------------------

export function claimsOf(step: readonly LawPoint[], epoch: readonly EpochPoint[]): DecidedClaim[] {
  return [
    {
      letter: 'a',
      short: 'first step: E|g| ∝ n^−½',
      statement: 'At the first step the mean length of the gradient falls as 1/√n.',
      test: bandTest('E|g|', HALF),
      ...decideSlope(pointsOf(step, raw), HALF),
    },
    {
      letter: 'b',
      short: 'the same, centred',
      statement: 'That is so of the gradient less its mean.',
      test: `Not claimed by the paper, whose model has no mean. ${bandTest('E|g − G|', HALF)}`,
      ...decideSlope(pointsOf(step, centred), HALF),
    },
    {
      letter: 'c',
      short: 'its level is √(2/π) σ̄/√n',
      statement: 'The centred gradient is as long as the law says, without the printed √2.',
      test: `Holds if the mean level at every batch size is within ${100 * LEVEL_BAND} % of 1, else does not hold.`,
      ...decideLevel(step),
    },
    {
      letter: 'd',
      short: 'centred E g² ∝ 1/n',
      statement: 'The mean square of the centred gradient falls as 1/n.',
      test: bandTest('E(g − G)²', ONE),
      ...decideSlope(pointsOf(step, centredSquare), ONE),
    },
    {
      letter: 'e',
      short: 'first epoch: E|Δw|/lr ∝ n^−½',
      statement: 'The mean stride of the first epoch falls as 1/√n.',
      test: bandTest('E|Δw|/lr', HALF),
      ...decideSlope(pointsOf(epoch, stride), HALF),
    },
    {
      letter: 'f',
      short: 'first epoch: E ΔL/lr ∝ 1/n',
      statement: 'What the loss of a batch falls by in its step, over the first epoch, falls as 1/n.',
      test: bandTest('fall', ONE),
      ...decideSlope(pointsOf(epoch, fall), ONE),
    },
  ];
}

function decideLevel(step: readonly LawPoint[]): Decision {
  const levels = bySize(step).map(([size, group]) => ({
    size,
    level: spread(group.map(({ level }) => level)).mean,
  }));
  if (levels.length === 0) return undecided('nothing was measured.');
  const worst = levels.reduce((a, b) => (Math.abs(b.level - 1) > Math.abs(a.level - 1) ? b : a));
  return {
    verdict: Math.abs(worst.level - 1) <= LEVEL_BAND ? 'holds' : 'does not hold',
    reason: `farthest from 1 at n = ${worst.size}, with ${minus(worst.level)}.`,
  };
}

function errata(): Section[] {
  return [
    {
      kind: 'text',
      heading: 'Misprints',
      text:
        'The paper prints E|g| = 2σ/(√π √n), which is √2 too large; the stride and the distance to the minimum carry the same factor. The exponent of its density, −½(g/(σ√n))², should be −½(g√n/σ)²; ' +
        'its sum over a batch runs from k = 0 to n, which are n + 1 terms; N(μ, σ) is written for a deviation σ; and the equation for the fall of the loss is missing, for which lr σ²/n is taken, to first order in lr. ' +
        'It goes to batches of 60,000 of CIFAR-10, which has 50,000 training images: here the first step draws with replacement, and an epoch takes 50,000 at most.',
    },
  ];
}
