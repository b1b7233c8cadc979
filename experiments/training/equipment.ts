/** What a training uses beside its state: the same for all replicas of it. */
import type { Dataset } from '../../data/dataset.ts';
import { tree } from '../../engine/index.ts';
import { checkSpec } from './check.ts';
import { evaluatorsOf, type Evaluators } from './evaluation.ts';
import { problemOf, type Problem } from './problem.ts';
import type { TrainingSpec } from './settings.ts';
import { stepsOf, type Steps } from './steps.ts';

export interface Equipment {
  readonly problem: Problem;
  readonly steps: Steps;
  readonly evaluators: Evaluators;
  dispose(): void;
}

/** @throws CONFIG for a description that makes no sense */
export function equipmentOf(spec: TrainingSpec, dataset: Dataset, seed: number): Equipment {
  const problem = problemOf(spec, dataset, seed);
  checkSpec(spec, problem.train.count);
  const steps = stepsOf(spec, problem);
  const { lossExamples = 0, statisticsExamples = 0 } = spec.measure ?? {};
  const piece = spec.piece === undefined ? {} : { piece: spec.piece };
  const evaluators = evaluatorsOf(problem, { lossExamples, statisticsExamples, ...piece });
  return {
    problem,
    steps,
    evaluators,
    dispose() {
      steps.dispose();
      evaluators.dispose();
      tree.leaves([problem.train.tensors, problem.test.tensors]).forEach((leaf) => leaf.dispose());
    },
  };
}
