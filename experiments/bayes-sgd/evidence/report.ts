/** Figures 1 and 2 of the paper, what was expected beside what was measured, and what these draws say of each claim. */
import { capital, claimSections, type DecidedClaim } from '../../claims.ts';
import type { FigureSection, ReportData, Section, Series, TableSection } from '../../report.ts';
import type { Manifest, RunRecord } from '../../types.ts';
import { groupBy, meanPoint, spread } from '../../spread.ts';
import { evidenceClaims, leastRatio, ratioCorrelation } from './claims.ts';
import type { EvidenceConfig } from './config.ts';
import {
  argmin,
  fitsOf,
  sweepsOf,
  unfittedOf,
  whiteningOf,
  type Fit,
  type Sweep,
  type Unfitted,
  type WhiteningRow,
} from './records.ts';
import { taskNames, type TaskName } from './task.ts';

export const TITLE =
  'Bayesian evidence, figures 1 and 2: logistic regression on informative and on random labels';

export function evidenceReport(records: readonly RunRecord[], manifest: Manifest): ReportData {
  const fits = fitsOf(records);
  const unfitted = unfittedOf(records);
  const sweeps = sweepsOf(fits, unfitted);
  return {
    title: TITLE,
    lead: leadOf(fits, manifest),
    sections:
      fits.length === 0
        ? unfittedSections(unfitted)
        : [
            ...taskNames.flatMap((task) => figuresOf(task, fits)),
            summaryTable(sweeps, manifest.config as unknown as Partial<EvidenceConfig>),
            ...unfittedSections(unfitted),
            ...claimSections(claimsOf(sweeps), undefined, TESTS),
            fitTable(fits),
            ...whiteningSections(whiteningOf(records)),
          ],
  };
}

function leadOf(fits: readonly Fit[], { preset, seed }: Manifest): string {
  const repeats = new Set(fits.map(({ repeat }) => repeat)).size;
  return (
    'Can the Bayesian evidence tell a model that generalises from one that memorises, and find the prior that generalises best? ' +
    'Logistic regression with a prior N(0, 1/λ) on every weight and the bias, fitted by Newton’s method in float64; the log evidence ratio in favour of ' +
    'the null model is E = C(ω₀) + ½ Σ ln(λ_i/λ) − N ln 2, over the eigenvalues of the exact Hessian that are at least λ. A model is to be believed where E < 0. ' +
    `Inputs are drawn, so no data set is used. Preset ${preset}, seed ${seed}; ${repeats} draws. The published figures are images; what is compared is what the text says of them.`
  );
}

// ---- figures -----------------------------------------------------------------------------------------

function figuresOf(task: TaskName, all: readonly Fit[]): FigureSection[] {
  const fits = all.filter((fit) => fit.task === task);
  if (fits.length === 0) return [];
  const x = { label: 'λ', scale: 'log' } as const;
  const series = (label: string, valueOf: (fit: Fit) => number): Series => ({
    label,
    points: [...groupBy(fits, ({ lambda }) => lambda)].map(([lambda, group]) =>
      meanPoint(lambda, spread(group.map(valueOf))),
    ),
  });
  const caption = `${capital(task)} labels. Means over draws; bars are one standard error.`;
  return [
    {
      kind: 'figure',
      id: `accuracy-${task}`,
      heading: `Figure 1, ${task} labels: accuracy`,
      caption,
      x,
      y: { label: 'accuracy', percent: true },
      series: [series('training', (fit) => fit.trainAccuracy), series('test', (fit) => fit.testAccuracy)],
      lines: [{ axis: 'y', value: 0.5, label: 'chance' }],
    },
    {
      kind: 'figure',
      id: `cross-entropy-${task}`,
      heading: `Figure 2, ${task} labels: cross-entropy`,
      caption: `${caption} Mean over examples, in nats.`,
      x,
      y: { label: 'cross-entropy' },
      series: [
        series('training', (fit) => fit.trainCrossEntropy),
        series('test', (fit) => fit.testCrossEntropy),
      ],
      lines: [{ axis: 'y', value: Math.LN2, label: 'ln 2' }],
    },
    {
      kind: 'figure',
      id: `evidence-${task}`,
      heading: `Figure 2, ${task} labels: log evidence ratio`,
      caption: `${caption} In favour of the null model; below 0 the model is to be believed.`,
      x,
      y: { label: 'E, in nats' },
      series: [series('log evidence ratio', (fit) => fit.logRatio)],
      lines: [{ axis: 'y', value: 0, label: '0' }],
    },
  ];
}

// ---- what was expected -------------------------------------------------------------------------------

interface Quantity {
  readonly task: TaskName;
  readonly what: string;
  readonly published: string;
  /** In a prototype of this size, over seeds: papers.md 3.1. */
  readonly prototype: string;
  readonly digits: number;
  of(fits: readonly Fit[]): number;
}

const quantities: readonly Quantity[] = [
  {
    task: 'random',
    what: 'E at the smallest λ',
    published: 'large',
    prototype: '130 at 1e-6',
    digits: 1,
    of: (fits) => fits[0]!.logRatio,
  },
  { task: 'random', what: 'least E', published: 'positive', prototype: '≥ −0.14', digits: 3, of: leastRatio },
  {
    task: 'random',
    what: 'test CE at the smallest λ',
    published: 'explodes',
    prototype: 'up to 12',
    digits: 2,
    of: (fits) => fits[0]!.testCrossEntropy,
  },
  {
    task: 'random',
    what: 'test CE at the largest λ',
    published: 'ln 2 = 0.693',
    prototype: '0.693',
    digits: 3,
    of: (fits) => fits.at(-1)!.testCrossEntropy,
  },
  {
    task: 'random',
    what: 'correlation of E and test CE',
    published: 'strong',
    prototype: '–',
    digits: 3,
    of: ratioCorrelation,
  },
  {
    task: 'informative',
    what: 'least E',
    published: 'below 0',
    prototype: '−13.4 to −7.8',
    digits: 2,
    of: leastRatio,
  },
  {
    task: 'informative',
    what: 'log10 λ of the least E',
    published: 'the same λ',
    prototype: '1 to 1.5',
    digits: 2,
    of: (fits) => Math.log10(fits[argmin(fits, (fit) => fit.logRatio)]!.lambda),
  },
  {
    task: 'informative',
    what: 'log10 λ of the least test CE',
    published: 'the same λ',
    prototype: '1 to 1.5',
    digits: 2,
    of: (fits) => Math.log10(atBest(fits).lambda),
  },
  {
    task: 'informative',
    what: 'least test CE',
    published: 'below ln 2',
    prototype: '0.49 to 0.53',
    digits: 3,
    of: (fits) => atBest(fits).testCrossEntropy,
  },
  {
    task: 'informative',
    what: 'test accuracy there',
    published: 'above chance',
    prototype: '0.72 to 0.76',
    digits: 3,
    of: (fits) => atBest(fits).testAccuracy,
  },
  {
    task: 'informative',
    what: 'correlation of E and test CE',
    published: 'strong',
    prototype: '0.96 to 0.99',
    digits: 3,
    of: ratioCorrelation,
  },
];

/** Where the test cross-entropy is least. */
function atBest(fits: readonly Fit[]): Fit {
  return fits[argmin(fits, (fit) => fit.testCrossEntropy)]!;
}

/** Whether it is the one that the prototype was made at, which is the published. */
function isPublishedSize({ features, trainExamples, testExamples }: Partial<EvidenceConfig>): boolean {
  return features === 200 && trainExamples === 200 && testExamples === 10_000;
}

function summaryTable(sweeps: readonly Sweep[], config: Partial<EvidenceConfig>): TableSection {
  const comparable = isPublishedSize(config);
  return {
    kind: 'table',
    heading: 'Published and measured',
    caption:
      'Published: what the text says of figures 1 and 2. ± is one standard deviation over draws.' +
      (comparable
        ? ' Prototype: the range over seeds of another program at the published size (papers.md 3.1).'
        : ''),
    columns: [
      { key: 'task', label: 'labels' },
      { key: 'what', label: 'quantity' },
      { key: 'published', label: 'published' },
      ...(comparable ? [{ key: 'prototype', label: 'prototype' }] : []),
      { key: 'measured', label: 'measured', align: 'right' },
    ],
    rows: quantities.map(({ task, what, published, prototype, digits, of }) => {
      const values = sweeps.filter((sweep) => sweep.task === task).map(({ fits }) => of(fits));
      return { task, what, published, prototype, measured: meanText(values, digits) };
    }),
    terminal: true,
  };
}

function meanText(values: readonly number[], digits: number): string | null {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return null;
  const { mean, deviation } = spread(known);
  const text = mean.toFixed(digits).replace('-', '−');
  return known.length > 1 ? `${text} ± ${deviation.toFixed(digits)}` : text;
}

// ---- claims ------------------------------------------------------------------------------------------

const TESTS =
  'A claim holds if it is true in so many draws that fair coins would not be, at the level 0.05; it does not hold if it is false in so many.';

function claimsOf(sweeps: readonly Sweep[]): DecidedClaim[] {
  return evidenceClaims.map((claim) => ({
    ...claim,
    statement: capital(claim.short),
    ...claim.decide(sweeps),
  }));
}

// ---- the fits ----------------------------------------------------------------------------------------

function fitTable(fits: readonly Fit[]): TableSection {
  const groups = [...groupBy(fits, ({ task, lambda }) => `${task} ${lambda}`).values()];
  const steps = Math.max(...fits.map((fit) => fit.steps));
  const gradient = Math.max(...fits.map((fit) => fit.gradientNorm));
  const leftOut = fits.reduce((sum, fit) => sum + fit.leftOut.length, 0);
  return {
    kind: 'table',
    heading: 'All fits',
    caption:
      `Means over draws, ± one standard deviation. No fit took more than ${steps} Newton steps or left a gradient above ${gradient.toExponential(1)}; ` +
      (leftOut === 0 ? 'no eigenvalue was below λ.' : `${leftOut} eigenvalues were below λ and left out.`),
    columns: [
      { key: 'task', label: 'labels' },
      { key: 'lambda', label: 'λ', align: 'right' },
      { key: 'logRatio', label: 'E', align: 'right' },
      { key: 'occam', label: 'Occam term', align: 'right' },
      { key: 'trainCrossEntropy', label: 'train CE', align: 'right' },
      { key: 'testCrossEntropy', label: 'test CE', align: 'right' },
      { key: 'trainAccuracy', label: 'train accuracy', format: 'percent' },
      { key: 'testAccuracy', label: 'test accuracy', format: 'percent' },
    ],
    rows: groups.map((group) => {
      const text = (valueOf: (fit: Fit) => number, digits: number): string | null =>
        meanText(group.map(valueOf), digits);
      return {
        task: group[0]!.task,
        lambda: group[0]!.lambda.toPrecision(2),
        logRatio: text((fit) => fit.logRatio, 2),
        occam: text((fit) => fit.occam, 2),
        trainCrossEntropy: text((fit) => fit.trainCrossEntropy, 3),
        testCrossEntropy: text((fit) => fit.testCrossEntropy, 3),
        trainAccuracy: spread(group.map((fit) => fit.trainAccuracy)).mean,
        testAccuracy: spread(group.map((fit) => fit.testAccuracy)).mean,
      };
    }),
  };
}

function unfittedSections(unfitted: readonly Unfitted[]): Section[] {
  if (unfitted.length === 0) return [];
  const lambdas = [...new Set(unfitted.map(({ lambda }) => lambda.toPrecision(2)))];
  const { task, repeat, reason } = unfitted[0]!;
  return [
    {
      kind: 'text',
      heading: 'Fits that did not converge',
      text: `${unfitted.length}, at λ = ${lambdas.join(', ')}: these λ are left out of the claims and of the table above them. The first, of ${task} labels in draw ${repeat + 1}: ${reason}`,
    },
  ];
}

function whiteningSections(rows: readonly WhiteningRow[]): Section[] {
  const [row] = rows;
  if (!row) return [];
  return [
    {
      kind: 'table',
      heading: 'Whitening of the logit’s derivatives',
      caption:
        `One λ for all parameters is plausible where the derivatives of the logit by the parameters are white over the inputs (appendix A). Over ${row.examples} training inputs and ` +
        `${row.parameters} parameters; of white derivatives the Gram matrix has about ${(1 / Math.sqrt(row.examples)).toFixed(3)} beside its diagonal by chance. The bias’ derivative is always 1, so its mean is not 0.`,
      columns: [
        { key: 'repeat', label: 'draw', format: 'integer' },
        { key: 'meanSize', label: 'means, r.m.s.', format: 'number', digits: 3 },
        { key: 'diagonalMean', label: 'diagonal, mean', format: 'number', digits: 3 },
        { key: 'diagonalLeast', label: 'least', format: 'number', digits: 3 },
        { key: 'diagonalGreatest', label: 'greatest', format: 'number', digits: 3 },
        { key: 'offDiagonalSize', label: 'beside it, r.m.s.', format: 'number', digits: 3 },
      ],
      rows: rows.map(({ repeat, ...rest }) => ({ ...rest, repeat: repeat + 1 })),
    },
  ];
}
