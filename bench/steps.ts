/**
 * The two training steps that everything here is judged by, on data that any engine can make: a hash of the
 * position. bench/peers/tfjs.mjs holds the same steps, and their losses must agree.
 */
import {
  counters,
  crossEntropy,
  jit,
  tensor,
  valueAndGrad,
  zeros,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import { mlp, type SequentialParams } from '../nn/index.ts';
import { adam, applyUpdates, sgd, type GradientTransformation } from '../optim/index.ts';

export interface Workload {
  readonly title: string;
  readonly widths: readonly number[];
  readonly batch: number;
  readonly optimizer: () => GradientTransformation;
  /** How many times as fast as TensorFlow.js the step is meant to be. */
  readonly target: number;
}

export type WorkloadName = 'small-sgd' | 'f1-adam';

export const WORKLOADS: Readonly<Record<WorkloadName, Workload>> = {
  'small-sgd': {
    title: '784-64-10, SGD, B = 32',
    widths: [784, 64, 10],
    batch: 32,
    optimizer: () => sgd({ learningRate: 0.1 }),
    target: 2,
  },
  'f1-adam': {
    title: 'F1 (784, 7 × 500, 10), Adam, B = 256',
    widths: [784, 500, 500, 500, 500, 500, 500, 500, 10],
    batch: 256,
    optimizer: () => adam(),
    target: 1.5,
  },
};

export const WORKLOAD_NAMES: readonly WorkloadName[] = Object.keys(WORKLOADS) as WorkloadName[];

/**
 * Floating-point operations of one step's matrix products: a weight takes part in the forward product, in the
 * gradient of the input and in its own, each a multiplication and an addition per example.
 */
export function flopsOf({ widths, batch }: Workload): number {
  return 6 * batch * pairs(widths).reduce((sum, [inputs, outputs]) => sum + inputs * outputs, 0);
}

export interface Trainer {
  /** One step; what it returns is the loss, which the caller disposes. Synchronous but for the first call. */
  step(): Tensor;
  dispose(): void;
}

type State = { readonly params: SequentialParams; readonly optimizer: Tree };

/** The workload with its initial parameters on the current device. */
export function trainer({ widths, batch, optimizer }: Workload): Trainer {
  const model = mlp({ widths: widths.slice(1) });
  const rule = optimizer();
  const params = initialParams(widths);
  const x = tensor(
    fill(batch * width(widths, 0), 0, (u) => u),
    [batch, width(widths, 0)],
  );
  const y = tensor(
    Int32Array.from({ length: batch }, (_, i) => Math.floor(10 * hash(i + (255 << 24)))),
    [batch],
  );
  const loss = (weights: SequentialParams, inputs: Tensor, labels: Tensor): Tensor =>
    crossEntropy(model.apply(weights, inputs), labels);
  const recorded = jit(
    (old: State, inputs: Tensor, labels: Tensor): [State, Tensor] => {
      const [value, gradients] = valueAndGrad(loss)(old.params, inputs, labels);
      const [updates, next] = rule.update(gradients, old.optimizer, old.params);
      return [{ params: applyUpdates(old.params, updates), optimizer: next }, value];
    },
    { donate: [0] },
  );
  let state: State = { params, optimizer: rule.init(params) };
  return {
    step() {
      const [next, value] = recorded(state, x, y);
      state = next;
      return value;
    },
    dispose: () => recorded.dispose(),
  };
}

/** Weights uniform with variance 2/inputs, biases zero. */
function initialParams(widths: readonly number[]): SequentialParams {
  return Object.fromEntries(
    pairs(widths).map(([inputs, outputs], k) => {
      const limit = Math.sqrt(6 / inputs);
      const weight = fill(inputs * outputs, (k + 1) << 24, (u) => limit * (2 * u - 1));
      return [`dense${k}`, { weight: tensor(weight, [inputs, outputs]), bias: zeros([outputs]) }];
    }),
  );
}

/** The finalizer of MurmurHash3 on `i`, as a number in [0, 1). */
export function hash(i: number): number {
  let h = Math.imul(i ^ (i >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** `size` numbers: `f` of the hashes from `seed` on. */
export function fill(size: number, seed: number, f: (u: number) => number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => f(hash(i + seed)));
}

/** Kernels dispatched while `f` runs. */
export function dispatchesOf(f: () => void): number {
  const before = counters()?.dispatches ?? 0;
  f();
  return (counters()?.dispatches ?? 0) - before;
}

function width(widths: readonly number[], k: number): number {
  return widths[k] as number;
}

function pairs(widths: readonly number[]): [number, number][] {
  return widths.slice(1).map((outputs, k) => [width(widths, k), outputs]);
}
