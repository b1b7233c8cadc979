/** Every experiment, in the order in which `langevin list` shows them. */
import { noiseEnhancement } from './noise-enhancement/index.ts';
import { paperExperiments } from './noise-enhancement/paper/experiments.ts';
import type { Experiment } from './types.ts';

export const experiments: readonly Experiment[] = [noiseEnhancement, ...paperExperiments];
