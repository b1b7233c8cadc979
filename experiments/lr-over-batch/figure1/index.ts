/** Figure 1: cyclic learning rates against cyclic batch sizes. */
import { gridOfTrainings } from '../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../grid.ts';
import { armSummary, type ArmMarks } from '../../training/arms.ts';
import { cells, marksOf, presets, type Figure1Config } from './config.ts';
import { report } from './report.ts';

const title = 'Learning rate over batch size, figure 1: cyclic schedules';

export const figure1: GridExperiment<Figure1Config> = gridOfTrainings<Figure1Config, ArmMarks>({
  name: 'lr-over-batch/figure1',
  title,
  description:
    'Do a cyclic learning rate and a cyclic batch size with the same ratio train alike, and do constant pairs? VGG-11 on CIFAR-10.',
  presets,
  cells,
  label: (cell) => `${marksOf(cell).arm}, initialisation ${marksOf(cell).replica + 1}`,
  marks: marksOf,
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: armSummary,
});
