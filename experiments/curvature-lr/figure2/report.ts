/** The report of figure 2: radii of curvature by tensor, and the claims. */
import type { ReportData, Section, TableSection } from '../../report.ts';
import type { Manifest } from '../../types.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { decideByRepeats, rangeOf } from '../../repeats.ts';
import { spread } from '../../spread.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import type { Figure2Config, RadiiMarks } from './config.ts';
import type { Radii, RadiiRecord } from './radii.ts';

/** Largest over smallest mean radius of the layers' weights, above which they are heterogeneous: papers.md, row cl-4. */
export const HETEROGENEOUS = 3;

/** One look at one initialisation. */
export interface Look {
  readonly replica: number;
  /** Steps made before. */
  readonly step: number;
  readonly examples: number;
  readonly tensors: Readonly<Record<string, Radii>>;
}

export function looksOf(trainings: readonly Trained<RadiiMarks>[]): Look[] {
  return trainings.flatMap(({ marks: { replica }, records }) =>
    (records.filter(({ name }) => name === 'radii') as RadiiRecord[]).map((record) => ({
      replica,
      step: record['step'] as number,
      examples: record.examples,
      tensors: record.tensors,
    })),
  );
}

export function report(
  title: string,
  trainings: readonly Trained<RadiiMarks>[],
  { config, preset, dataset, seed }: Manifest,
): ReportData {
  const { epochs, radii } = config as unknown as Figure2Config;
  const looks = looksOf(trainings);
  const before = looks.filter(({ step }) => step === 0);
  const after = looks.filter(({ step }) => step > 0);
  return {
    title,
    lead:
      `The radius of curvature R = |(1 + g²)^(3/2)/h| along every parameter, averaged over tensors; beside it |w/g|, which the paper puts in its place. Over ${radii.examples === 0 ? 'all' : radii.examples} training examples, h by ${radii.probes} random signs, no radius above ${radii.maxRadius}. ` +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. The published figure is an image without numbers; its claim is that layers differ strongly.`,
    sections: [
      ...(before.length > 0 ? [table('Before training', before)] : []),
      ...(after.length > 0 ? [table(`After ${epochs} epochs`, after)] : []),
      ...claimSections(claimsOf(after)),
      reading,
    ],
  };
}

const reading: Section = {
  kind: 'text',
  heading: 'Reading the radii',
  text:
    'A radius is a quotient, and its mean belongs to the few parameters whose h or g is near 0: medians say more of the others. ' +
    'The estimate of h has an error that comes from the rest of its row of the Hessian; where the mean error is as large as the mean |h|, a radius is one of the error, and too small.',
};

function table(heading: string, looks: readonly Look[]): TableSection {
  const over = (tensor: string, of: (radii: Radii) => number): number =>
    spread(looks.flatMap(({ tensors }) => (tensors[tensor] ? [of(tensors[tensor])] : []))).mean;
  return {
    kind: 'table',
    heading,
    caption:
      'Means and medians over the elements of a tensor, averaged over initialisations. h in millionths.',
    columns: [
      { key: 'tensor', label: 'tensor' },
      { key: 'mean', label: 'mean R', format: 'number', digits: 1 },
      { key: 'median', label: 'median R', format: 'number', digits: 1 },
      { key: 'ratioMean', label: 'mean |w/g|', format: 'number', digits: 1 },
      { key: 'ratioMedian', label: 'median |w/g|', format: 'number', digits: 1 },
      { key: 'curvature', label: 'mean |h|', format: 'number', digits: 1 },
      { key: 'error', label: 'error of h', format: 'number', digits: 1 },
    ],
    rows: Object.keys(looks[0]!.tensors).map((tensor) => ({
      tensor,
      mean: over(tensor, (radii) => radii.mean),
      median: over(tensor, (radii) => radii.median),
      ratioMean: over(tensor, (radii) => radii.ratioMean),
      ratioMedian: over(tensor, (radii) => radii.ratioMedian),
      curvature: 1e6 * over(tensor, ({ curvature }) => curvature),
      error: 1e6 * over(tensor, ({ error }) => error),
    })),
    terminal: true,
  };
}

// ---- claims --------------------------------------------------------------------------------------------

const kinds = [
  { name: 'by h, mean', of: ({ mean }: Radii): number => mean },
  { name: '|w/g|, median', of: ({ ratioMedian }: Radii): number => ratioMedian },
];

export function claimsOf(after: readonly Look[]): DecidedClaim[] {
  return kinds.flatMap(({ name, of }, k) => {
    const ratios = after.map(({ tensors }) => {
      const weights = named(tensors, '/weight').map(of);
      return Math.max(...weights) / Math.min(...weights);
    });
    const shares = after.map(
      ({ tensors }) =>
        spread(named(tensors, '/bias').map(of)).mean / spread(named(tensors, '/weight').map(of)).mean,
    );
    return [
      {
        letter: 'ac'[k]!,
        short: `layers differ strongly (${name})`,
        statement: `Mean radii of curvature differ strongly between layers: ${name}.`,
        test: `Of each initialisation, at the end of training: the largest over the smallest of the layers’ weights is above ${HETEROGENEOUS}.`,
        ...decideByRepeats(
          ratios.map((ratio) => ratio > HETEROGENEOUS),
          `largest over smallest ${rangeOf(ratios)}.`,
        ),
      },
      {
        letter: 'bd'[k]!,
        short: `biases have smaller radii than weights (${name})`,
        statement: `Radii of biases are smaller than those of weights: ${name}. The paper shows them ten times enlarged.`,
        test: 'Of each initialisation, at the end of training: the mean over the biases of all layers is below that of the weights.',
        ...decideByRepeats(
          shares.map((share) => share < 1),
          `biases over weights ${rangeOf(shares)}.`,
        ),
      },
    ];
  });
}

function named(tensors: Readonly<Record<string, Radii>>, ending: string): Radii[] {
  return Object.entries(tensors).flatMap(([path, radii]) => (path.endsWith(ending) ? [radii] : []));
}
