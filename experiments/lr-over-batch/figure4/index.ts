/** Figure 4: the loss between minima and beyond them. */
import type { DatasetName } from '../../../data/index.ts';
import { gridOfTrainings, type GridDescription } from '../../training/grid-of-trainings.ts';
import { imagesOf } from '../../training/images.ts';
import { runAll } from '../../training/run-all.ts';
import type { TrainingCell } from '../../training/settings.ts';
import { extentOf } from '../../training/timeline.ts';
import type { Dataset } from '../../../data/dataset.ts';
import type { CellContext, GridExperiment } from '../../grid.ts';
import type { RunRecord } from '../../types.ts';
import { cells, marksOf, presets, type Figure4Config, type PairMarks } from './config.ts';
import { lineMeasurement } from './line.ts';
import { linesOf, report } from './report.ts';

const title = 'Learning rate over batch size, figure 4: between two minima';

const description: GridDescription<Figure4Config, PairMarks> = {
  name: 'lr-over-batch/figure4',
  title,
  description:
    'Is the loss on the line through two minima steeper beyond the one that was reached with the smaller η/S? ResNet-56 and VGG-11 on CIFAR-10.',
  presets,
  cells,
  label: (cell) => `${marksOf(cell).pair}, initialisation ${marksOf(cell).replica + 1}`,
  marks: marksOf,
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: (trainings) => ({
    lines: linesOf(trainings).map(({ pair, replica, firstRatio, secondRatio, points }) => ({
      pair,
      replica,
      firstRatio,
      secondRatio,
      points: points.map(({ a, trainLoss }) => ({ a, trainLoss })),
    })),
  }),
};

const grid: GridExperiment<Figure4Config> = gridOfTrainings(description);

/** The other end of a line is trained on the data set of its cell, which a measurement is not told. */
function withData(dataset: Dataset): GridExperiment<Figure4Config> {
  return gridOfTrainings({ ...description, measurements: { line: lineMeasurement(dataset) } });
}

const runCell = (cell: TrainingCell, context: CellContext): AsyncIterable<RunRecord> =>
  withData(context.dataset).runCell(cell, context);

export const figure4: GridExperiment<Figure4Config> = {
  ...grid,
  runCell: (cell, context) => runCell(cell as TrainingCell, context),
  run: (config, context) =>
    runAll(
      {
        cells: grid.cells(config, context.seed, context.dataset.name as DatasetName) as TrainingCell[],
        steps: ({ dataset, training }) => extentOf(training, imagesOf(dataset, training.images).train).steps,
        runCell,
        mark: (cell, record) => grid.gather([{ cell, records: [record] }])[0] as RunRecord,
      },
      context,
    ),
};
