/** HT-4 of papers.md 5.3: what does a drop of the learning rate do to the noise of gradients? */
import type { ArmMarks } from '../../../training/arms.ts';
import { gridOfTrainings } from '../../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../../grid.ts';
import { measureAmplitude } from './amplitude.ts';
import { cells, marksOf, presets, type Figure4Config } from './config.ts';
import { changesOf, logRatio, report } from './report.ts';

const title = 'Heavy-tailed noise, figure 4: before and after a drop of the learning rate';

export const figure4: GridExperiment<Figure4Config> = gridOfTrainings<Figure4Config, ArmMarks>({
  name: 'heavy-tail/figure4',
  title,
  description:
    'What does a drop of the learning rate do to the noise of gradients, and what a larger batch? ResNet-110 on CIFAR-100.',
  presets,
  cells,
  label: (cell) => `${marksOf(cell).arm}, initialisation ${marksOf(cell).replica + 1}`,
  marks: marksOf,
  measurements: { amplitude: measureAmplitude },
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: (trainings) => ({
    changes: changesOf(trainings).map(({ arm, replica, before, after }) => ({
      arm,
      replica,
      afterOverBefore: Math.exp(logRatio(before, after)),
      learningRate: after.learningRate,
      batchSize: after.batchSize,
    })),
  }),
});
