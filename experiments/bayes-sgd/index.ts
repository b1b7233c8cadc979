/** The experiments of `bayes-sgd`: papers.md, section 3. */
import type { Experiment } from '../types.ts';
import { evidence } from './evidence/index.ts';
import { scalingExperiments } from './scaling/experiments.ts';
import { tuner } from './tuner/index.ts';

export const bayesSgdExperiments: readonly Experiment[] = [evidence, ...scalingExperiments, tuner];
