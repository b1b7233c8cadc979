/** The experiments of the study of learning rate over batch size: LB of papers.md, section 2. */
import type { Experiment } from '../types.ts';
import { figure1 } from './figure1/index.ts';
import { figure2 } from './figure2/index.ts';
import { figure3 } from './figure3/index.ts';
import { figure4 } from './figure4/index.ts';
import { figure5 } from './figure5/index.ts';
import { ornsteinUhlenbeck } from './ornstein-uhlenbeck/index.ts';

export const lrOverBatchExperiments: readonly Experiment[] = [
  ornsteinUhlenbeck,
  figure1,
  figure2,
  figure3,
  figure4,
  figure5,
];
