/** The study's networks and images as a problem of training. */
import type { Dataset } from '../../../data/dataset.ts';
import { problemOf as generalProblemOf, type Problem } from '../../training/problem.ts';
import { networkSpecOf } from './network.ts';
import type { ProblemSettings } from './settings.ts';

export type { Params, Problem, State } from '../../training/problem.ts';

export function problemOf(settings: ProblemSettings, dataset: Dataset, seed: number): Problem {
  const { trainExamples, testExamples, pool, standardize = false } = settings;
  const images = { trainExamples, testExamples, pool, standardize };
  return generalProblemOf({ network: networkSpecOf(settings), images }, dataset, seed);
}
