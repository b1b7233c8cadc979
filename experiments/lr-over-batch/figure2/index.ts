/** Figure 2: how a learning rate is rescaled when the batch grows. */
import { gridOfTrainings } from '../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../grid.ts';
import { armSummary, type ArmMarks } from '../../training/arms.ts';
import { cells, marksOf, presets, type Figure2Config } from './config.ts';
import { report } from './report.ts';

const title = 'Learning rate over batch size, figure 2: linear, square root, or no rescaling';

export const figure2: GridExperiment<Figure2Config> = gridOfTrainings<Figure2Config, ArmMarks>({
  name: 'lr-over-batch/figure2',
  title,
  description:
    'When the batch is β times as large, does a rate scaled by β, by √β or not at all give the curve of the small batch? ResNet-56 and VGG-11 on CIFAR-10.',
  presets,
  cells,
  label(cell) {
    const { network, arm, replica } = marksOf(cell);
    return `${network}, ${arm}, initialisation ${replica + 1}`;
  },
  marks: marksOf,
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: armSummary,
});
