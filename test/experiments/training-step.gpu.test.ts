import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { counters, init, tensor, tree, type Tensor } from '../../engine/index.ts';
import { presets } from '../../experiments/noise-enhancement/presets.ts';
import { problemOf, type Problem } from '../../experiments/noise-enhancement/training/problem.ts';
import { optimizerOf, trainingStep } from '../../experiments/noise-enhancement/training/step.ts';
import { initialState, type TrainingState } from '../../experiments/training/step.ts';

const sweep = { ...presets.smoke, hidden: [16, 16], trainExamples: 100, testExamples: 0 } as const;
let dataset: Dataset;
beforeAll(async () => {
  dataset = await load('procedural', { train: 100, test: 20, size: 12 });
  await init();
});

const batch = (step: number, stream: number): Tensor =>
  tensor(Int32Array.from({ length: 10 }, (_, i) => (7 * step + 31 * stream + i * i) % 100));

interface Settings {
  readonly alpha?: number;
  readonly form?: 'one-pass' | 'two-pass';
  readonly optimizer?: 'adam' | 'sgd';
  readonly learningRate?: number;
}

/** The state after `steps` steps, `look`ed at after each. */
async function trained(
  steps: number,
  { alpha = 1.5, form = 'one-pass', ...changes }: Settings = {},
  look: (state: TrainingState) => Promise<void> = async () => undefined,
): Promise<TrainingState> {
  const settings = { ...sweep, ...changes };
  const problem: Problem = problemOf(settings, dataset, 5);
  const optimizer = optimizerOf(settings);
  const step = trainingStep(problem, { form }, alpha, optimizer);
  let state = initialState(problem.initialize(0), optimizer);
  for (let t = 0; t < steps; t++) {
    const second = alpha === 1 ? [] : [batch(t, 1)];
    const [next, failedAt] = step(state, problem.train.tensors, batch(t, 0), ...second);
    state = next;
    failedAt.dispose();
    await look(state);
  }
  return state;
}

const values = async (state: TrainingState): Promise<number[]> =>
  (await Promise.all(tree.leaves(state.params).map(async (leaf) => [...(await leaf.data())]))).flat();

const distance = (a: number[], b: number[]): number => Math.max(...a.map((x, k) => Math.abs(x - b[k]!)));

describe('a training step on the device', () => {
  it('gives the same bytes for the same seed', async () => {
    expect(await values(await trained(5))).toEqual(await values(await trained(5)));
  });

  it('in one pass agrees with two passes to rounding', async () => {
    const settings = { optimizer: 'sgd', learningRate: 0.01 } as const;
    const [one, two] = [
      await values(await trained(5, { ...settings, form: 'one-pass' })),
      await values(await trained(5, { ...settings, form: 'two-pass' })),
    ];
    expect(distance(one, two)).toBeLessThan(1e-6);
  });

  it('follows the float64 interpreter', async () => {
    const settings = { optimizer: 'sgd', learningRate: 0.05 } as const;
    const device = await values(await trained(20, settings));
    await init({ backend: 'reference' });
    try {
      expect(distance(device, await values(await trained(20, settings)))).toBeLessThan(1e-4);
    } finally {
      await init();
    }
  });

  it('updates in place: no tensor, no buffer, one submission', async () => {
    const seen: { tensors: number; buffers: number; submits: number }[] = [];
    await trained(6, {}, async (state) => {
      await state.step.item();
      const { liveTensors, buffers, submits } = counters()!;
      seen.push({ tensors: liveTensors, buffers, submits });
    });
    const [warm, ...later] = seen.slice(2);
    later.forEach(({ tensors, buffers, submits }, k) => {
      expect(tensors).toBe(warm!.tensors);
      expect(buffers).toBe(warm!.buffers);
      expect(submits).toBe(warm!.submits + k + 1);
    });
  });

  it('whose loss is not finite leaves parameters and optimizer as they were, and so does every later one', async () => {
    const settings = { alpha: 1, optimizer: 'sgd', learningRate: 1e30 } as const;
    const failures: number[] = [];
    const after: number[][] = [];
    await trained(6, settings, async (state) => {
      failures.push(await state.failedAt.item());
      after.push(await values(state));
    });
    const first = failures.findIndex((step) => step >= 0);
    expect(first).toBeGreaterThan(0);
    expect(failures.slice(first)).toEqual(failures.slice(first).map(() => first));
    for (const row of after.slice(first)) expect(row).toEqual(after[first - 1]);
    expect(after.at(-1)!.every(Number.isFinite)).toBe(true);
  });
});
