/** Every experiment, in the order in which `langevin list` shows them. */
import { bayesSgdExperiments } from './bayes-sgd/index.ts';
import { curvatureLrExperiments } from './curvature-lr/index.ts';
import { heavyTailGradientNoise } from './heavy-tail/gradient-noise/index.ts';
import { heavyTailEscape } from './heavy-tail/index.ts';
import { lrOverBatchExperiments } from './lr-over-batch/index.ts';
import { noiseEnhancement } from './noise-enhancement/index.ts';
import { paperExperiments } from './noise-enhancement/paper/experiments.ts';
import type { Experiment } from './types.ts';

export const experiments: readonly Experiment[] = [
  noiseEnhancement,
  ...paperExperiments,
  ...lrOverBatchExperiments,
  ...bayesSgdExperiments,
  ...curvatureLrExperiments,
  ...heavyTailEscape,
  ...heavyTailGradientNoise,
];
