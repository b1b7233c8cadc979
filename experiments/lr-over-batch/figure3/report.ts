/** The report of figure 3: the panels, the grid, the loss beside theory, and the claims. */
import type { ReportData, Section, TableSection } from '../../report.ts';
import type { Manifest } from '../../types.ts';
import { claimSections } from '../../claims.ts';
import { groupBy } from '../../spread.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import { gridClaims } from './claims.ts';
import { imageCount } from '../learned.ts';
import type { GridConfig, GridMarks } from './config.ts';
import { cell, equilibriumSections, showRatio } from './equilibrium.ts';
import { gridFigures } from './figures.ts';
import { prototypeTables } from './prototype.ts';
import { measuredOf, pointsOf, type Measured } from './records.ts';

export function gridReport(
  title: string,
  trainings: readonly Trained<GridMarks>[],
  { preset, dataset, seed, config }: Manifest,
): ReportData {
  const runs = measuredOf(trainings);
  const { networks, plans } = config as unknown as GridConfig;
  const images = networks.flatMap((name) =>
    plans[name] ? [`${name}: ${imageCount(plans[name].images)}`] : [],
  );
  return {
    title,
    lead:
      'One network is trained with many learning rates η and batch sizes S, and the Hessian of its training loss is measured where it ended. ' +
      'LB says that curvature falls and accuracy rises with η/S, and that η and S matter through their ratio alone. ' +
      `Preset ${preset}, ${dataset.name} (${images.join(', ')}), seed ${seed}; ${runs.length} of ${trainings.length} trainings came to their end. ` +
      'The published figure is an image without numbers: what can be compared is the direction of each curve.',
    sections: [...groupBy(runs, ({ network }) => network)].flatMap(([network, own]) => [
      ...gridFigures(network, own),
      gridTable(network, own),
      ...(preset === 'small' ? prototypeTables(network, own) : []),
      ...equilibriumSections(network, own),
      ...claimSections(gridClaims(own)),
      ...errata(),
    ]),
  };
}

function gridTable(network: string, runs: readonly Measured[]): TableSection {
  const { examples, products, policy } = (runs[0] as Measured).curvature;
  return {
    kind: 'table',
    heading: `${network}: curvature at the end of training`,
    caption:
      `Means over initialisations, ± one standard deviation, ordered by η/S. λ_max by Lanczos, ‖H‖_F and Tr H by random signs, over ${examples} training examples, ${policy}; ` +
      (products === 'exact'
        ? 'products with H are exact.'
        : `products by ${products}: in f32 such are good to some 10 % along leading eigenvectors, and useless along random directions, so do not trust ‖H‖_F and Tr H (papers.md 2.1).`),
    columns: [
      { key: 'ratio', label: 'η/S' },
      { key: 'rate', label: 'η', align: 'right' },
      { key: 'size', label: 'S', format: 'integer' },
      { key: 'largest', label: 'λ_max', format: 'number', digits: 3 },
      { key: 'norm', label: '‖H‖_F', format: 'number', digits: 3 },
      { key: 'trace', label: 'Tr H', format: 'number', digits: 2 },
      { key: 'loss', label: 'loss', format: 'number', digits: 4 },
      { key: 'train', label: 'train', format: 'percent', digits: 1 },
      { key: 'test', label: 'test', format: 'percent' },
      { key: 'runs', label: 'runs', format: 'integer' },
    ],
    rows: pointsOf(runs).map((point) => ({
      ratio: showRatio(point.ratio),
      rate: String(Number(point.rate.toPrecision(4))),
      size: point.batchSize,
      largest: cell(point, ({ curvature }) => curvature.largest),
      norm: cell(point, ({ curvature }) => curvature.norm),
      trace: cell(point, ({ curvature }) => curvature.trace),
      loss: point.over(({ curvature }) => curvature.meanLoss).mean,
      train: point.over(({ trainAccuracy }) => trainAccuracy).mean,
      test: cell(point, ({ testAccuracy }) => testAccuracy),
      runs: point.runs.length,
    })),
    terminal: true,
  };
}

/** What of the printed theory is read otherwise here: papers.md 2.1. */
export function errata(): Section[] {
  return [
    {
      kind: 'text',
      heading: 'Misprints',
      text:
        'The paper prints the quadratic loss without the factor ½, as (θ − θ*)ᵀH(θ − θ*). Its Hessian would be 2H and the drift −2Λz, and the ' +
        'results that follow it need the ½, which is used here. It writes the noise of a step with both signs; the exact form is −η(G_S − G), and since the ' +
        'noise is symmetric to second order nothing depends on it. What it calls variance of a vector is the covariance matrix.',
    },
  ];
}
