/** HT-1 of papers.md 5.3: does a stable law describe the gradient noise of trained networks better than a normal one? */
import { gridOfTrainings } from '../../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../../grid.ts';
import { noiseCells, noiseMarks, type NoiseConfig, type NoiseMarks } from '../cells.ts';
import { measureFits } from '../fits.ts';
import { presetsFor, table1Networks } from '../presets.ts';
import { noiseSummary } from '../summary.ts';
import { report } from './report.ts';

const title = 'Heavy-tailed noise, table 1 and figure 1: gradients of trained networks';

export const table1: GridExperiment<NoiseConfig> = gridOfTrainings<NoiseConfig, NoiseMarks>({
  name: 'heavy-tail/table1',
  title,
  description:
    'Does a stable law describe the gradient noise of trained networks better than a normal one, and how does that depend on the batch size?',
  presets: presetsFor(table1Networks),
  cells: (config, seed, data) => noiseCells('heavy-tail/table1', config, seed, data),
  label: (cell) => `${noiseMarks(cell).network}, initialisation ${noiseMarks(cell).replica + 1}`,
  marks: noiseMarks,
  measurements: { noise: measureFits },
  report: (trainings, manifest) => report(title, trainings, manifest),
  summary: noiseSummary,
});
