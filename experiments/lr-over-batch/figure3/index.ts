/** Figure 3: curvature and accuracy over η/S. */
import { gridOfTrainings } from '../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../grid.ts';
import { measureCurvature } from '../curvature.ts';
import { gridCells, gridLabel, gridMarks, gridPresets, type GridConfig, type GridMarks } from './config.ts';
import { measuredOf } from './records.ts';
import { gridReport } from './report.ts';

const title = 'Learning rate over batch size, figure 3: curvature and accuracy';

export const figure3: GridExperiment<GridConfig> = gridOfTrainings<GridConfig, GridMarks>({
  name: 'lr-over-batch/figure3',
  title,
  description:
    'Do the largest eigenvalue and the Frobenius norm of the Hessian fall, and accuracy rise, with η/S alone? A perceptron on Fashion-MNIST, over a grid of η and S.',
  presets: gridPresets,
  cells: (config, seed, data) => gridCells('lr-over-batch/figure3', config, seed, data),
  label: gridLabel,
  marks: gridMarks,
  measurements: { curvature: measureCurvature },
  report: (trainings, manifest) => gridReport(title, trainings, manifest),
  summary: (trainings) => ({
    trainings: measuredOf(trainings).map(({ network, rate, batchSize, replica, curvature, ...run }) => ({
      network,
      rate,
      batchSize,
      replica,
      largest: curvature.largest,
      norm: curvature.norm,
      trace: curvature.trace,
      noiseTrace: curvature.noiseTrace,
      trainAccuracy: run.trainAccuracy,
      testAccuracy: run.testAccuracy,
      loss: run.loss,
    })),
  }),
});
