/** The errors of both laws beside those published, controls, and the distribution of the tail index over parameters. */
import { fairCoinTail, formatP, LEVEL, undecided, type Decision } from '../../verdicts.ts';
import { spread } from '../../spread.ts';
import type { Cell, FigureSection, ReportData, TableSection } from '../../report.ts';
import type { Manifest, RunRecord } from '../../types.ts';
import { claimSections } from '../../claims.ts';
import { aboveAllP } from '../shares.ts';
import type { TransformerConfig } from './config.ts';
import { histogramFigure, histogramsOf } from '../histogram.ts';
import {
  batchFitsOf,
  divergedAt,
  modelOf,
  type BatchFits,
  type FitRecord,
  type ModelRecord,
} from './records.ts';

type Errors = Pick<FitRecord, 'normalSse' | 'stableSse' | 'normalChi' | 'stableChi'>;

/** papers.md 5.3, table 2: BERT-base on CoLA, means over 120 parameters. */
const PUBLISHED: Readonly<Record<number, Errors>> = {
  8: { normalSse: 2.15, stableSse: 0.71, normalChi: 1.41, stableChi: 0.42 },
  32: { normalSse: 0.37, stableSse: 0.18, normalChi: 0.19, stableChi: 0.11 },
};

export function report(records: readonly RunRecord[], { config, preset }: Manifest): ReportData {
  const [model, batches] = [modelOf(records), batchFitsOf(records)];
  return {
    title: 'Heavy-tailed noise, table 2: a transformer on sentences',
    lead:
      'The weights of a trained transformer are held, and the gradient noise of single parameters is taken over minibatches, without dropout. Both laws are fitted, the normal one by moments and the symmetric stable one by likelihood, and held ' +
      'against the histogram of the standardised noise: SSE = Σ(h − p)², Chi2 = width Σ(h − p)²/(h + p), over 100 bins. ' +
      `Preset ${preset}. ${model ? describe(model) : ''} No images are used. Published are BERT-base on CoLA and 120 parameters; what the paper did to the scale of its samples is not said, so levels compare within a run only.`,
    sections: [
      ...divergedTable(records, config),
      ...lossFigure(records),
      ...(batches.length === 0
        ? []
        : [errorTable(batches), alphaTable(batches), ...histograms(records), ...claims(batches, config)]),
    ],
  };
}

function describe({
  corpus,
  parameters,
  examples,
  positives,
  cut,
  steps,
  loss,
  accuracy,
  dead,
}: ModelRecord): string {
  return (
    `${corpus === 'cola' ? 'CoLA' : 'Drawn grammar'}: ${examples} sentences, ${positives} of them acceptable${cut > 0 ? `, ${cut} cut` : ''}; ` +
    `${parameters} parameters, ${steps} steps, then a mean loss of ${loss.toFixed(3)} and ${(100 * accuracy).toFixed(1)} % right. ` +
    `${dead} drawn parameters were dead, 0 for more than 80 % of the sentences, and left out.`
  );
}

/** A training without an end has no noise to look at, and says so on the terminal too. */
function divergedTable(records: readonly RunRecord[], config: Manifest['config']): TableSection[] {
  const found = divergedAt(records);
  if (!found) return [];
  const { learningRate, steps } = config as unknown as TransformerConfig;
  return [
    {
      kind: 'table',
      heading: 'The training diverged',
      caption:
        'A loss was not finite, so there are no weights whose noise could be looked at, and nothing is decided.',
      columns: [
        { key: 'learningRate', label: 'learning rate', align: 'right' },
        { key: 'between', label: 'between steps', align: 'right' },
        { key: 'steps', label: 'of', format: 'integer' },
      ],
      rows: [{ learningRate: String(learningRate), between: `${found.after} and ${found.step}`, steps }],
      terminal: true,
    },
  ];
}

/** The paper has none of its transformer; ours are of three parameters at the smallest B. */
function histograms(records: readonly RunRecord[]): FigureSection[] {
  return histogramsOf(records).map((each, k) => {
    const tail = ['heaviest tail', 'middle tail', 'lightest tail'][k] as string;
    return histogramFigure(
      `${tail[0]?.toUpperCase()}${tail.slice(1)}`,
      'after training, without dropout',
      each,
    );
  });
}

function lossFigure(records: readonly RunRecord[]): FigureSection[] {
  const points = records.filter(({ name }) => name === 'loss') as unknown as { step: number; loss: number }[];
  if (points.length < 2) return [];
  return [
    {
      kind: 'figure',
      id: 'loss',
      heading: 'Training',
      caption: 'Mean loss of minibatches, with dropout.',
      x: { label: 'steps' },
      y: { label: 'loss' },
      series: [
        { label: 'loss', style: 'line', points: points.map(({ step, loss }) => ({ x: step, y: loss })) },
      ],
    },
  ];
}

const KINDS = ['normalSse', 'stableSse', 'normalChi', 'stableChi'] as const;

function meanWithError(values: readonly number[]): Cell {
  const { mean, error } = spread(values);
  return values.length === 0 ? null : { value: mean, error };
}

function errorTable(batches: readonly BatchFits[]): TableSection {
  const row = (what: string, fits: readonly FitRecord[], batchSize: number, samples: number) => ({
    batchSize,
    what,
    samples,
    ...Object.fromEntries(KINDS.map((kind) => [kind, meanWithError(fits.map((fit) => fit[kind]))])),
  });
  return {
    kind: 'table',
    heading: 'Errors of both laws',
    caption:
      'Means over parameters, ± one standard error. Control: as many normal numbers. The error of counting alone falls as 1/n with the number n of minibatches. Published: papers.md 5.3, table 2.',
    columns: [
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'what', label: 'of' },
      { key: 'samples', label: 'n', format: 'integer' },
      { key: 'normalSse', label: 'Gauss-SSE', format: 'number', digits: 3 },
      { key: 'stableSse', label: 'SαS-SSE', format: 'number', digits: 3 },
      { key: 'normalChi', label: 'Gauss-Chi2', format: 'number', digits: 3 },
      { key: 'stableChi', label: 'SαS-Chi2', format: 'number', digits: 3 },
    ],
    rows: batches.flatMap(({ batchSize, samples, fits, controls }) => {
      const published = PUBLISHED[batchSize];
      return [
        ...(published ? [{ batchSize, what: 'published', samples: null, ...published }] : []),
        row(`${fits.length} parameters`, fits, batchSize, samples),
        row(`${controls.length} controls`, controls, batchSize, samples),
      ];
    }),
    terminal: true,
  };
}

function alphaTable(batches: readonly BatchFits[]): TableSection {
  return {
    kind: 'table',
    heading: 'The fitted tail index',
    caption: '± is the standard deviation over parameters. Better: parameters with SαS-SSE below Gauss-SSE.',
    columns: [
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'alpha', label: 'α̂', format: 'number' },
      { key: 'least', label: 'least', format: 'number' },
      { key: 'greatest', label: 'greatest', format: 'number' },
      { key: 'control', label: 'control', format: 'number' },
      { key: 'better', label: 'better' },
      { key: 'constant', label: 'not fitted', format: 'integer' },
    ],
    rows: batches.map(({ batchSize, fits, controls, constant }) => {
      const alphas = fits.map(({ alpha }) => alpha);
      const { mean, deviation } = spread(alphas);
      return {
        batchSize,
        alpha: alphas.length === 0 ? null : { value: mean, error: deviation },
        least: Math.min(...alphas),
        greatest: Math.max(...alphas),
        control: controls.length === 0 ? null : spread(controls.map(({ alpha }) => alpha)).mean,
        better: `${fits.filter(({ stableSse, normalSse }) => stableSse < normalSse).length} of ${fits.length}`,
        constant,
      };
    }),
    terminal: true,
  };
}

function claims(batches: readonly BatchFits[], config: Manifest['config']): ReturnType<typeof claimSections> {
  const { batches: drawn } = config as unknown as TransformerConfig;
  const dependence =
    'Parameters share their minibatches, so they are not independent and the test is too sure.';
  return claimSections([
    ...batches.map((each) => ({
      letter: `a${each.batchSize}`,
      short: `at B = ${each.batchSize}, the stable law describes the noise better`,
      statement: `At B = ${each.batchSize}, a stable law describes the noise better than a normal one.`,
      test:
        'The normal law is among the stable ones, so a gain counts if it is above that of every control. Exact test of how many are, all orders of parameters and controls being as likely, ' +
        `at the level ${LEVEL} divided by the number of batch sizes. ${dependence}`,
      ...decideGain(each, batches.length),
    })),
    {
      letter: 'b',
      short: 'the error falls from the smallest B to the largest',
      statement: 'The error of the stable law falls as B grows.',
      test: `Sign test over parameters of SαS-SSE at the smallest and the largest B, at equal numbers of minibatches. ${dependence}`,
      ...(drawn === 0
        ? undecided('one epoch has fewer minibatches of larger B, and errors compare at equal numbers only.')
        : decideSigns(batches, ({ stableSse }) => -stableSse)),
    },
    {
      letter: 'c',
      short: 'α̂ rises with B',
      statement: 'The noise nears a normal law as B grows, as the central limit theorem has it: α̂ rises.',
      test: `Sign test over parameters of α̂ at the smallest and the largest B. ${dependence}`,
      ...decideSigns(batches, ({ alpha }) => alpha),
    },
  ]);
}

function decideGain({ fits, controls }: BatchFits, sizes: number): Decision {
  if (fits.length === 0 || controls.length === 0) return undecided('nothing was fitted yet.');
  const gain = ({ normalSse, stableSse }: FitRecord): number => normalSse / stableSse;
  const most = Math.max(...controls.map(gain));
  const above = fits.filter((fit) => gain(fit) > most).length;
  const p = aboveAllP(above, fits.length, controls.length);
  const worse = fits.filter((fit) => gain(fit) < 1).length;
  const ratio = spread(fits.map(gain)).mean;
  const reason = `${above} of ${fits.length} parameters gain more than every control (a factor of ${most.toFixed(3)}), p ${formatP(p)}; the mean factor is ${ratio.toFixed(2)}.`;
  if (p <= LEVEL / sizes) return { verdict: 'holds', reason };
  if (fairCoinTail(worse, fits.length) <= LEVEL / sizes) return { verdict: 'does not hold', reason };
  return undecided(reason);
}

/** Whether a quantity is greater at the largest B than at the smallest, over the parameters that have both. */
function decideSigns(batches: readonly BatchFits[], of: (fit: FitRecord) => number): Decision {
  const [first, last] = [batches[0], batches.at(-1)];
  if (!first || !last || first === last) return undecided('there is one batch size only.');
  const differences = first.fits.flatMap((fit) => {
    const other = last.fits.find(({ path, index }) => path === fit.path && index === fit.index);
    const difference = other ? of(other) - of(fit) : 0;
    return difference === 0 ? [] : [difference];
  });
  const rises = differences.filter((difference) => difference > 0).length;
  const reason = `in ${rises} of ${differences.length} parameters, from B = ${first.batchSize} to ${last.batchSize}.`;
  if (differences.length > 0 && fairCoinTail(rises, differences.length) <= LEVEL)
    return { verdict: 'holds', reason };
  if (fairCoinTail(differences.length - rises, differences.length) <= LEVEL && differences.length > 0)
    return { verdict: 'does not hold', reason };
  return undecided(reason);
}
