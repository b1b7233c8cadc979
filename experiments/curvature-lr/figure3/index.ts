/** Figures 3, 4 and 7: gradient, stride and fall of the loss over batch size. */
import type { GridExperiment } from '../../grid.ts';
import { gridOfTrainings } from '../../training/grid-of-trainings.ts';
import { measureStride } from '../stride.ts';
import { cells, labelOf, marksOf, presets, type Figure3Config, type LawMarks } from './config.ts';
import { measureLaw } from './law.ts';
import { epochPoints, lawPoints, tensorsOf } from './records.ts';
import { report } from './report.ts';

const title = 'Curvature and learning rate, figures 3, 4 and 7: gradient, stride and loss over batch size';

export const figure3: GridExperiment<Figure3Config> = gridOfTrainings<Figure3Config, LawMarks>({
  name: 'curvature-lr/figure3',
  title,
  description:
    'Do the gradient of the first step and the stride of the first epoch fall as 1/√n with the batch size, and the fall of the loss as 1/n? AlexNet on CIFAR-10.',
  presets,
  cells,
  label: labelOf,
  marks: marksOf,
  measurements: { law: measureLaw, stride: measureStride },
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: (trainings) => ({
    tensors: Object.fromEntries(
      tensorsOf(trainings).map((tensor) => [
        tensor,
        lawPoints(trainings, tensor).map(({ batchSize, replica, lengths, level }) => ({
          batchSize,
          replica,
          ...lengths,
          level,
        })),
      ]),
    ),
    epochs: tensorsOf(trainings)
      .slice(0, 1)
      .flatMap((tensor) => epochPoints(trainings, tensor).map((point) => ({ ...point }))),
  }),
});
