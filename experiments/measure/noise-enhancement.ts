/** The trainings of the noise-enhancement paper, to be measured. */
import type { Dataset } from '../../data/dataset.ts';
import { gatherBatch, gatherImages, type ResidentTensors } from '../../data/resident.ts';
import { tree, type Tensor } from '../../engine/index.ts';
import { classification, describePolicy, policyContext } from '../../stats/index.ts';
import type { PaperCell } from '../noise-enhancement/paper/cells.ts';
import { networkOf } from '../noise-enhancement/training/network.ts';
import { problemOf, type Params, type State } from '../noise-enhancement/training/problem.ts';
import { optimizerOf } from '../noise-enhancement/training/step.ts';
import { statisticsOf } from '../training/statistics.ts';
import { initialState, type TrainingState } from '../training/step.ts';
import type { Subject } from './subject.ts';

/** Examples by their indices, with the set that these point into and the statistics of evaluation. */
type Batch = { readonly indices: Tensor; readonly tensors: ResidentTensors; readonly state: State };

/** The training of a cell: its network, its images and its losses, as its own steps see them. */
export function paperSubject(cell: PaperCell, dataset: Dataset): Subject<Params, Batch> {
  const problem = problemOf(cell, dataset, cell.seed);
  const { train } = problem;
  const statistics = statisticsOf(problem, cell);
  const initial = (): Params => problem.initialize(cell.replica);
  const convolves = cell.stages.length > 0;
  const gather = convolves ? gatherImages : gatherBatch;
  const { alpha, batchSize, ghost, optimizer, learningRate, momentum } = cell;
  return {
    template: initialState(initial(), optimizerOf(cell)),
    at({ tensors, state }) {
      const { params } = tensors as TrainingState;
      return { params, step: (state as { readonly done: number }).done };
    },
    initial,
    examples: train.count,
    training: { alpha, batchSize, ...(optimizer === 'sgd' && { sgd: { learningRate, momentum } }) },
    ghost: convolves ? ghost : 0,
    problem(policy, examples) {
      // The parameters do not know in what groups they were trained: one group of all examples is the whole batch.
      const groups = policy.kind === 'whole-batch' ? examples : ghost;
      const model = networkOf({ ...cell, ghost: groups }, train.set.classes.length);
      const context = policyContext(policy);
      return classification<Params, Batch>({
        outputs: (params, { indices, tensors, state }) =>
          model.forward(params, state, gather(train.set, indices, tensors).images, context)[0],
        targets: ({ indices, tensors }) => gather(train.set, indices, tensors).labels,
        policy: convolves ? describePolicy(policy) : 'no batch normalisation',
      });
    },
    statistics: (params) => statistics.at(params),
    batch: (indices, state) => ({ indices, tensors: train.tensors, state: state as State }),
    shared: (path) => path !== 'indices',
    dispose() {
      statistics.dispose();
      tree.leaves([train.tensors, problem.test.tensors]).forEach((leaf) => leaf.dispose());
    },
  };
}
