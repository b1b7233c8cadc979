/** HT-3's report: the tail indices of single parameters, sorted and as a distribution. */
import type { FigureSection, ReportData, TableSection } from '../../../report.ts';
import type { Trained } from '../../../training/grid-of-trainings.ts';
import type { Manifest } from '../../../types.ts';
import { claimSections } from '../../../claims.ts';
import type { NoiseMarks } from '../cells.ts';
import { spreadClaims } from '../claims.ts';
import {
  deviationOf,
  meanOf,
  networkReadings,
  overRepeats,
  rangeOf,
  type NetworkReadings,
  type Reading,
} from '../readings.ts';
import { layerTable } from '../table1/report.ts';

export function report(
  title: string,
  trainings: readonly Trained<NoiseMarks>[],
  { preset, dataset, seed }: Manifest,
): ReportData {
  const networks = networkReadings(trainings).filter(({ at }) => at('end').length > 0);
  return {
    title,
    lead:
      'The tail index α of the gradient noise, fitted by likelihood to every parameter by itself, with the weights held after training. ' +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. The published figure is an image without numbers; its claim is that the indices of 100 parameters are widely spread.`,
    sections:
      networks.length === 0
        ? []
        : [
            spreadTable(networks),
            distribution(networks),
            sorted(networks),
            ...networks.map(layerTable),
            ...networks.flatMap((network) => claimSections(spreadClaims(network), network.network)),
          ],
  };
}

const alphasOf = ({ fits }: Reading): number[] => fits.map(({ alpha }) => alpha);

function spreadTable(networks: readonly NetworkReadings[]): TableSection {
  return {
    kind: 'table',
    heading: 'The spread of the tail index',
    caption:
      'After training. Standard deviations over parameters, means over repeats ± one standard error; of controls, which are samples of the stable law with the mean α̂, it is the error of an estimate.',
    columns: [
      { key: 'network', label: 'network' },
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'alpha', label: 'mean α̂', format: 'number', digits: 3 },
      { key: 'spread', label: 'deviation', format: 'number', digits: 3 },
      { key: 'control', label: 'of controls', format: 'number', digits: 3 },
      { key: 'least', label: 'least', format: 'number' },
      { key: 'greatest', label: 'greatest', format: 'number' },
      { key: 'bounds', label: 'at 0.5 or 2', format: 'percent', digits: 1 },
    ],
    rows: networks.flatMap(({ network, at }) =>
      at('end').map(({ batchSize, repeats }) => {
        const all = repeats.flatMap(alphasOf);
        return {
          network,
          batchSize,
          alpha: overRepeats(repeats, ({ fits }) => meanOf(fits, ({ alpha }) => alpha)),
          spread: overRepeats(repeats, (each) => deviationOf(alphasOf(each))),
          control: overRepeats(repeats, ({ alike }) => (alike.length > 1 ? deviationOf(alike) : Number.NaN)),
          ...rangeOf(all),
          bounds:
            all.length === 0 ? null : all.filter((alpha) => alpha <= 0.5 || alpha >= 2).length / all.length,
        };
      }),
    ),
    terminal: true,
  };
}

const [LEAST, GREATEST, WIDTH] = [0.5, 2, 0.1];

function distribution(networks: readonly NetworkReadings[]): FigureSection {
  const bins = Math.round((GREATEST - LEAST) / WIDTH);
  return {
    kind: 'figure',
    id: 'distribution',
    heading: 'How the tail indices are distributed',
    caption: `Shares of the parameters of all repeats in bins of ${WIDTH}. Fits are kept within ${LEAST} and ${GREATEST}.`,
    x: { label: 'α̂', domain: [LEAST, GREATEST] },
    y: { label: 'parameters', percent: true },
    series: networks.flatMap(({ network, at }) =>
      at('end').map(({ batchSize, repeats }) => {
        const all = repeats.flatMap(alphasOf);
        const shares = new Array<number>(bins).fill(0);
        for (const alpha of all) {
          const bin = Math.min(bins - 1, Math.floor((alpha - LEAST) / WIDTH));
          shares[bin] = (shares[bin] as number) + 1 / all.length;
        }
        return {
          label: `${network}, B = ${batchSize}`,
          style: 'line' as const,
          points: shares.map((y, bin) => ({ x: LEAST + (bin + 0.5) * WIDTH, y })),
        };
      }),
    ),
  };
}

function sorted(networks: readonly NetworkReadings[]): FigureSection {
  return {
    kind: 'figure',
    id: 'parameters',
    heading: 'The tail index of every parameter',
    caption:
      'After training, the first repeat at the smallest B, in ascending order; bars are standard errors.',
    x: { label: 'parameter' },
    y: { label: 'α̂', domain: [LEAST, GREATEST] },
    series: networks.flatMap(({ network, at }) => {
      const [first] = at('end');
      const reading = first?.repeats[0];
      if (!first || !reading) return [];
      return [
        {
          label: `${network}, B = ${first.batchSize}`,
          style: 'dots' as const,
          points: reading.fits
            .toSorted((a, b) => a.alpha - b.alpha)
            .map(({ alpha, alphaError }, k) => ({ x: k + 1, y: alpha, error: alphaError })),
        },
      ];
    }),
  };
}
