/** HT-5 of papers.md 5.3: does a batch that grows do what a learning rate that decays does? */
import { armSummary, type ArmMarks } from '../../../training/arms.ts';
import { gridOfTrainings } from '../../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../../grid.ts';
import { cells, marksOf, presets, type GrowthConfig } from './config.ts';
import { report } from './report.ts';

const title = 'Heavy-tailed noise: decay of the rate, growth of the batch, or neither';

export const batchGrowth: GridExperiment<GrowthConfig> = gridOfTrainings<GrowthConfig, ArmMarks>({
  name: 'heavy-tail/batch-growth',
  title,
  description:
    'Does a batch that grows do what a learning rate that decays does, and do both better than neither? ResNet-20 for 90 epochs.',
  presets,
  cells,
  label: (cell) => `${marksOf(cell).arm}, initialisation ${marksOf(cell).replica + 1}`,
  marks: marksOf,
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: armSummary,
});
