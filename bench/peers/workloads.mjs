/** The workloads of bench/workloads.ts, as data that each peer builds in its own way. */

const F1 = [784, 500, 500, 500, 500, 500, 500, 500, 10];

export const WORKLOADS = {
  'matmul-512': { kind: 'matmul', size: 512 },
  'matmul-1024': { kind: 'matmul', size: 1024 },
  'matmul-512-ta': { kind: 'matmul', size: 512, transposed: 'a' },
  'matmul-512-tb': { kind: 'matmul', size: 512, transposed: 'b' },
  'matmul-4096': { kind: 'matmul', size: 4096 },
  'conv-forward': { kind: 'convolution', batch: 16 },
  'conv-gradients': { kind: 'convolution', batch: 16, differentiate: true },
  'conv-forward-4': { kind: 'convolution', batch: 4 },
  'conv-gradients-4': { kind: 'convolution', batch: 4, differentiate: true },
  'f1-adam': { kind: 'mlp', widths: F1, batch: 256, optimizer: 'adam' },
  'small-sgd': { kind: 'mlp', widths: [784, 64, 10], batch: 32, optimizer: 'sgd' },
  'c1-adam': { kind: 'c1', batch: 32, optimizer: 'adam' },
  'c1-adam-2': { kind: 'c1', batch: 2, optimizer: 'adam' },
  'c1-adam-100': { kind: 'c1', batch: 100, optimizer: 'adam' },
  'c1-adam-1000': { kind: 'c1', batch: 1000, optimizer: 'adam' },
};

/** Learning rates; Adam's other constants are those of its paper, 0.9 and 0.999. */
export const RATES = { sgd: 0.1, adam: 1e-3 };

export const C1_STAGES = [64, 128, 256];

/** The workload that the command line names. */
export function chosen(name) {
  const workload = WORKLOADS[name];
  if (!workload) throw new Error(`Workload ${name} is none of ${Object.keys(WORKLOADS).join(', ')}.`);
  return workload;
}
