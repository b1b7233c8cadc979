/** The tables and figures of the paper as experiments. */
import type { CellRecords } from '../../grid.ts';
import type { InspectableExperiment, InspectableTraining } from '../../inspect.ts';
import { paperSubject } from '../../measure/noise-enhancement.ts';
import type { MeasurableExperiment } from '../../measure/subject.ts';
import type { Json, Manifest, RunRecord } from '../../types.ts';
import { startTraining } from '../inspection.ts';
import { cellsOf, costOf, type PaperCell } from './cells.ts';
import type { PaperConfig } from './config.ts';
import { crossGrids, figure1Grids, figure2Grids, table2Grids } from './grids.ts';
import { presetsOf, type Grids } from './presets.ts';
import { runsOf } from './records.ts';
import { reportOf, type Shown } from './report.ts';
import { isFinished, labelOf, mark, replicaKey, runAll, runCell } from './run-cell.ts';

interface Description {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly grids: Grids;
  /** What of the runs the report shows first. */
  readonly shown: Shown;
}

function experiment({
  name,
  title,
  description,
  grids,
  shown,
}: Description): MeasurableExperiment<PaperConfig> & InspectableExperiment<PaperConfig> {
  return {
    name: `noise-enhancement/${name}`,
    title,
    description,
    presets: presetsOf(grids),
    run: runAll,
    cells: cellsOf,
    label: (cell) => labelOf(cell as PaperCell),
    cost: (cell) => costOf(cell as PaperCell),
    runCell: (cell, context) => runCell(cell as PaperCell, context),
    replicaKey: (cell) => replicaKey(cell as PaperCell),
    subject: (cell, dataset) => paperSubject(cell as PaperCell, dataset),
    trainings: (config, seed, data) => cellsOf(config, seed, data).map(inspectable),
    isFinished,
    gather,
    report: (records: readonly RunRecord[], manifest: Manifest) => reportOf(title, shown, records, manifest),
    summary,
  };
}

/** A cell, to be inspected. */
function inspectable(cell: PaperCell): InspectableTraining {
  return {
    label: labelOf(cell),
    dataset: cell.dataset,
    start: (dataset) => startTraining(cell, dataset, cell.seed, cell.replica),
  };
}

/** The measurements on the way stay with their cells: the report is of how the trainings ended. */
function gather(cells: readonly CellRecords[]): readonly RunRecord[] {
  return cells.flatMap(({ cell, records }) =>
    records.filter(({ name }) => name !== 'evaluation').map((record) => mark(cell as PaperCell, record)),
  );
}

/** Every training that came to its end. */
function summary(records: readonly RunRecord[]): { readonly [key: string]: Json } {
  return {
    runs: runsOf(records).map(({ network, alpha, batchSize, replica, testAccuracy, steps, outcome }) => ({
      network,
      alpha,
      batchSize,
      replica,
      testAccuracy,
      steps,
      outcome,
    })),
  };
}

export const paperExperiments: readonly ReturnType<typeof experiment>[] = [
  experiment({
    name: 'table2',
    title: 'Noise enhancement, table 2: the best batch size of each α',
    description:
      'Which batch size gives each α its best test accuracy, and how many steps does that take? F1, C1 and C2, α × B.',
    grids: table2Grids,
    shown: 'best batch sizes',
  }),
  experiment({
    name: 'table3',
    title: 'Noise enhancement, table 3: large batches with and without',
    description:
      'Does the best α at the largest batch size reach the accuracy of the best batch size without noise enhancement? F1, C1 and C2.',
    grids: crossGrids,
    shown: 'large batches',
  }),
  experiment({
    name: 'figure1',
    title: 'Noise enhancement, figure 1: C1 over α and batch size',
    description: 'How do test accuracy and convergence time of C1 depend on batch size, for four α?',
    grids: figure1Grids,
    shown: 'over batch size',
  }),
  experiment({
    name: 'figure2',
    title: 'Noise enhancement, figure 2: F1 and C2 over batch size',
    description:
      'How do test accuracy and convergence time of F1 and C2 depend on batch size, with α = 1 and 1.5?',
    grids: figure2Grids,
    shown: 'over batch size',
  }),
  experiment({
    name: 'figure3',
    title: 'Noise enhancement, figure 3: accuracy against steps',
    description:
      'What test accuracy comes with what convergence time: over batch sizes without noise enhancement, and over α at the largest batch size? F1, C1 and C2.',
    grids: crossGrids,
    shown: 'accuracy against steps',
  }),
];
