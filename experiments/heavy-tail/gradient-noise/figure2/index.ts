/** HT-3 of papers.md 5.3: how widely are the tail indices of a network's parameters spread? */
import { gridOfTrainings } from '../../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../../grid.ts';
import { noiseCells, noiseMarks, type NoiseConfig, type NoiseMarks } from '../cells.ts';
import { measureFits } from '../fits.ts';
import { figure2Networks, presetsFor } from '../presets.ts';
import { noiseSummary } from '../summary.ts';
import { report } from './report.ts';

const title = 'Heavy-tailed noise, figure 2: the tail indices of parameters';

export const figure2: GridExperiment<NoiseConfig> = gridOfTrainings<NoiseConfig, NoiseMarks>({
  name: 'heavy-tail/figure2',
  title,
  description:
    "How widely are the tail indices of a trained network's parameters spread? Several networks; a sweep shares its trainings with that of table 1.",
  presets: presetsFor(figure2Networks),
  cells: (config, seed, data) => noiseCells('heavy-tail/figure2', config, seed, data),
  label: (cell) => `${noiseMarks(cell).network}, initialisation ${noiseMarks(cell).replica + 1}`,
  marks: noiseMarks,
  measurements: { noise: measureFits },
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: noiseSummary,
});
