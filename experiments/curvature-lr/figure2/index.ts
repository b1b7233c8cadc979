/** Figure 2: radii of curvature, layer by layer. */
import type { GridExperiment } from '../../grid.ts';
import { gridOfTrainings } from '../../training/grid-of-trainings.ts';
import { cells, presets, type Figure2Config, type RadiiMarks } from './config.ts';
import { measureRadii } from './radii.ts';
import { looksOf, report } from './report.ts';

const title = 'Curvature and learning rate, figure 2: radii of curvature by layer';

export const figure2: GridExperiment<Figure2Config> = gridOfTrainings<Figure2Config, RadiiMarks>({
  name: 'curvature-lr/figure2',
  title,
  description:
    'How different are the radii of curvature of the layers, of weights and of biases? AlexNet on CIFAR-10.',
  presets,
  cells,
  label: ({ training: { replica } }) => `initialisation ${replica + 1}`,
  marks: ({ training: { replica } }) => ({ replica }),
  measurements: { radii: measureRadii },
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: (trainings) => ({ looks: looksOf(trainings).map((look) => ({ ...look })) }),
});
