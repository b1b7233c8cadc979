/** Figure 9: the gradient over the share of small losses that is discarded. */
import type { GridExperiment } from '../../grid.ts';
import { gridOfTrainings } from '../../training/grid-of-trainings.ts';
import { cells, presets, type DiscardMarks, type Figure9Config } from './config.ts';
import { measureDiscarding } from './discard.ts';
import { looksOf, report } from './report.ts';

const title = 'Curvature and learning rate, figure 9: discarding small losses';

export const figure9: GridExperiment<Figure9Config> = gridOfTrainings<Figure9Config, DiscardMarks>({
  name: 'curvature-lr/figure9',
  title,
  description:
    'Does the gradient of a large batch grow when the examples with the smallest losses are discarded? AlexNet on CIFAR-10.',
  presets,
  cells,
  label: ({ training: { replica } }) => `initialisation ${replica + 1}`,
  marks: ({ training: { replica } }) => ({ replica }),
  measurements: { discarded: measureDiscarding },
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: (trainings) => ({
    looks: [...new Set(trainings.flatMap(({ records }) => records.flatMap(tensorsIn)))].flatMap((tensor) =>
      looksOf(trainings, tensor).map((look) => ({ tensor, ...look })),
    ),
  }),
});

function tensorsIn({ name, gradient }: { readonly name: string; readonly gradient?: unknown }): string[] {
  return name === 'discarded' ? Object.keys(gradient as object) : [];
}
