/** Everything that engines are compared on. bench/peers/tfjs.mjs knows the same names. */
import { c1, mlp } from '../nn/index.ts';
import { adam, sgd } from '../optim/index.ts';
import { C1_PRODUCTS } from './c1.ts';
import { convolution } from './convolutions.ts';
import { training } from './steps.ts';
import type { Workload } from './workload.ts';

export type WorkloadName = 'small-sgd' | 'f1-adam' | 'conv-forward' | 'conv-gradients' | 'c1-adam';

export const WORKLOADS: Readonly<Record<WorkloadName, Workload>> = {
  'small-sgd': training({
    title: '784-64-10, SGD, B = 32',
    model: () => mlp({ widths: [64, 10] }),
    inputShape: [784],
    batch: 32,
    optimizer: () => sgd({ learningRate: 0.1 }),
    products: 784 * 64 + 64 * 10,
    target: 2,
  }),
  'f1-adam': training({
    title: 'F1 (784, 7 × 500, 10), Adam, B = 256',
    model: () => mlp({ widths: [500, 500, 500, 500, 500, 500, 500, 10] }),
    inputShape: [784],
    batch: 256,
    optimizer: () => adam(),
    products: 784 * 500 + 6 * 500 * 500 + 500 * 10,
    target: 1.5,
  }),
  'conv-forward': convolution('convolution 16×32×32, 64 → 64: forward', 1.5, false),
  'conv-gradients': convolution('convolution 16×32×32, 64 → 64: forward, both gradients', 3, true),
  'c1-adam': training({
    title: 'C1 on 32×32×3, Adam, B = 32 in one ghost group',
    model: () => c1({ groupSize: 32 }),
    inputShape: [32, 32, 3],
    batch: 32,
    optimizer: () => adam(),
    products: C1_PRODUCTS,
    target: 2.5,
  }),
};

export const WORKLOAD_NAMES: readonly WorkloadName[] = Object.keys(WORKLOADS) as WorkloadName[];

/** Those that train. */
export const TRAININGS: readonly WorkloadName[] = ['small-sgd', 'f1-adam', 'c1-adam'];
