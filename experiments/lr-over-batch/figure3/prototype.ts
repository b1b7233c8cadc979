/** What papers.md 2.3 has from its prototype of figure 3, at the settings of `small`, beside what was measured. */
import type { Column, TableSection } from '../../report.ts';
import { groupBy, meanCell } from '../../spread.ts';
import { accuracy, frobenius, lambdaMax } from './claims.ts';
import { showRatio } from './equilibrium.ts';
import { ratioKey, type Measured } from './records.ts';

const quantities = {
  largest: lambdaMax,
  norm: frobenius,
  trace: { name: 'Tr H', value: ({ curvature }: Measured) => curvature.trace },
  test: accuracy,
};

type Quantity = keyof typeof quantities;

interface Known extends Partial<Readonly<Record<Quantity, number>>> {
  readonly ratio: number;
  /** S, where one is said. */
  readonly batchSize?: number;
}

const KNOWN: Readonly<Record<string, readonly Known[]>> = {
  MLP: [
    { ratio: 1 / 256, largest: 0.39, norm: 0.67, trace: 2.76, test: 0.884 },
    { ratio: 1 / 64, batchSize: 16, largest: 0.24, norm: 0.41, trace: 1.86, test: 0.892 },
    { ratio: 1 / 32, largest: 0.13, norm: 0.23, trace: 1.2, test: 0.898 },
  ],
  'MLP-GBN': [
    { ratio: 5e-4, largest: 70 },
    { ratio: 1e-3, largest: 46 },
    { ratio: 2.5e-3, largest: 21 },
    { ratio: 5e-3, largest: 10.5 },
    { ratio: 1e-2, largest: 5.8 },
  ],
};

/** @param runs of one network, at the preset `small`; nothing for a network that the prototype did not have */
export function prototypeTables(network: string, runs: readonly Measured[]): TableSection[] {
  const known = KNOWN[network];
  if (!known) return [];
  const named = (Object.keys(quantities) as Quantity[]).filter((key) =>
    known.some((each) => each[key] !== undefined),
  );
  const byRatio = groupBy(runs, ratioKey);
  return [
    {
      kind: 'table',
      heading: `${network}: beside the prototype`,
      caption:
        'Another program at these settings, on MNIST or with ghost groups on Fashion-MNIST (papers.md 2.3), then what was measured: means over all trainings of this η/S, of one S where it is given, ± one standard deviation.',
      columns: [
        { key: 'ratio', label: 'η/S' },
        { key: 'size', label: 'S' },
        ...named.flatMap((key): Column[] => {
          const shown: Pick<Column, 'format' | 'digits'> =
            key === 'test' ? { format: 'percent', digits: 1 } : { format: 'number' };
          const { name } = quantities[key];
          return [
            { key: `${key}Prototype`, label: `${name}, prototype`, ...shown },
            { key, label: name, ...shown },
          ];
        }),
      ],
      rows: known.map((each) => {
        const own = (byRatio.get(ratioKey(each)) ?? []).filter(
          ({ batchSize }) => each.batchSize === undefined || batchSize === each.batchSize,
        );
        return {
          ratio: showRatio(each.ratio),
          size: each.batchSize === undefined ? 'all' : String(each.batchSize),
          ...Object.fromEntries(
            named.flatMap((key) => [
              [`${key}Prototype`, each[key] ?? null],
              [key, meanCell(own.map(quantities[key].value))],
            ]),
          ),
        };
      }),
      terminal: true,
    },
  ];
}
