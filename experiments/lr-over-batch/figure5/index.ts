/** Figure 5: where trainings of equal η/S are no longer the same. */
import { gridOfTrainings } from '../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../grid.ts';
import { cells, marksOf, presets, type BreakdownMarks, type Figure5Config } from './config.ts';
import { report } from './report.ts';

const title = 'Learning rate over batch size, figure 5: the breakdown at large β';

export const figure5: GridExperiment<Figure5Config> = gridOfTrainings<Figure5Config, BreakdownMarks>({
  name: 'lr-over-batch/figure5',
  title,
  description:
    'Up to which β do η = 0.1 β and S = 50 β train alike, and is that less on fewer data? VGG-11 on parts of CIFAR-10.',
  presets,
  cells,
  label(cell) {
    const { trainExamples, factor, replica } = marksOf(cell);
    return `${trainExamples} examples, β ${factor}, initialisation ${replica + 1}`;
  },
  marks: marksOf,
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: (trainings) => ({
    trainings: trainings.flatMap(({ marks, result }) =>
      result ? [{ ...marks, outcome: result.outcome, testAccuracy: result.testAccuracy }] : [],
    ),
  }),
});
