/** Trainings from their descriptions, to be inspected: the steps that they make, without measurements. */
import type { Dataset } from '../../data/index.ts';
import { tensor, tree, type Tensor } from '../../engine/index.ts';
import { withLearningRate } from '../../optim/index.ts';
import type { InspectableTraining, StartedTraining } from '../inspect.ts';
import { courseOf } from './course.ts';
import { equipmentOf } from './equipment.ts';
import type { TrainingCell } from './settings.ts';

/** A cell by its label. */
export function inspectable(cell: TrainingCell, label: string): InspectableTraining {
  return { label, dataset: cell.dataset, start: (dataset) => started(cell, dataset) };
}

/** Goes on beyond the end of the training, if it is asked to. */
function started({ training, seed }: TrainingCell, dataset: Dataset): StartedTraining {
  const equipment = equipmentOf(training, dataset, seed);
  const nothing = (): void => undefined;
  const quiet = { seed, dataset, signal: { aborted: false }, progress: nothing, log: nothing };
  const course = courseOf(training, equipment, quiet);
  let state = course.initialState();
  let rate: number | undefined;
  return {
    step(): Tensor {
      const { step, tensors, inputs, learningRate } = course.next();
      if (learningRate !== rate) {
        state = { ...state, optimizer: withLearningRate(state.optimizer, learningRate) };
        rate = learningRate;
      }
      const given = inputs.map((input) => tensor(input));
      const [next, failedAt] = step(state, tensors, ...given);
      state = next;
      given.forEach((each) => each.dispose());
      course.made();
      return failedAt;
    },
    dispose() {
      tree.leaves(state).forEach((leaf) => leaf.dispose());
      equipment.dispose();
    },
  };
}
