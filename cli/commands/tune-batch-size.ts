/** `langevin tune batch-size`: the heuristic of section 5 of bayes-sgd on a training. It is the experiment `bayes-sgd/tuner`, run. */
import type { Command } from '../command.ts';
import { run } from './run.ts';

const EXPERIMENT = 'bayes-sgd/tuner';

export const tuneBatchSize: Command = {
  name: 'tune batch-size',
  about: 'look for the batch size, learning rate and momentum of SGD that validate best',
  positionals: [],
  options: run.options,
  notes: [
    'Three steps: batch sizes on a logarithmic grid with learning rate 1 and momentum 0.9, and if all are poor with 0.1; then batch size times 5 ' +
      'and 1 - momentum over 5 until the validation accuracy falls; then a linear grid. The validation set is held out of the training set.',
    `The training is set as those of experiments are: --set hidden=64,64 --set trainExamples=5000 --set steps=2000. It is \`langevin run ${EXPERIMENT}\`.`,
    ...(run.notes ?? []),
  ],
  run: (args, world) => run.run({ ...args, positionals: [EXPERIMENT] }, world),
};
