/** The trainings of the study, to be inspected: their steps, and the batches that these take. */
import type { DatasetName } from '../../data/index.ts';
import type { Dataset } from '../../data/dataset.ts';
import { tensor, tree, type Tensor, type Tree } from '../../engine/index.ts';
import type { InspectableTraining, StartedTraining } from '../inspect.ts';
import { replicaSeed } from '../training/problem.ts';
import { initialState } from '../training/step.ts';
import { checkConfig, gridOf, sweepsOf, type Config } from './config.ts';
import { stepOf } from './training/microbatches.ts';
import { problemOf } from './training/problem.ts';
import type { TrainingSettings } from './training/settings.ts';
import { optimizerOf } from './training/step.ts';
import { batches } from './training/train.ts';

/** Each pair of α and batch size of each sweep: initialisations record the same. @throws CONFIG */
export function inspectableTrainings(
  config: Config,
  seed: number,
  data: DatasetName | 'published',
): readonly InspectableTraining[] {
  checkConfig(config);
  const sweeps = sweepsOf(config);
  return sweeps.flatMap(([name, sweep]) =>
    gridOf(sweep).map(([alpha, batchSize]) => ({
      label: `${sweeps.length > 1 ? `${name}: ` : ''}α ${alpha}, B ${batchSize}`,
      // The networks of this experiment are those of Fashion-MNIST.
      dataset: { name: data === 'published' ? ('fashion-mnist' as const) : data },
      start: (dataset: Dataset) => startTraining({ ...sweep, alpha, batchSize }, dataset, seed, 0),
    })),
  );
}

/** A training of these settings at its beginning. */
export function startTraining(
  settings: TrainingSettings,
  dataset: Dataset,
  seed: number,
  replica: number,
): StartedTraining {
  const problem = problemOf(settings, dataset, seed);
  const optimizer = optimizerOf(settings);
  const program = stepOf(problem, settings, optimizer);
  const batchesAt = batches(settings, problem, replicaSeed(seed, replica));
  let state = initialState(problem.initialize(replica), optimizer);
  let done = 0;
  const dispose = (owner: Tree): void => tree.leaves(owner).forEach((leaf) => leaf.dispose());
  return {
    step(): Tensor {
      const indices = batchesAt(done++).map((each) => tensor(each));
      const [next, failedAt] = program(state, problem.train.tensors, ...indices);
      state = next;
      dispose(indices);
      return failedAt;
    },
    dispose() {
      program.dispose();
      dispose([state, problem.train.tensors, problem.test.tensors]);
    },
  };
}
