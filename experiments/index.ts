/** Every experiment, in the order in which `langevin list` shows them. */
import type { Experiment } from './types.ts';

export const experiments: readonly Experiment[] = [];
