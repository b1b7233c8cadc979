/** HT-1's report: table 1 with the published and the prototype's numbers, tail indices by layer, and figure 1's histograms. */
import { layerOfPath } from '../../../../stats/index.ts';
import { groupBy } from '../../../spread.ts';
import type { Column, ReportData, TableSection } from '../../../report.ts';
import type { Trained } from '../../../training/grid-of-trainings.ts';
import type { Manifest } from '../../../types.ts';
import { claimSections } from '../../../claims.ts';
import type { FitRecord } from '../../transformer/records.ts';
import type { NoiseMarks } from '../cells.ts';
import { fitClaims } from '../claims.ts';
import { histogramFigure, histogramsOf } from '../../histogram.ts';
import { PROTOTYPE, PUBLISHED, PUBLISHED_BATCH } from '../published.ts';
import {
  deviationOf,
  meanOf,
  networkReadings,
  overRepeats,
  rangeOf,
  type NetworkReadings,
  type Readings,
} from '../readings.ts';

export function report(
  title: string,
  trainings: readonly Trained<NoiseMarks>[],
  { preset, dataset, seed }: Manifest,
): ReportData {
  const networks = networkReadings(trainings);
  return {
    title,
    lead:
      'The weights are held, and the gradient noise of single parameters is taken over minibatches. A normal law by moments and a symmetric stable one by likelihood are held against the histogram of the standardised noise: ' +
      'SSE = Σ(h − p)², Chi2 = width Σ(h − p)²/(h + p), over 100 bins. ' +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. Published are ResNets on CIFAR-100; what was done there to the scale of the samples is not said, so levels compare within a run only. ` +
      "The paper's table for CINIC-10 is in an appendix that was not available, and is absent here.",
    sections: [
      errorTable(networks),
      ...(networks.length === 0 ? [] : [alphaTable(networks), ...networks.map(layerTable)]),
      ...networks.flatMap(({ network, trainings: own }) =>
        own
          .slice(0, 1)
          .flatMap(({ records }) =>
            histogramsOf(records).map((each) =>
              histogramFigure(`${network}, ${each.layer}`, 'after training', each),
            ),
          ),
      ),
      ...networks.flatMap((network) => claimSections(fitClaims(network), network.network)),
    ],
  };
}

const KINDS = ['normalSse', 'stableSse', 'normalChi', 'stableChi'] as const;
const MOMENTS = { start: 'at the start', end: 'after training' } as const;

const errorColumns: readonly Column[] = [
  { key: 'normalSse', label: 'Gauss-SSE', format: 'number', digits: 3 },
  { key: 'stableSse', label: 'SαS-SSE', format: 'number', digits: 3 },
  { key: 'normalChi', label: 'Gauss-Chi2', format: 'number', digits: 3 },
  { key: 'stableChi', label: 'SαS-Chi2', format: 'number', digits: 3 },
];

function errorTable(networks: readonly NetworkReadings[]): TableSection {
  const published = Object.entries(PUBLISHED).map(([network, errors]) => ({
    network,
    batchSize: PUBLISHED_BATCH,
    of: 'published',
    samples: null,
    ...errors,
  }));
  return {
    kind: 'table',
    heading: 'Errors of both laws',
    caption:
      'Means over parameters, and over repeats ± one standard error. Control: as many normal numbers; there both errors should be alike. n: minibatches; the error of counting alone falls as 1/n. ' +
      'Published: papers.md 5.3, table 1, 100 parameters on CIFAR-100. Prototype: papers.md 5.3.',
    columns: [
      { key: 'network', label: 'network' },
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'of', label: 'of' },
      { key: 'samples', label: 'n', format: 'integer' },
      ...errorColumns,
    ],
    rows: [
      ...published,
      ...networks.flatMap(({ network, readings }) => readings.flatMap((each) => errorRows(network, each))),
    ],
    terminal: true,
  };
}

function errorRows(network: string, { moment, batchSize, repeats }: Readings): TableSection['rows'] {
  const samples = repeats[0]?.samples ?? null;
  const row = (of: string, fitsOf: (reading: (typeof repeats)[number]) => readonly FitRecord[]) => ({
    network,
    batchSize,
    of,
    samples,
    ...Object.fromEntries(
      KINDS.map((kind) => [kind, overRepeats(repeats, (each) => meanOf(fitsOf(each), (fit) => fit[kind]))]),
    ),
  });
  const known = PROTOTYPE.filter(
    (each) => network === '196-32-10' && each.moment === moment && each.batchSize === batchSize,
  );
  return [
    ...known.map(({ moment: _moment, alpha: _alpha, ...errors }) => ({
      network,
      of: `prototype, ${MOMENTS[moment]}`,
      samples: null,
      ...errors,
    })),
    row(MOMENTS[moment], ({ fits }) => fits),
    row('control', ({ controls }) => controls),
  ];
}

function alphaTable(networks: readonly NetworkReadings[]): TableSection {
  return {
    kind: 'table',
    heading: 'The fitted tail index',
    caption:
      'Means over parameters, and over repeats ± one standard error. Spread: standard deviation over parameters. Better: parameters with SαS-SSE below Gauss-SSE. Dead: drawn parameters that were left ' +
      'out, their gradient being 0 for more than 80 % of the rows; not fitted: those half of whose noise is one value. Both per repeat.',
    columns: [
      { key: 'network', label: 'network' },
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'of', label: 'noise' },
      { key: 'alpha', label: 'α̂', format: 'number', digits: 3 },
      { key: 'prototype', label: 'prototype', format: 'number' },
      { key: 'spread', label: 'spread', format: 'number', digits: 3 },
      { key: 'least', label: 'least', format: 'number' },
      { key: 'greatest', label: 'greatest', format: 'number' },
      { key: 'control', label: 'control', format: 'number', digits: 3 },
      { key: 'better', label: 'better', format: 'percent', digits: 1 },
      { key: 'dead', label: 'dead', format: 'number', digits: 1 },
      { key: 'constant', label: 'not fitted', format: 'number', digits: 1 },
    ],
    rows: networks.flatMap(({ network, readings }) =>
      readings.map(({ moment, batchSize, repeats }) => {
        const all = repeats.flatMap(({ fits }) => fits.map(({ alpha }) => alpha));
        const known = PROTOTYPE.find(
          (each) => network === '196-32-10' && each.moment === moment && each.batchSize === batchSize,
        );
        return {
          network,
          batchSize,
          of: MOMENTS[moment],
          alpha: overRepeats(repeats, ({ fits }) => meanOf(fits, ({ alpha }) => alpha)),
          prototype: known?.alpha ?? null,
          spread: overRepeats(repeats, ({ fits }) => deviationOf(fits.map(({ alpha }) => alpha))),
          ...rangeOf(all),
          control: overRepeats(repeats, ({ controls }) => meanOf(controls, ({ alpha }) => alpha)),
          better: overRepeats(repeats, ({ fits }) =>
            meanOf(fits, ({ stableSse, normalSse }) => (stableSse < normalSse ? 1 : 0)),
          ),
          dead: meanOf(repeats, ({ dead }) => dead),
          constant: meanOf(repeats, ({ constant }) => constant),
        };
      }),
    ),
    terminal: true,
  };
}

/** α̂ by layer, at every batch size after training. */
export function layerTable({ network, at }: NetworkReadings): TableSection {
  return {
    kind: 'table',
    heading: `${network}: the tail index by layer`,
    caption: 'After training, over the parameters of all repeats, ± their standard deviation.',
    columns: [
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'layer', label: 'layer' },
      { key: 'parameters', label: 'parameters', format: 'integer' },
      { key: 'alpha', label: 'α̂', format: 'number', digits: 3 },
    ],
    rows: at('end').flatMap(({ batchSize, repeats }) => {
      const fits = repeats.flatMap((each) => each.fits);
      return [...groupBy(fits, ({ path }) => layerOfPath(path))]
        .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
        .map(([layer, own]) => {
          const alphas = own.map(({ alpha }) => alpha);
          return {
            batchSize,
            layer,
            parameters: own.length,
            alpha: { value: meanOf(alphas, (alpha) => alpha), error: deviationOf(alphas) },
          };
        });
    }),
  };
}
