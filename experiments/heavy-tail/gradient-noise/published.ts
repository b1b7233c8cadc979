/** What is known of HT-1: table 1 of the paper, and the prototype of papers.md 5.3. Figures 1 and 2 are images without numbers. */
import type { FitRecord } from '../transformer/records.ts';

type Errors = Pick<FitRecord, 'normalSse' | 'stableSse' | 'normalChi' | 'stableChi'>;

/** CIFAR-100, B = 400, means over 100 parameters. A second table, on CINIC-10, is in an appendix that was not available. */
export const PUBLISHED: Readonly<Record<string, Errors>> = {
  'ResNet-110': { normalSse: 7.43, stableSse: 7.31, normalChi: 2.38, stableChi: 2.32 },
  'ResNet-18': { normalSse: 120.44, stableSse: 87.43, normalChi: 7.78, stableChi: 5.87 },
  'ResNet-34': { normalSse: 36.47, stableSse: 29.66, normalChi: 4.46, stableChi: 3.64 },
  'ResNet-50': { normalSse: 288.58, stableSse: 203.7, normalChi: 10.78, stableChi: 8.01 },
};
export const PUBLISHED_BATCH = 400;

/** Of 196-32-10 on MNIST as the preset `small` has it; measured in a prototype of other initial values and minibatches. */
export const PROTOTYPE: readonly (Partial<Errors> & {
  readonly moment: 'start' | 'end';
  readonly batchSize: number;
  readonly alpha: number;
})[] = [
  { moment: 'start', batchSize: 32, normalSse: 0.295, stableSse: 0.268, alpha: 1.96 },
  {
    moment: 'end',
    batchSize: 32,
    normalSse: 3.56,
    stableSse: 0.5,
    normalChi: 0.323,
    stableChi: 0.087,
    alpha: 1.07,
  },
  { moment: 'end', batchSize: 128, normalSse: 0.58, stableSse: 0.28, alpha: 1.75 },
  { moment: 'end', batchSize: 400, normalSse: 0.215, stableSse: 0.198, alpha: 1.99 },
];
