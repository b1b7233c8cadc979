/** The report: the covariance factor beside its prediction, then accuracy and convergence over α and batch size. */
import { effectiveBatchSize } from '../../optim/index.ts';
import { neFactor } from '../../stats/index.ts';
import type { Cell, FigureSection, ReportData, Section, Series, TableSection } from '../report.ts';
import type { Manifest, RunRecord } from '../types.ts';
import { table2, table3 } from './paper/published.ts';
import {
  cellsOf,
  readRecords,
  type Cell as GridCell,
  type CovarianceResult,
  type ReadRecords,
} from './records.ts';
import { groupBy, meanPoint, type Spread } from '../spread.ts';

export function report(records: readonly RunRecord[], manifest: Manifest): ReportData {
  const read = readRecords(records);
  const cells = cellsOf(read.runs);
  const sweeps = [...new Set([...read.evaluations, ...cells].map(({ sweep }) => sweep))];
  return {
    title: 'Noise-enhanced SGD',
    lead:
      'Two independent minibatches B and B′ are combined as α·g(B) + (1 − α)·g(B′). The mean of the gradient stays, ' +
      'its covariance is multiplied by α² + (1 − α)². The first part measures that factor at a trained point; the ' +
      'second shows what the added noise does to test accuracy and to the time until convergence. ' +
      `Preset ${manifest.preset}, ${manifest.dataset.name}, seed ${manifest.seed}.`,
    sections: [
      ...covarianceSections(read),
      ...sweeps.flatMap((sweep) => sweepSections(sweep, sweeps.length > 1, cells, read, manifest)),
    ],
  };
}

// ---- covariance --------------------------------------------------------------------------------------

function covarianceSections({ covariances, plainCovariances }: ReadRecords): Section[] {
  const [first] = covariances;
  if (!first) return [];
  const table: TableSection = {
    kind: 'table',
    heading: 'Covariance of the enhanced noise over that of plain SGD',
    caption:
      `B = ${first.batchSize} out of ${first.examples} examples. Predicted: α² + (1 − α)². z is the difference in ` +
      'standard errors. The trace is measured on gradients of whole minibatches; a direction on the derivatives of ' +
      'single examples along it. α = 1 is plain SGD against itself, with independent draws.',
    columns: [
      { key: 'quantity', label: 'of' },
      { key: 'alpha', label: 'α', format: 'number', digits: 1 },
      { key: 'predicted', label: 'predicted', format: 'number' },
      { key: 'measured', label: 'measured', format: 'number', digits: 3 },
      { key: 'relative', label: 's.e.', format: 'percent' },
      { key: 'z', label: 'z', format: 'number', digits: 1 },
      { key: 'draws', label: 'draws', format: 'integer' },
    ],
    rows: covariances.map((row) => ({
      quantity: quantityName(row),
      alpha: row.alpha,
      predicted: row.predicted,
      measured: { value: row.measured, error: row.standardError },
      relative: row.standardError / row.measured,
      z: (row.measured - row.predicted) / row.standardError,
      draws: row.draws,
    })),
    terminal: true,
  };
  return [table, covarianceFigure(covariances), plainTable(plainCovariances)];
}

function quantityName({ quantity, index }: Pick<CovarianceResult, 'quantity' | 'index'>): string {
  return quantity === 'trace' ? 'trace' : `${quantity} ${index + 1}`;
}

function covarianceFigure(covariances: readonly CovarianceResult[]): FigureSection {
  const alphas = covariances.map((row) => row.alpha);
  const [low, high] = [Math.min(...alphas, 0), Math.max(...alphas)];
  const quantities = [...new Set(covariances.map((row) => row.quantity))];
  return {
    kind: 'figure',
    id: 'covariance-factor',
    heading: 'The covariance factor',
    caption: 'Bars are one standard error. Several directions of one kind share a colour.',
    x: { label: 'α' },
    y: { label: 'covariance over that of plain SGD' },
    series: quantities.map((quantity) => ({
      label: quantity,
      style: 'dots' as const,
      points: covariances
        .filter((row) => row.quantity === quantity)
        .map((row) => ({ x: row.alpha, y: row.measured, error: row.standardError })),
    })),
    curves: [
      {
        label: 'α² + (1 − α)²',
        points: Array.from({ length: 61 }, (_, k) => low + ((high - low) * k) / 60).map((x) => ({
          x,
          y: neFactor(x),
        })),
      },
    ],
  };
}

function plainTable(rows: ReadRecords['plainCovariances']): TableSection {
  return {
    kind: 'table',
    heading: 'Variance of the gradient of plain SGD',
    caption:
      'The denominators above. Predicted along a direction v: vᵀCv·(N − B)/(B(N − 1)) without replacement, ' +
      'vᵀCv/B with, where C is the covariance of all per-example gradients.',
    columns: [
      { key: 'quantity', label: 'of' },
      { key: 'measured', label: 'measured' },
      { key: 'predicted', label: 'predicted' },
      { key: 'ratio', label: 'measured / predicted', format: 'number', digits: 3 },
      { key: 'draws', label: 'draws', format: 'integer' },
    ],
    rows: rows.map((row) => ({
      quantity: quantityName(row),
      measured: row.measured.toPrecision(4),
      predicted: row.predicted === null ? null : row.predicted.toPrecision(4),
      ratio:
        row.predicted === null
          ? null
          : { value: row.measured / row.predicted, error: row.standardError / row.predicted },
      draws: row.draws,
    })),
  };
}

// ---- sweeps ------------------------------------------------------------------------------------------

function sweepSections(
  sweep: string,
  several: boolean,
  all: readonly GridCell[],
  { evaluations }: ReadRecords,
  manifest: Manifest,
): Section[] {
  const cells = all.filter((cell) => cell.sweep === sweep);
  const suffix = several ? ` (${sweep})` : '';
  const id = (name: string): string => (several ? `${name}-${sweep.toLowerCase()}` : name);
  const published = isPublished(manifest, sweep);
  const figures: FigureSection[] = [
    {
      kind: 'figure',
      id: id('accuracy'),
      heading: `Test accuracy${suffix}`,
      caption: 'Mean over initialisations; bars are one standard error.',
      x: { label: 'batch size B', scale: 'log' },
      y: { label: 'test accuracy', percent: true },
      series: seriesByAlpha(cells, (cell) => cell.accuracy),
    },
    {
      kind: 'figure',
      id: id('steps'),
      heading: `Optimizer steps until the end${suffix}`,
      caption: 'Convergence time where the run converged; the cap where it did not.',
      x: { label: 'batch size B', scale: 'log' },
      y: { label: 'optimizer steps', scale: 'log' },
      series: seriesByAlpha(cells, (cell) => cell.steps),
    },
  ];
  const curves = curveFigures(
    id,
    suffix,
    evaluations.filter((metric) => metric.sweep === sweep),
  );
  // A run that was stopped before its end still shows how far it came.
  return cells.length === 0 ? curves : [runTable(cells, suffix, published), ...figures, ...curves];
}

/** The published numbers belong to F1 on Fashion-MNIST as a whole; medium shows them beside its 10,000 images. */
function isPublished({ preset, dataset }: Manifest, sweep: string): boolean {
  return sweep === 'main' && dataset.name === 'fashion-mnist' && (preset === 'paper' || preset === 'medium');
}

function runTable(cells: readonly GridCell[], suffix: string, published: boolean): TableSection {
  return {
    kind: 'table',
    heading: `Training runs${suffix}`,
    caption:
      'B_eff = B/(α² + (1 − α)²). Means over initialisations, ± one standard deviation. ' +
      (published
        ? 'Published: F1, all 60,000 images, 10 initialisations (papers.md 1.3, tables 2 and 3).'
        : ''),
    columns: [
      { key: 'alpha', label: 'α', format: 'number', digits: 1 },
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'effective', label: 'B_eff', format: 'number', digits: 1 },
      { key: 'accuracy', label: 'test accuracy', format: 'percent' },
      { key: 'steps', label: 'steps', format: 'integer' },
      { key: 'converged', label: 'converged' },
      ...(published
        ? ([
            { key: 'publishedAccuracy', label: 'published accuracy', format: 'percent' },
            { key: 'publishedSteps', label: 'published steps', format: 'integer' },
          ] as const)
        : []),
    ],
    rows: cells.map((cell) => ({
      alpha: cell.alpha,
      batchSize: cell.batchSize,
      effective: effectiveBatchSize(cell.batchSize, cell.alpha),
      accuracy: withError(cell.accuracy, cell.runs.length),
      steps: withError(cell.steps, cell.runs.length),
      converged: `${cell.converged} of ${cell.runs.length}`,
      ...(published ? publishedCells(cell) : {}),
    })),
    terminal: true,
  };
}

function withError({ mean, deviation }: GridCell['accuracy'], count: number): Cell {
  return count > 1 ? { value: mean, error: deviation } : mean;
}

function publishedCells({ alpha, batchSize }: GridCell): Record<string, Cell> {
  const isThis = (row: { readonly network: string; readonly alpha: number; readonly batchSize: number }) =>
    row.network === 'F1' && row.alpha === alpha && row.batchSize === batchSize;
  const best = table2.find(isThis);
  const accuracy = (best ?? table3.find(isThis))?.accuracy;
  return {
    publishedAccuracy: accuracy ? { value: accuracy.mean, error: accuracy.deviation } : null,
    publishedSteps: best ? { value: best.steps.mean, error: best.steps.deviation } : null,
  };
}

function seriesByAlpha(cells: readonly GridCell[], valueOf: (cell: GridCell) => Spread): Series[] {
  return [...groupBy(cells, (cell) => cell.alpha)].map(([alpha, group]) => ({
    label: `α = ${alpha}`,
    points: group.map((cell) => meanPoint(cell.batchSize, valueOf(cell))),
  }));
}

/** Training loss and test accuracy over steps, at the largest batch size and the first initialisation. */
function curveFigures(
  id: (name: string) => string,
  suffix: string,
  evaluations: ReadRecords['evaluations'],
): FigureSection[] {
  const largest = Math.max(...evaluations.map((metric) => metric.batchSize));
  const shown = evaluations.filter((metric) => metric.batchSize === largest && metric.replica === 0);
  const curve = (
    name: string,
    heading: string,
    y: FigureSection['y'],
    field: 'trainLoss' | 'testAccuracy',
  ): FigureSection[] => {
    const series = [...groupBy(shown, (metric) => metric.alpha)].map(([alpha, group]) => ({
      label: `α = ${alpha}`,
      style: 'line' as const,
      points: group.flatMap(({ step, [field]: value }) =>
        value === undefined ? [] : [{ x: step, y: value }],
      ),
    }));
    if (!series.some(({ points }) => points.length > 1)) return [];
    return [
      {
        kind: 'figure',
        id: id(name),
        heading: `${heading} at B = ${largest}${suffix}`,
        caption: 'First initialisation.',
        x: { label: 'optimizer steps' },
        y,
        series,
      },
    ];
  };
  return [
    ...curve('loss', 'Training loss', { label: 'cross-entropy / nats', scale: 'log' }, 'trainLoss'),
    ...curve('accuracy-curve', 'Test accuracy', { label: 'test accuracy', percent: true }, 'testAccuracy'),
  ];
}
