/** Trainings from their descriptions, to be measured: the network, the images and the losses, as their own steps see them. */
import type { Dataset } from '../../data/dataset.ts';
import { gatherBatch, gatherImages, type ResidentTensors } from '../../data/resident.ts';
import { tree, type Tensor } from '../../engine/index.ts';
import {
  classification,
  describePolicy,
  policyContext,
  type NormalizationPolicy,
} from '../../stats/index.ts';
import type { Snapshot } from '../grid.ts';
import { groupOf, networkOf, type Network } from '../training/network.ts';
import { optimizerOf } from '../training/optimizer.ts';
import { problemOf, type Params, type Problem, type State } from '../training/problem.ts';
import { batchSizeOf, scheduleOf, type Progressed } from '../training/schedule.ts';
import type { NetworkSpec, TrainingCell } from '../training/settings.ts';
import { statisticsOf, type EvaluationSettings } from '../training/statistics.ts';
import { initialState, type TrainingState } from '../training/step.ts';
import type { Position } from '../training/timeline.ts';
import type { Subject, TrainingNoise } from './subject.ts';

/** Examples by their indices, with the set that these point into and the statistics of evaluation. */
export type Batch = { readonly indices: Tensor; readonly tensors: ResidentTensors; readonly state: State };

/** What a subject is made of. */
export interface SubjectDescription {
  readonly network: NetworkSpec;
  readonly problem: Problem;
  readonly evaluation: EvaluationSettings;
  readonly replica: number;
  readonly optimizer: Parameters<typeof initialState>[1];
  readonly training: TrainingNoise;
  /** Steps made, of what a snapshot says beside its tensors. */
  done(state: Snapshot['state']): number;
}

/** The subject of a training whose state is a `TrainingState`. */
export function subjectOf(description: SubjectDescription): Subject<Params, Batch> {
  const { network, problem, replica, training } = description;
  const { train } = problem;
  const statistics = statisticsOf(problem, description.evaluation);
  const initial = (): Params => problem.initialize(replica);
  const group = groupOf(network);
  const ghost = group === 'batch' ? training.batchSize : (group ?? 0);
  const gather = network.kind === 'mlp' ? gatherBatch : gatherImages;
  return {
    template: initialState(initial(), description.optimizer),
    at: ({ tensors, state }) => ({
      params: (tensors as TrainingState).params,
      step: description.done(state),
    }),
    initial,
    examples: train.count,
    training,
    ghost,
    problem(policy, examples) {
      const model = modelUnder(policy, examples, network, problem);
      return classification<Params, Batch>({
        outputs: (params, { indices, tensors, state }) => {
          const { images } = gather(train.set, indices, tensors);
          // A minibatch that is normalised as a whole lies beside others of its size.
          const batches =
            policy.kind === 'ghost' && group === 'batch'
              ? { batches: (indices.shape[0] as number) / ghost }
              : {};
          return model.forward(params, state, images, { ...policyContext(policy), ...batches })[0];
        },
        targets: ({ indices, tensors }) => gather(train.set, indices, tensors).labels,
        policy: ghost === 0 ? 'no batch normalisation' : describePolicy(policy),
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

/** The parameters do not know in what groups they were trained: one group of all examples is the whole batch. */
function modelUnder(
  { kind }: NormalizationPolicy,
  examples: number,
  network: NetworkSpec,
  { model, train }: Problem,
): Network {
  if (kind !== 'whole-batch' || typeof groupOf(network) !== 'number') return model;
  return networkOf({ ...network, norm: examples }, train.set.classes.length);
}

/** Where schedules begin. */
const START: Progressed = { steps: 0, epochs: 0 };

/**
 * The training of a cell. What is measured is its cross-entropy alone, as in its records: no L2 term, no dropout, no
 * example left out. Its steps go along the gradient of that divided by `lossDivisor`, so the learning rate that noise is scaled by is a share of its own.
 */
export function trainingSubject(
  { training: spec, seed }: TrainingCell,
  dataset: Dataset,
): Subject<Params, Batch> {
  const { network, optimizer, measure, piece, replica, loss: { lossDivisor = 1 } = {} } = spec;
  const learningRate = scheduleOf(spec.learningRate)(START) / lossDivisor;
  return subjectOf({
    network,
    problem: problemOf(spec, dataset, seed),
    evaluation: {
      ...(measure?.statisticsExamples !== undefined && { statisticsExamples: measure.statisticsExamples }),
      ...(piece !== undefined && { piece }),
    },
    replica,
    optimizer: optimizerOf(optimizer),
    training: {
      alpha: 1,
      batchSize: batchSizeOf(spec.batchSize)(START),
      ...(optimizer.name === 'sgd' && { sgd: { learningRate, momentum: optimizer.momentum ?? 0 } }),
    },
    done: (state) => (state as { readonly position: Position }).position.done,
  });
}
