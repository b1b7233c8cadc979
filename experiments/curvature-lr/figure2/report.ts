/** The report of figure 2: radii of curvature by tensor, and the claims. */
import type { Cell, FigureSection, ReportData, Section, Series, TableSection } from '../../report.ts';
import type { Manifest } from '../../types.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { decideByRepeats, rangeOf } from '../../repeats.ts';
import { meanPoint, spread } from '../../spread.ts';
import { undecided, type Decision } from '../../verdicts.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import type { Figure2Config, RadiiMarks } from './config.ts';
import type { Radii, RadiiRecord } from './radii.ts';

/** Largest over smallest median radius of the layers' weights, above which they are heterogeneous: papers.md, row cl-4. */
export const HETEROGENEOUS = 3;

/** One look at one initialisation. */
export interface Look {
  readonly replica: number;
  /** Steps made before. */
  readonly step: number;
  readonly examples: number;
  readonly tensors: Readonly<Record<string, Radii>>;
}

/** Of a training that diverged only the look before it. */
export function looksOf(trainings: readonly Trained<RadiiMarks>[]): Look[] {
  return trainings.flatMap(({ marks: { replica }, records, result }) =>
    (records.filter(({ name }) => name === 'radii') as RadiiRecord[]).flatMap((record): Look[] => {
      const step = record['step'] as number;
      if (result?.outcome === 'diverged' && step > 0) return [];
      return [{ replica, step, examples: record.examples, tensors: record.tensors }];
    }),
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
      `The radius of curvature R = |(1 + g²)^(3/2)/h| along every parameter, tensor by tensor; beside it |w/g|, which the paper puts in its place. Over ${radii.examples === 0 ? 'all' : radii.examples} training examples, h by ${radii.probes} random signs, cut at ${radii.maxRadius}. ` +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. The published figure is an image without numbers; its claim is that layers differ strongly.`,
    sections: [
      ...(looks.length > 0 ? kinds.map((kind) => figure(kind, before, after, epochs)) : []),
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
    'A radius is a quotient, and its mean belongs to the few parameters whose h or g is near 0: medians say more of the others, and claims are decided by them. Where h or g is 0, as of units that are dead for all examples, a radius is infinite; it is cut, and left out of the means. ' +
    'The estimate of h has an error that comes from the rest of its row of the Hessian. Of h = 0 the mean |h| would be √(2/π) = 0.80 of that error: where the error is as large as the mean |h|, a radius is one of the error, and too small.',
};

// ---- kinds ---------------------------------------------------------------------------------------------

/** The two ways of the paper to a radius. */
interface Kind {
  readonly id: string;
  readonly name: string;
  readonly of: (radii: Radii) => number;
  /** Whether it is as good as the estimate of h. */
  readonly byCurvature: boolean;
}

const kinds: readonly Kind[] = [
  { id: 'radii-by-h', name: 'by h', of: ({ median }) => median, byCurvature: true },
  { id: 'radii-by-gradient', name: '|w/g|', of: ({ ratioMedian }) => ratioMedian, byCurvature: false },
];

const PARTS = [
  { name: 'weights', ending: '/weight' },
  { name: 'biases', ending: '/bias' },
];

/** The names of the layers, in their order. */
function layersOf(looks: readonly Look[]): string[] {
  const paths = Object.keys(looks[0]?.tensors ?? {});
  return paths.flatMap((path) => (path.endsWith('/weight') ? [path.slice(0, -'/weight'.length)] : []));
}

// ---- figures and tables --------------------------------------------------------------------------------

function figure(
  { id, name, of }: Kind,
  before: readonly Look[],
  after: readonly Look[],
  epochs: number,
): FigureSection {
  const layers = layersOf([...before, ...after]);
  const seriesOf = (when: string, looks: readonly Look[]): Series[] =>
    PARTS.map(({ name: part, ending }) => ({
      label: `${part}, ${when}`,
      style: 'dots',
      points: layers.flatMap((layer, k) => {
        const values = looks.flatMap(({ tensors }) => {
          const radii = tensors[`${layer}${ending}`];
          return radii ? [of(radii)] : [];
        });
        return values.length > 0 ? [meanPoint(k + 1, spread(values))] : [];
      }),
    }));
  return {
    kind: 'figure',
    id,
    heading: `Median radii, ${name}`,
    caption:
      `Medians over the elements of a tensor; means over initialisations, bars are one standard error. Layers: ${layers.map((layer, k) => `${k + 1} ${layer}`).join(', ')}. ` +
      'The paper draws bars of means, those of biases ten times enlarged.',
    x: { label: 'layer', domain: [0.5, layers.length + 0.5], ticks: layers.map((_, k) => k + 1) },
    y: { label: `radius, ${name}`, scale: 'log' },
    series: [...seriesOf('before training', before), ...seriesOf(`after ${epochs} epochs`, after)],
  };
}

function table(heading: string, looks: readonly Look[]): TableSection {
  const over = (tensor: string, of: (radii: Radii) => number | null): Cell => {
    const values = looks.flatMap(({ tensors }) => (tensors[tensor] && of(tensors[tensor])) ?? []);
    return values.length > 0 ? spread(values).mean : null;
  };
  return {
    kind: 'table',
    heading,
    caption:
      'Medians over the elements of a tensor; the share that was cut, and the mean over the others. Averages over initialisations. h in millionths.',
    columns: [
      { key: 'tensor', label: 'tensor' },
      { key: 'median', label: 'R', format: 'number', digits: 1 },
      { key: 'cut', label: 'cut', format: 'percent', digits: 1 },
      { key: 'mean', label: 'mean', format: 'number', digits: 1 },
      { key: 'ratioMedian', label: '|w/g|', format: 'number', digits: 1 },
      { key: 'ratioCut', label: 'cut', format: 'percent', digits: 1 },
      { key: 'ratioMean', label: 'mean', format: 'number', digits: 1 },
      { key: 'curvature', label: 'mean |h|', format: 'number', digits: 1 },
      { key: 'error', label: 'error of h', format: 'number', digits: 1 },
    ],
    rows: Object.keys(looks[0]!.tensors).map((tensor) => ({
      tensor,
      median: over(tensor, ({ median }) => median),
      cut: over(tensor, ({ cut }) => cut),
      mean: over(tensor, ({ mean }) => mean),
      ratioMedian: over(tensor, ({ ratioMedian }) => ratioMedian),
      ratioCut: over(tensor, ({ ratioCut }) => ratioCut),
      ratioMean: over(tensor, ({ ratioMean }) => ratioMean),
      curvature: over(tensor, ({ curvature }) => 1e6 * curvature),
      error: over(tensor, ({ error }) => 1e6 * error),
    })),
    terminal: true,
  };
}

// ---- claims --------------------------------------------------------------------------------------------

export function claimsOf(after: readonly Look[]): DecidedClaim[] {
  return kinds.flatMap((kind, k) => {
    const { name, of, byCurvature } = kind;
    const ratios = after.map(({ tensors }) => {
      const weights = named(tensors, '/weight').map(of);
      return Math.max(...weights) / Math.min(...weights);
    });
    const shares = after.map(
      ({ tensors }) =>
        spread(named(tensors, '/bias').map(of)).mean / spread(named(tensors, '/weight').map(of)).mean,
    );
    const decide = (outcomes: readonly boolean[], what: string): Decision =>
      (byCurvature && ofTheError(after, what)) || decideByRepeats(outcomes, what);
    const unless = byCurvature
      ? ' Not decided where the mean error of h is as large as the mean |h| in a layer: its radius is then one of the error.'
      : '';
    return [
      {
        letter: 'ac'[k]!,
        short: `layers differ strongly (${name})`,
        statement: `Radii of curvature differ strongly between layers: ${name}.`,
        test: `Of each initialisation, at the end of training: the largest over the smallest of the median radii of the layers’ weights is above ${HETEROGENEOUS}.${unless}`,
        ...decide(
          ratios.map((ratio) => ratio > HETEROGENEOUS),
          `largest over smallest ${rangeOf(ratios)}.`,
        ),
      },
      {
        letter: 'bd'[k]!,
        short: `biases have smaller radii than weights (${name})`,
        statement: `Radii of biases are smaller than those of weights: ${name}. The paper shows them ten times enlarged.`,
        test: `Of each initialisation, at the end of training: the mean over all layers of the biases’ median radii is below that of the weights’.${unless}`,
        ...decide(
          shares.map((share) => share < 1),
          `biases over weights ${rangeOf(shares)}.`,
        ),
      },
    ];
  });
}

/** That nothing can be said where h is no larger than its error; undefined where it is. */
function ofTheError(after: readonly Look[], what: string): Decision | undefined {
  const paths = Object.keys(after[0]?.tensors ?? {});
  const lost = paths.filter((path) => {
    const over = (of: (radii: Radii) => number): number =>
      spread(after.flatMap(({ tensors }) => (tensors[path] ? [of(tensors[path])] : []))).mean;
    return over(({ error }) => error) >= over(({ curvature }) => curvature);
  });
  if (lost.length === 0) return undefined;
  return undecided(
    `the error of h is as large as the mean |h| in ${lost.length === paths.length ? 'every tensor' : lost.join(', ')}: take more radii.probes; ${what}`,
  );
}

function named(tensors: Readonly<Record<string, Radii>>, ending: string): Radii[] {
  return Object.entries(tensors).flatMap(([path, radii]) => (path.endsWith(ending) ? [radii] : []));
}
