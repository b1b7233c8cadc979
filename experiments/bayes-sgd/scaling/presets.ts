/** The sizes of figures 3 to 8: papers.md 3.3. Where the paper leaves a grid open, it is ours. */
import type { PresetName } from '../../types.ts';
import type { ScalingConfig, Series } from './config.ts';

export type FigureName = 'figure3' | 'figure4' | 'figure5' | 'figure6' | 'figure7' | 'figure8';

type Presets = Readonly<Record<PresetName, ScalingConfig>>;

/** 784-800-10 with its printed numbers. */
const published: ScalingConfig = {
  hidden: [800],
  pool: false,
  testExamples: 0,
  lossDivisor: 10,
  sampling: 'without-replacement',
  repeats: 5,
  testEvery: 0,
  lawFrom: 0,
  lawTo: 0,
  series: [],
};

/** 196-32-10 on images of half the side, with batches drawn independently as in the prototype of papers.md. */
const inSmall: ScalingConfig = {
  ...published,
  hidden: [32],
  pool: true,
  sampling: 'iid-with-replacement',
  repeats: 3,
};

/** Enough to see every part at work, and too little to show anything. */
const inSmoke: ScalingConfig = { ...inSmall, hidden: [16], testExamples: 500, repeats: 2 };

const inMedium: ScalingConfig = { ...published, repeats: 3 };

/** ε = 1, m = 0.9, N = 1000, no regularisation. */
const standard: Omit<Series, 'steps' | 'batchSizes'> = {
  learningRate: 1,
  momentum: 0.9,
  trainExamples: 1000,
  lambda: 0,
};

const PUBLISHED_SIZES = [1, 2, 5, 10, 20, 30, 50, 100, 200, 300, 500, 700, 1000];

function powersOfTwo(from: number, to: number): number[] {
  const sizes: number[] = [];
  for (let size = from; size <= to; size *= 2) sizes.push(size);
  return sizes;
}

/** The size of these nearest to `centre` in ratio, and two on either side. */
function window(sizes: readonly number[], centre: number): number[] {
  const nearest = sizes.reduce((a, b) => (distance(b, centre) < distance(a, centre) ? b : a));
  const from = Math.max(0, Math.min(sizes.indexOf(nearest) - 2, sizes.length - 5));
  return sizes.slice(from, from + 5);
}

function distance(a: number, b: number): number {
  return Math.abs(Math.log(a / b));
}

// ---- figures 3 and 8: a small batch against the full one ----------------------------------------------

function pair(
  {
    small,
    steps,
    lambdas,
  }: { readonly small: number; readonly steps: number; readonly lambdas: readonly number[] },
  trainExamples = 1000,
): Series[] {
  return lambdas.map((lambda) => ({
    ...standard,
    trainExamples,
    lambda,
    steps,
    batchSizes: [small, trainExamples],
  }));
}

/** The full batch is without noise only where examples are not drawn twice. */
function trajectories(lambdas: readonly number[]): Presets {
  const sampling = 'without-replacement';
  return {
    smoke: {
      ...inSmoke,
      sampling,
      testEvery: 10,
      series: pair({ small: 10, steps: 60, lambdas }, 100),
    },
    small: { ...inSmall, sampling, testEvery: 100, series: pair({ small: 24, steps: 3000, lambdas }) },
    medium: { ...inMedium, testEvery: 100, series: pair({ small: 30, steps: 3000, lambdas }) },
    paper: { ...published, testEvery: 100, series: pair({ small: 30, steps: 10_000, lambdas }) },
  };
}

// ---- figure 4: over the batch size ---------------------------------------------------------------------

const overBatchSize: Presets = {
  smoke: {
    ...inSmoke,
    series: [{ ...standard, trainExamples: 100, steps: 60, batchSizes: [1, 5, 20, 100] }],
  },
  small: {
    ...inSmall,
    sampling: 'without-replacement',
    series: [{ ...standard, steps: 2000, batchSizes: PUBLISHED_SIZES }],
  },
  medium: { ...inMedium, series: [{ ...standard, steps: 3000, batchSizes: PUBLISHED_SIZES }] },
  paper: { ...published, series: [{ ...standard, steps: 10_000, batchSizes: PUBLISHED_SIZES }] },
};

// ---- figures 5 to 7: what the best batch size grows with -------------------------------------------------

/** Not a window about the expected B: the same sizes for all ε, so that the law is not built into the grid. */
const overLearningRate: Presets = {
  smoke: {
    ...inSmoke,
    series: [0.5, 1, 2].map((learningRate) => ({
      ...standard,
      learningRate,
      trainExamples: 100,
      steps: 60,
      batchSizes: [2, 8, 32],
    })),
  },
  small: {
    ...inSmall,
    series: (
      [
        [0.2, 4000],
        [0.5, 2000],
        [1, 1000],
        [2, 500],
        [5, 500],
        [10, 300],
      ] as const
    ).map(([learningRate, steps]) => ({ ...standard, learningRate, steps, batchSizes: powersOfTwo(1, 512) })),
  },
  medium: {
    ...inMedium,
    series: [0.3, 1, 3].map((learningRate) => ({
      ...standard,
      learningRate,
      steps: 3000,
      batchSizes: window(powersOfTwo(1, 512), 16 * learningRate),
    })),
  },
  paper: {
    ...published,
    // Beyond it training collapses, as is claimed.
    lawTo: 3,
    series: [0.1, 0.2, 0.5, 1, 2, 3, 5, 10].map((learningRate) => ({
      ...standard,
      learningRate,
      steps: Math.round(10_000 / learningRate),
      batchSizes: PUBLISHED_SIZES,
    })),
  },
};

const overTrainingSet: Presets = {
  smoke: {
    ...inSmoke,
    series: [100, 200, 400].map((trainExamples) => ({
      ...standard,
      trainExamples,
      steps: 60,
      batchSizes: [2, 8, 32],
    })),
  },
  small: {
    ...inSmall,
    // The published law begins at 20,000 examples; of this network it was seen from 1,000 on.
    lawFrom: 1000,
    series: (
      [
        [500, 4, 256],
        [1000, 4, 512],
        [2000, 4, 512],
        [4000, 8, 512],
        [8000, 8, 1024],
        [16_000, 16, 1024],
      ] as const
    ).map(([trainExamples, from, to]) => ({
      ...standard,
      trainExamples,
      steps: 2000,
      batchSizes: powersOfTwo(from, to),
    })),
  },
  medium: {
    ...inMedium,
    series: [1000, 5000, 20_000, 60_000].map((trainExamples) => ({
      ...standard,
      trainExamples,
      steps: 2000,
      batchSizes: window(powersOfTwo(1, 8192), trainExamples / 62),
    })),
  },
  paper: {
    ...published,
    lawFrom: 20_000,
    series: [1000, 5000, 10_000, 20_000, 40_000, 60_000].map((trainExamples) => ({
      ...standard,
      trainExamples,
      steps: 10_000,
      batchSizes: [5, 10, 20, 30, 50, 100, 200, 300, 500, 700, 1000, 2000, 3000].filter(
        (size) => size <= trainExamples,
      ),
    })),
  },
};

const overMomentum: Presets = {
  smoke: {
    ...inSmoke,
    series: [0.8, 0.9, 0.95].map((momentum) => ({
      ...standard,
      momentum,
      trainExamples: 100,
      steps: 60,
      batchSizes: [2, 8, 32],
    })),
  },
  small: {
    ...inSmall,
    // Below m = 0.8 so few steps do not converge.
    series: [0.8, 0.9, 0.95, 0.975].map((momentum) => ({
      ...standard,
      momentum,
      steps: 2000,
      batchSizes: powersOfTwo(2, 512),
    })),
  },
  medium: {
    ...inMedium,
    series: [0.8, 0.9, 0.95, 0.975].map((momentum) => ({
      ...standard,
      momentum,
      steps: 3000,
      batchSizes: window(powersOfTwo(1, 512), 1.6 / (1 - momentum)),
    })),
  },
  paper: {
    ...published,
    series: [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.975].map((momentum) => ({
      ...standard,
      momentum,
      steps: 10_000,
      batchSizes: PUBLISHED_SIZES,
    })),
  },
};

export const scalingPresets: Readonly<Record<FigureName, Presets>> = {
  figure3: trajectories([0]),
  figure4: overBatchSize,
  figure5: overLearningRate,
  figure6: overTrainingSet,
  figure7: overMomentum,
  // Without and with: what regularisation changes is a comparison. Appendix B says that section 4 had λ = 0.1, and section 4
  // that it had none; we follow section 4.
  figure8: trajectories([0, 0.1]),
};
