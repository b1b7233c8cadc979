/** The report: variances beside both laws, the loss on the way, networks at the end of training, and the claims. */
import { rankCorrelation, stableCdf } from '../../../stats/index.ts';
import type { FigureSection, ReportData, Section, TableSection } from '../../report.ts';
import type { Manifest, RunRecord } from '../../types.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { groupBy, spread } from '../../spread.ts';
import { formatP, isSignificant, LEVEL, undecided, type Decision } from '../../verdicts.ts';
import { trainingsOf } from '../../training/grid-of-trainings.ts';
import type { GridMarks } from '../figure3/config.ts';
import { equilibriumSections } from '../figure3/equilibrium.ts';
import { measuredOf, type Measured } from '../figure3/records.ts';
import { errata } from '../figure3/report.ts';
import type { StationaryRecord, TransientRecord } from './quadratic.ts';

/** Measured variances are to be so near to the exact ones: papers.md, em-sgd / ou-sim. */
export const WITHIN = 0.02;

export interface Read {
  readonly stationary: readonly StationaryRecord[];
  readonly transient: readonly TransientRecord[];
  /** β at which the iteration diverges. */
  readonly unstable: readonly number[];
  readonly networks: readonly Measured[];
}

export function readRecords(records: readonly RunRecord[]): Read {
  const named = <T>(name: string): T[] => records.filter((record) => record.name === name) as unknown as T[];
  const trained = records.filter(({ training }) => training !== undefined);
  return {
    stationary: named<StationaryRecord>('stationary'),
    transient: named<TransientRecord>('transient'),
    unstable: named<{ readonly factor: number }>('unstable').map(({ factor }) => factor),
    networks: measuredOf(trainingsOf<GridMarks>(trained)),
  };
}

export function report(
  title: string,
  records: readonly RunRecord[],
  { preset, dataset, seed }: Manifest,
): ReportData {
  const read = readRecords(records);
  return {
    title,
    lead:
      'Near a minimum with Hessian H, where the gradients of examples have covariance C = H, SGD should fluctuate with covariance (η/2S)·1 and a mean loss of η/(4S) Tr H: only η/S enters. ' +
      'That is the law of the stochastic differential equation; the iteration itself has an exact one, which is larger where ηλ is not small. Both stand beside simulated chains, and then beside trained networks. ' +
      `Preset ${preset}, ${dataset.source === 'own' ? '' : `${dataset.name}, `}seed ${seed}.`,
    sections: [
      ...(read.stationary.length > 0 ? [stationaryTable(read.stationary)] : []),
      ...transientFigure(read),
      ...[...groupBy(read.networks, ({ network }) => network)].flatMap(([network, runs]) =>
        equilibriumSections(network, runs),
      ),
      ...claimSections(claimsOf(read)),
      ...errata(),
    ],
  };
}

function stationaryTable(rows: readonly StationaryRecord[]): TableSection {
  return {
    kind: 'table',
    heading: 'Stationary variances and loss on a quadratic with C = H',
    caption:
      'Leading order: η/2S, and η/(4S) Tr H, the published prediction. Exact: of the process as it is. z is measured less exact, in standard errors.',
    columns: [
      { key: 'process', label: 'process' },
      { key: 'of', label: 'of' },
      { key: 'leading', label: 'leading order', format: 'number', digits: 6 },
      { key: 'exact', label: 'exact', format: 'number', digits: 6 },
      { key: 'measured', label: 'measured', format: 'number', digits: 6 },
      { key: 'relative', label: 'measured/exact − 1', format: 'percent' },
      { key: 'z', label: 'z', format: 'number', digits: 1 },
    ],
    rows: rows.map(({ process, curvature, leading, exact, measured, standardError }) => ({
      process,
      of: curvature === null ? 'loss' : `λ = ${curvature}`,
      leading,
      exact,
      measured: { value: measured, error: standardError },
      relative: measured / exact - 1,
      z: (measured - exact) / standardError,
    })),
    terminal: true,
  };
}

function transientFigure({ transient, unstable }: Read): Section[] {
  const [first] = transient;
  if (!first) return [];
  const figure: FigureSection = {
    kind: 'figure',
    id: 'rescaling',
    heading: 'The mean loss on the way, at (βη, βS)',
    caption: `From one point to the stationary law, over the time η·steps. The dashed line is the equation, which knows nothing but η/S.${unstable.length > 0 ? ` At β = ${unstable.join(', ')} the iteration diverges, since βηλ is not below 2.` : ''}`,
    x: { label: 'time η·steps' },
    y: { label: 'mean loss', scale: 'log' },
    series: [...groupBy(transient, ({ factor }) => factor)].map(([factor, points]) => ({
      label: `β = ${factor}`,
      points: points.map(({ time, measured, standardError }) => ({
        x: time,
        y: measured,
        error: standardError,
      })),
    })),
    curves: [
      {
        label: 'equation',
        points: transient
          .filter(({ factor }) => factor === first.factor)
          .map(({ time, leading }) => ({ x: time, y: leading })),
      },
    ],
  };
  return [figure];
}

// ---- claims ------------------------------------------------------------------------------------------

export function claimsOf(read: Read): DecidedClaim[] {
  return [
    {
      letter: 'a',
      short: 'the stationary covariance and loss are the predicted ones',
      statement: 'Chains have the stationary variances and the mean loss that theory says, at finite steps.',
      test: `Holds if every measured value is within ${100 * WITHIN} % of the exact one; does not hold if one is not, and differs from it by more standard errors than the largest of so many normal numbers does at the level ${LEVEL}.`,
      ...decideExact(read.stationary),
    },
    {
      letter: 'b',
      statement: 'At (βη, βS) the mean loss is the same function of time, but for terms of order βη.',
      test: `Every measured loss on the way is within 5 standard errors of the exact one of its β; the distance of that from the equation, relative and on average over the way, is at most βηλ at every β for which βηλ is at most ${SMALL_STEP}, λ the largest curvature; and it grows with β, by Spearman’s rank correlation at 0.05. Where βηλ is larger nothing is claimed.`,
      ...rescalingClaim(read),
    },
    {
      letter: 'c',
      short: 'on networks E[loss]/Tr H grows with η/S',
      statement: 'At the end of training the loss over Tr H grows with η/S.',
      test: `Spearman's rank correlation over all trainings of a network, at ${LEVEL} by permutation.`,
      ...decideNetworks(read.networks),
    },
  ];
}

/** P(|Z| > z) of a standard normal Z: the stable law with α = 2 has the variance 2. */
function twoSided(z: number): number {
  return 2 * (1 - stableCdf(Math.abs(z) * Math.SQRT2, 2));
}

function decideExact(rows: readonly StationaryRecord[]): Decision {
  if (rows.length === 0) return undecided('nothing was simulated.');
  const worst = Math.max(...rows.map(({ measured, exact }) => Math.abs(measured / exact - 1)));
  const z = Math.max(
    ...rows.map(({ measured, exact, standardError }) => Math.abs(measured - exact) / standardError),
  );
  const p = Math.min(1, rows.length * twoSided(z));
  const reason = `of ${rows.length} values the worst is off by ${(100 * worst).toFixed(2)} %, the largest |z| is ${z.toFixed(1)}, p ${formatP(p)}.`;
  if (worst <= WITHIN) return { verdict: 'holds', reason };
  return isSignificant(p)
    ? { verdict: 'does not hold', reason }
    : undecided(`too few chains to tell: ${reason}`);
}

/** Up to this βηλ, λ the largest curvature, an expansion in βη can be meant at all. The iteration diverges at 2. */
export const SMALL_STEP = 1;

interface Distance {
  readonly factor: number;
  /** βηλ. */
  readonly step: number;
  /** Mean over the way of |exact loss/that of the equation − 1|. */
  readonly distance: number;
}

function distancesOf({ stationary, transient }: Read): Distance[] {
  const largest = Math.max(...stationary.map(({ curvature }) => curvature ?? 0));
  const later = transient.filter(({ time }) => time > 0);
  return [...groupBy(later, ({ factor }) => factor)].map(([factor, group]) => ({
    factor,
    step: (group[0] as TransientRecord).learningRate * largest,
    distance: spread(group.map(({ exact, leading }) => Math.abs(exact / leading - 1))).mean,
  }));
}

/** The decision, and the claim in short with how far the order of η reaches. */
function rescalingClaim(read: Read): Decision & { readonly short: string } {
  const distances = distancesOf(read);
  const percent = ({ distance }: Distance): string => `${(100 * distance).toFixed(1)} %`;
  const within = distances.filter(({ step }) => step <= SMALL_STEP).at(-1);
  const decision = decideRescaling(read, distances);
  return {
    short: within
      ? `only η/S enters, up to order η: within ${percent(within)} up to β = ${within.factor}`
      : 'only η/S enters, up to order η',
    ...decision,
  };
}

function decideRescaling({ stationary, transient }: Read, distances: readonly Distance[]): Decision {
  const later = transient.filter(({ time }) => time > 0);
  if (later.length === 0 || stationary.length === 0) return undecided('nothing was simulated.');
  const off = later.filter(
    ({ measured, exact, standardError }) => Math.abs(measured - exact) > 5 * standardError,
  ).length;
  const shown = distances
    .map(
      ({ factor, step, distance }) =>
        `${(100 * distance).toFixed(1)} % at β = ${factor}, where βηλ = ${Number(step.toPrecision(3))}${step > SMALL_STEP ? ' is not small' : ''}`,
    )
    .join('; ');
  const reason = `${off} of ${later.length} points are off; mean distance from the equation: ${shown}.`;
  const small = distances.filter(({ step }) => step <= SMALL_STEP);
  if (off > 0 || small.some(({ step, distance }) => distance > step))
    return { verdict: 'does not hold', reason };
  if (small.length < 2) return undecided(`fewer than two β with a small step: ${reason}`);
  const { pRising } = rankCorrelation(distances.map(({ factor, distance }) => [factor, distance] as const));
  return isSignificant(pRising)
    ? { verdict: 'holds', reason }
    : undecided(`too few β for a trend: ${reason}`);
}

function decideNetworks(runs: readonly Measured[]): Decision {
  if (runs.length < 2) return undecided('fewer than two networks were trained.');
  const parts = [...groupBy(runs, ({ network }) => network)].map(([network, own]) => {
    const found = rankCorrelation(
      own.map(({ ratio, loss, curvature }) => [ratio, loss / curvature.trace] as const),
    );
    return { network, ...found };
  });
  const reason = `${parts.map(({ network, rho, pRising }) => `${network}: ρ = ${rho.toFixed(2)}, p ${formatP(pRising)}`).join('; ')}.`;
  if (parts.every(({ pRising }) => isSignificant(pRising))) return { verdict: 'holds', reason };
  return parts.some(({ pFalling }) => isSignificant(pFalling))
    ? { verdict: 'does not hold', reason }
    : undecided(reason);
}
