/** Figures 3 to 8 of the paper as experiments. */
import { gridOfTrainings, type Trained } from '../../training/grid-of-trainings.ts';
import type { GridExperiment } from '../../grid.ts';
import type { Json } from '../../types.ts';
import { scalingCells, scalingLabel, scalingMarks, type ScalingMarks } from './cells.ts';
import { collapse, lawClaims, overBatchSize } from './claims.ts';
import type { ScalingConfig } from './config.ts';
import { variables } from './law.ts';
import { scalingPresets, type FigureName } from './presets.ts';
import { runsOf } from './records.ts';
import { scalingReport, type Presentation } from './report.ts';
import { smallAgainstFull, withRegularisation } from './trajectory-claims.ts';

function experiment(figure: FigureName, presentation: Presentation): GridExperiment<ScalingConfig> {
  const { title, question } = presentation;
  return gridOfTrainings<ScalingConfig, ScalingMarks>({
    name: `bayes-sgd/${figure}`,
    title,
    description: question,
    presets: scalingPresets[figure],
    cells: scalingCells,
    label: scalingLabel,
    marks: scalingMarks,
    report: (trainings, manifest) => scalingReport(presentation, trainings, manifest),
    summary,
  });
}

/** Every training that came to its end. */
function summary(trainings: readonly Trained<ScalingMarks>[]): { readonly [key: string]: Json } {
  return {
    runs: runsOf(trainings).flatMap(
      ({ learningRate, momentum, trainExamples, lambda, batchSize, replica, steps, testAccuracy }) =>
        testAccuracy === undefined
          ? []
          : [{ learningRate, momentum, trainExamples, lambda, batchSize, replica, steps, testAccuracy }],
    ),
  };
}

export const scalingExperiments: readonly GridExperiment<ScalingConfig>[] = [
  experiment('figure3', {
    title: 'Bayes and SGD, figure 3: a small batch against the full one',
    question: 'Does a small batch generalise better than the full one, and when?',
    shown: 'trajectories',
    claims: smallAgainstFull,
  }),
  experiment('figure4', {
    title: 'Bayes and SGD, figure 4: test accuracy over the batch size',
    question: 'Is there a best batch size?',
    shown: 'over batch size',
    claims: overBatchSize,
  }),
  experiment('figure5', {
    title: 'Bayes and SGD, figure 5: the best batch size over the learning rate',
    question: 'Is the best batch size proportional to the learning rate?',
    shown: variables['learning rate'],
    claims: [...lawClaims(variables['learning rate']), collapse],
  }),
  experiment('figure6', {
    title: 'Bayes and SGD, figure 6: the best batch size over the size of the training set',
    question: 'Is the best batch size proportional to the size of the training set?',
    shown: variables['training set'],
    claims: lawClaims(variables['training set']),
  }),
  experiment('figure7', {
    title: 'Bayes and SGD, figure 7: the best batch size over the momentum',
    question: 'Is the best batch size proportional to 1/(1 − m)?',
    shown: variables.momentum,
    claims: lawClaims(variables.momentum),
  }),
  experiment('figure8', {
    title: 'Bayes and SGD, figure 8: a small batch against the full one, with regularisation',
    question: 'What does regularisation change in the gap between a small batch and the full one?',
    shown: 'trajectories',
    claims: withRegularisation,
  }),
];
