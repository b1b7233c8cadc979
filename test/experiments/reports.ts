/** Reports over made records, as the tests of the papers' experiments look at them. */
import type { GridExperiment } from '../../experiments/grid.ts';
import type { ReportData, TableSection } from '../../experiments/report.ts';
import type { TrainingCell, TrainingRecord } from '../../experiments/training/settings.ts';
import type { Json, Manifest, RunRecord } from '../../experiments/types.ts';

/** Of a run that is complete, at `small` unless the changes say otherwise. */
export function manifestOf(experiment: string, config: object, changes: Partial<Manifest> = {}): Manifest {
  return {
    schema: 1,
    run: 'test',
    experiment,
    preset: 'small',
    seed: 0,
    config: config as Json,
    changes: [],
    adapter: { backend: 'reference', name: 'float64', source: 'test' },
    dataset: { name: 'mnist', source: 'files', train: 1, test: 1, hashes: {} },
    versions: { langevin: '0', node: '0', webgpu: '0' },
    status: 'complete',
    ...changes,
  };
}

/** The record of a training's end. */
export function endOf(changes: Partial<TrainingRecord> = {}): RunRecord {
  return {
    kind: 'result',
    name: 'training',
    outcome: 'finished',
    steps: 10,
    epochs: 10,
    time: 1,
    trainLoss: 0.01,
    trainAccuracy: 1,
    testLoss: 0.3,
    testAccuracy: 0.9,
    parameters: 1,
    trainExamples: 1,
    testExamples: 1,
    ...changes,
  };
}

/** A cell with whatever its experiment says beside the training. */
export type MadeCell = TrainingCell & Readonly<Record<string, Json>>;

/**
 * The report over made records: what `of` says each cell of `small` measured, and how it ended.
 * @param options.count how many of the cells have begun; default all
 */
export function reportOver(
  experiment: GridExperiment<Record<string, unknown>>,
  of: (cell: MadeCell, k: number) => readonly RunRecord[],
  {
    changes = {},
    count = Infinity,
  }: { readonly changes?: Readonly<Record<string, unknown>>; readonly count?: number } = {},
): ReportData {
  const config = { ...experiment.presets.small, ...changes };
  const cells = experiment.cells(config, 0, 'published').slice(0, count) as unknown as readonly MadeCell[];
  const records = experiment.gather(cells.map((cell, k) => ({ cell, records: of(cell, k) })));
  return experiment.report(records, manifestOf(experiment.name, config));
}

export function tablesOf({ sections }: ReportData): readonly TableSection[] {
  return sections.filter((section) => section.kind === 'table');
}

/** Whether any table has the column of a prototype. */
export function showsPrototype(data: ReportData): boolean {
  return tablesOf(data).some(({ columns }) => columns.some(({ label }) => label.endsWith('prototype')));
}

/** What the first table of claims says, by the letters of the claims; nothing without one. */
export function verdictsOf(data: ReportData): Readonly<Record<string, unknown>> {
  const table = tablesOf(data).find(({ heading }) => heading.startsWith("The paper's claims"));
  const letter = (claim: unknown): string => /^\((\w+)\)/.exec(claim as string)![1] as string;
  return Object.fromEntries((table?.rows ?? []).map(({ claim, verdict }) => [letter(claim), verdict]));
}
