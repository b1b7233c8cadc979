/**
 * The reports of the paper's experiments: the published table beside the measured one, or the figures, then the whole
 * grid, then the claims of the paper with what these runs say of each.
 */
import { effectiveBatchSize } from '../../../optim/index.ts';
import type { Cell, ReportData, Section, TableSection } from '../../report.ts';
import { meanCell } from '../../spread.ts';
import type { Manifest, RunRecord } from '../../types.ts';
import { claims } from './claims.ts';
import { cellsOf } from './cells.ts';
import { networkNames, type NetworkName, type PaperConfig } from './config.ts';
import { accuracyOverSteps, overBatchSize } from './figures.ts';
import { accuraciesOf, bestOf, pointsOf, runsOf, type Measured, type Point, type Run } from './records.ts';
import { table2, table3 } from './published.ts';
import type { Decision } from '../../verdicts.ts';

/** What a report shows first. */
export type Shown = 'best batch sizes' | 'large batches' | 'over batch size' | 'accuracy against steps';

export function reportOf(
  title: string,
  shown: Shown,
  records: readonly RunRecord[],
  manifest: Manifest,
): ReportData {
  const runs = runsOf(records);
  const measured = networkNames.flatMap((network): Measured[] => {
    const own = runs.filter((run) => run.network === network);
    return own.length === 0 ? [] : [{ network, points: pointsOf(own) }];
  });
  return {
    title,
    lead: leadOf(runs, manifest),
    sections: [
      ...firstSections(shown, measured),
      ...(runs.length === 0 ? [] : [gridTable(measured), ...claimSections(measured)]),
    ],
  };
}

function leadOf(runs: readonly Run[], { preset, dataset, seed, config }: Manifest): string {
  const planned = plannedCells(config, seed);
  return (
    'Two independent minibatches B and B′ are combined as α·g(B) + (1 − α)·g(B′). A training ends when its loss is ' +
    'below L**, which is its convergence time, or at its cap: then it is censored, and its number of steps only a ' +
    `lower bound. Preset ${preset}, ${dataset.name}, seed ${seed}; ${runs.length}${planned === undefined ? '' : ` of ${planned}`} trainings came to their end. ` +
    (preset === 'paper'
      ? ''
      : 'Networks and training sets are smaller than the published ones, so the figures beside them are not to be reached; what can be compared is their order.')
  );
}

/** How many trainings the configuration has, if it is one. */
function plannedCells(config: Manifest['config'], seed: number): number | undefined {
  if (typeof config !== 'object' || config === null || !('plans' in config)) return undefined;
  return cellsOf(config as unknown as PaperConfig, seed, 'published').length;
}

function firstSections(shown: Shown, measured: readonly Measured[]): Section[] {
  switch (shown) {
    case 'best batch sizes':
      return [bestTable(measured)];
    case 'large batches':
      return [largeBatchTable(measured)];
    case 'over batch size':
      return measured.flatMap(overBatchSize);
    case 'accuracy against steps':
      return measured.flatMap(accuracyOverSteps);
  }
}

// ---- tables 2 and 3 ----------------------------------------------------------------------------------

function bestTable(measured: readonly Measured[]): TableSection {
  const rows = networkNames.flatMap((network) => {
    const points = measured.find((each) => each.network === network)?.points ?? [];
    const published = table2.filter((row) => row.network === network);
    const alphas = new Set([...published, ...severalSizes(points)].map(({ alpha }) => alpha));
    return [...alphas]
      .sort((a, b) => a - b)
      .map((alpha) => {
        const best = bestOf(points.filter((point) => point.alpha === alpha));
        const row = published.find((each) => each.alpha === alpha);
        return {
          network,
          alpha,
          publishedSize: row?.batchSize ?? null,
          size: best?.batchSize ?? null,
          publishedAccuracy: row ? { value: row.accuracy.mean, error: row.accuracy.deviation } : null,
          accuracy: accuracyCell(best),
          publishedSteps: row ? `${row.steps.mean} ± ${row.steps.deviation}` : null,
          steps: stepsCell(best),
          runs: runsCell(best),
        };
      });
  });
  return {
    kind: 'table',
    heading: 'The best batch size of each α',
    caption:
      'By mean test accuracy. ± is one standard deviation over initialisations. Published: papers.md 1.3, table 2, ' +
      '10 initialisations of the whole networks on all training images. ≥: some runs were stopped by their cap.',
    columns: [
      { key: 'network', label: 'net' },
      { key: 'alpha', label: 'α', format: 'number', digits: 1 },
      { key: 'publishedSize', label: 'B, publ.', format: 'integer' },
      { key: 'size', label: 'B', format: 'integer' },
      { key: 'publishedAccuracy', label: 'accuracy, publ.', format: 'percent' },
      { key: 'accuracy', label: 'accuracy', format: 'percent' },
      { key: 'publishedSteps', label: 'steps, publ.', align: 'right' },
      { key: 'steps', label: 'steps', align: 'right' },
      { key: 'runs', label: 'converged' },
    ],
    rows,
    terminal: true,
  };
}

/** Of the α that were run with several batch sizes. */
function severalSizes(points: readonly Point[]): Point[] {
  return points.filter((point) =>
    points.some(({ alpha, batchSize }) => alpha === point.alpha && batchSize !== point.batchSize),
  );
}

function largeBatchTable(measured: readonly Measured[]): TableSection {
  const rows = networkNames.flatMap((network) => {
    const points = measured.find((each) => each.network === network)?.points ?? [];
    const largest = Math.max(...points.map(({ batchSize }) => batchSize));
    const without = bestOf(points.filter(({ alpha }) => alpha === 1));
    const with_ = bestOf(points.filter(({ alpha, batchSize }) => alpha > 1 && batchSize === largest));
    const plain = table2.find((row) => row.network === network && row.alpha === 1);
    const enhanced = table3.find((row) => row.network === network);
    const row = (what: string, published: typeof plain | typeof enhanced, point: Point | undefined) => ({
      network,
      what,
      published: published ? `B = ${published.batchSize}, α = ${published.alpha}` : null,
      publishedAccuracy: published
        ? { value: published.accuracy.mean, error: published.accuracy.deviation }
        : null,
      measured: point ? `B = ${point.batchSize}, α = ${point.alpha}` : null,
      accuracy: accuracyCell(point),
      effective: point ? effectiveBatchSize(point.batchSize, point.alpha) : null,
      steps: stepsCell(point),
      runs: runsCell(point),
    });
    return [row('best B, α = 1', plain, without), row('largest B, best α', enhanced, with_)];
  });
  return {
    kind: 'table',
    heading: 'The largest batch size with noise enhancement, and the best without',
    caption:
      'By mean test accuracy. ± is one standard deviation over initialisations. Published: papers.md 1.3, table 3, ' +
      '10 initialisations of the whole networks on all training images. B_eff = B/(α² + (1 − α)²). ≥: some runs were stopped by their cap.',
    columns: [
      { key: 'network', label: 'net' },
      { key: 'what', label: 'of' },
      { key: 'published', label: 'published at' },
      { key: 'publishedAccuracy', label: 'accuracy, publ.', format: 'percent' },
      { key: 'measured', label: 'measured at' },
      { key: 'accuracy', label: 'accuracy', format: 'percent' },
      { key: 'effective', label: 'B_eff', format: 'number', digits: 1 },
      { key: 'steps', label: 'steps', align: 'right' },
      { key: 'runs', label: 'converged' },
    ],
    rows,
    terminal: true,
  };
}

// ---- the grid ----------------------------------------------------------------------------------------

function gridTable(measured: readonly Measured[]): TableSection {
  return {
    kind: 'table',
    heading: 'All trainings',
    caption:
      'Means over initialisations, ± one standard deviation. ≥: some runs were stopped by their cap, which counts as their steps. ' +
      measured.map(describeNetwork).join(' '),
    columns: [
      { key: 'network', label: 'net' },
      { key: 'alpha', label: 'α', format: 'number', digits: 1 },
      { key: 'size', label: 'B', format: 'integer' },
      { key: 'effective', label: 'B_eff', format: 'number', digits: 1 },
      { key: 'accuracy', label: 'accuracy', format: 'percent' },
      { key: 'steps', label: 'steps', align: 'right' },
      { key: 'runs', label: 'converged' },
    ],
    rows: measured.flatMap(({ network, points }) =>
      points.map((point) => ({
        network,
        alpha: point.alpha,
        size: point.batchSize,
        effective: effectiveBatchSize(point.batchSize, point.alpha),
        accuracy: accuracyCell(point),
        steps: stepsCell(point),
        runs: runsCell(point),
      })),
    ),
    terminal: true,
  };
}

function describeNetwork({ network, points }: Measured): string {
  const run = points[0]?.runs[0];
  return run
    ? `${network}: ${run.parameters} parameters, ${run.trainExamples} training and ${run.testExamples} test images.`
    : '';
}

function accuracyCell(point: Point | undefined): Cell {
  return point ? meanCell(accuraciesOf(point.runs)) : null;
}

/** Convergence time as text: a mean over runs some of which did not converge is only a lower bound. */
function stepsCell(point: Point | undefined): Cell {
  if (!point) return null;
  const { steps, runs, converged } = point;
  const mean = Math.round(steps.mean).toString();
  if (converged < runs.length) return `≥ ${mean}`;
  return runs.length > 1 ? `${mean} ± ${Math.round(steps.deviation)}` : mean;
}

function runsCell(point: Point | undefined): Cell {
  if (!point) return null;
  const { converged, diverged, runs } = point;
  return `${converged} of ${runs.length}${diverged > 0 ? `, ${diverged} diverged` : ''}`;
}

// ---- claims ------------------------------------------------------------------------------------------

function claimSections(measured: readonly Measured[]): Section[] {
  const decided = claims.map((claim) => ({
    ...claim,
    decisions: measured.map(({ network, points }) => ({ network, ...claim.decide(points) })),
  }));
  const table: TableSection = {
    kind: 'table',
    heading: "The paper's claims",
    caption:
      'Each at the level 0.05 by the permutation test of Jonckheere and Terpstra, of which that of Mann and Whitney is the case of two groups. ' +
      'A censored run only says that it took longer than its cap. The reasons stand below.',
    columns: [
      { key: 'claim', label: 'claim' },
      ...measured.map(({ network }) => ({ key: network, label: network })),
    ],
    rows: decided.map(({ letter, short, decisions }) => ({
      claim: `(${letter}) ${short}`,
      ...Object.fromEntries(decisions.map(({ network, verdict }) => [network, verdict])),
    })),
    terminal: true,
  };
  const texts = decided.map(({ letter, statement, test, decisions }): Section => ({
    kind: 'text',
    heading: `(${letter}) ${statement}`,
    text: [test, ...decisions.map(sentenceOf)].join('\n\n'),
  }));
  return [table, ...texts];
}

function sentenceOf({ network, verdict, reason }: Decision & { readonly network: NetworkName }): string {
  return `${network}: ${verdict}. ${reason.replace(/^[a-z]/, (first) => first.toUpperCase())}`;
}
