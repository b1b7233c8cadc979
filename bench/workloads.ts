/**
 * Everything that engines are compared on, and which of it an adapter is compared on unless told otherwise.
 * bench/peers/workloads.mjs has the same names.
 */
import type { AdapterTraits } from '../engine/graph/primitive.ts';
import { c1, mlp } from '../nn/index.ts';
import { adam, sgd } from '../optim/index.ts';
import { C1_PRODUCTS } from './c1.ts';
import { convolution } from './convolutions.ts';
import { product } from './products.ts';
import { training } from './steps.ts';
import type { Workload } from './workload.ts';

const SQUARE: readonly [number, number] = [512, 512];
const TRANSPOSED = { tensorflow: 3, jax: 3 };

const c1Adam = (batch: number): Workload =>
  training({
    title: `C1 on 32×32×3, Adam, B = ${batch} in one ghost group`,
    model: () => c1({ groupSize: batch }),
    inputShape: [32, 32, 3],
    batch,
    optimizer: () => adam(),
    products: C1_PRODUCTS,
    targets: { tensorflow: 4 },
  });

const square = (size: number): Workload =>
  product({ name: 'product', a: [size, size], b: [size, size] }, { tensorflow: 2.5, jax: 3 });

export type WorkloadName =
  | 'matmul-512'
  | 'matmul-1024'
  | 'matmul-512-ta'
  | 'matmul-512-tb'
  | 'conv-forward'
  | 'conv-gradients'
  | 'f1-adam'
  | 'small-sgd'
  | 'c1-adam'
  | 'conv-forward-4'
  | 'conv-gradients-4'
  | 'c1-adam-2'
  | 'matmul-4096'
  | 'c1-adam-100'
  | 'c1-adam-1000';

export const WORKLOADS: Readonly<Record<WorkloadName, Workload>> = {
  'matmul-512': square(512),
  'matmul-1024': square(1024),
  'matmul-512-ta': product({ name: 'product', a: SQUARE, b: SQUARE, transposed: 'a' }, TRANSPOSED),
  'matmul-512-tb': product({ name: 'product', a: SQUARE, b: SQUARE, transposed: 'b' }, TRANSPOSED),
  'conv-forward': convolution(16, false),
  'conv-gradients': convolution(16, true),
  'f1-adam': training({
    title: 'F1 (784, 7 × 500, 10), Adam, B = 256',
    model: () => mlp({ widths: [500, 500, 500, 500, 500, 500, 500, 10] }),
    inputShape: [784],
    batch: 256,
    optimizer: () => adam(),
    products: 784 * 500 + 6 * 500 * 500 + 500 * 10,
    targets: { tensorflow: 2.5 },
  }),
  'small-sgd': training({
    title: '784-64-10, SGD, B = 32',
    model: () => mlp({ widths: [64, 10] }),
    inputShape: [784],
    batch: 32,
    optimizer: () => sgd({ learningRate: 0.1 }),
    products: 784 * 64 + 64 * 10,
    targets: { tensorflow: 4 },
  }),
  'c1-adam': c1Adam(32),
  'conv-forward-4': convolution(4, false),
  'conv-gradients-4': convolution(4, true),
  'c1-adam-2': c1Adam(2),
  'matmul-4096': square(4096),
  'c1-adam-100': c1Adam(100),
  'c1-adam-1000': c1Adam(1000),
};

export const WORKLOAD_NAMES: readonly WorkloadName[] = Object.keys(WORKLOADS) as WorkloadName[];

/** Those that train. */
export const TRAININGS: readonly WorkloadName[] = [
  'small-sgd',
  'f1-adam',
  'c1-adam',
  'c1-adam-2',
  'c1-adam-100',
  'c1-adam-1000',
];

/** What a target was set for, in the order of the table. */
const COMMON: readonly WorkloadName[] = [
  'matmul-512',
  'matmul-1024',
  'matmul-512-ta',
  'matmul-512-tb',
  'conv-forward',
  'conv-gradients',
  'f1-adam',
  'small-sgd',
  'c1-adam',
];

/** Where a peer needs minutes for one step on SwiftShader: the same with fewer examples. */
const SMALLER: Partial<Readonly<Record<WorkloadName, WorkloadName>>> = {
  'conv-forward': 'conv-forward-4',
  'conv-gradients': 'conv-gradients-4',
  'c1-adam': 'c1-adam-2',
};

/** What is run where the command line names no workloads. */
export function usualWorkloads({
  kind,
  name,
}: Pick<AdapterTraits, 'kind' | 'name'>): readonly WorkloadName[] {
  if (kind === 'gpu') return [...COMMON, 'matmul-4096', 'c1-adam-100', 'c1-adam-1000'];
  if (name === 'swiftshader') return COMMON.map((workload) => SMALLER[workload] ?? workload);
  return COMMON;
}

/** At least this over either peer, in every row, on SwiftShader. */
const SWIFTSHADER_TARGET = 1.5;

/** The figure to be reached over a peer's WebGPU back end on this adapter, if one was set. */
export function targetOf(
  workload: WorkloadName,
  peer: keyof Workload['targets'],
  adapter: Pick<AdapterTraits, 'name'>,
): number | undefined {
  const target = WORKLOADS[workload].targets[peer];
  return target !== undefined && adapter.name === 'swiftshader' ? SWIFTSHADER_TARGET : target;
}
