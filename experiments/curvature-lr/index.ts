/** The experiments of the study of curvature and learning rate: CL of papers.md, section 4. */
import type { Experiment } from '../types.ts';
import { figure1 } from './comparisons/figure1.ts';
import { figure10 } from './comparisons/figure10.ts';
import { figure11 } from './comparisons/figure11.ts';
import { figure16 } from './comparisons/figure16.ts';
import { figure2 } from './figure2/index.ts';
import { figure3 } from './figure3/index.ts';
import { figure9 } from './figure9/index.ts';

export const curvatureLrExperiments: readonly Experiment[] = [
  figure1,
  figure2,
  figure3,
  figure9,
  figure10,
  figure11,
  figure16,
];
