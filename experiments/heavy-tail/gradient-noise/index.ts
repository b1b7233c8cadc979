/** HT's experiments on the gradient noise of trained networks: HT-1, HT-3, HT-4 and HT-5 of papers.md 5.3. */
import type { Experiment } from '../../types.ts';
import { batchGrowth } from './batch-growth/index.ts';
import { figure2 } from './figure2/index.ts';
import { figure4 } from './figure4/index.ts';
import { table1 } from './table1/index.ts';

export const heavyTailGradientNoise: readonly Experiment[] = [table1, figure2, figure4, batchGrowth];
