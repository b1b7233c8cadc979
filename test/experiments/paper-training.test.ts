import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../data/index.ts';
import { init, tensor, tree } from '../../engine/index.ts';
import {
  microbatchedStep,
  passesPerStep,
} from '../../experiments/noise-enhancement/training/microbatches.ts';
import { networkOf, exampleCost } from '../../experiments/noise-enhancement/training/network.ts';
import { problemOf } from '../../experiments/noise-enhancement/training/problem.ts';
import { optimizerOf, trainingStep } from '../../experiments/noise-enhancement/training/step.ts';
import { cuts } from '../../experiments/training/microbatches.ts';
import { initialState } from '../../experiments/training/step.ts';
import type { RunRecord } from '../../experiments/types.ts';
import {
  memoryCheckpoints,
  recordsAfter,
  stepsOf,
  tinyCell,
  tinyImages,
  trainCell,
  type Kept,
} from './paper-resume.ts';

let images: Readonly<Record<'F1' | 'C1', Dataset>>;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await tinyImages();
});

const cells = {
  'a perceptron': tinyCell('F1'),
  'a convolutional network': tinyCell('C1', { maxSteps: 6 }),
  'a convolutional network in several passes': tinyCell('C1', { maxSteps: 4, microbatch: 3 }),
};

describe.each(Object.entries(cells))('the training of %s', (_, cell) => {
  const dataset = (): Dataset => images[cell.network as 'F1' | 'C1'];
  let records: RunRecord[];
  const kept: Kept[] = [];

  it('ends with one result, and snapshots change nothing', async () => {
    records = await trainCell(cell, dataset());
    expect(records.at(-1)).toMatchObject({
      name: 'run',
      steps: cell.maxSteps,
      outcome: 'finished',
      halvedAt: 3,
      exampleGradients: 2 * cell.batchSize * cell.maxSteps,
    });
    expect(records.filter(({ name }) => name === 'run').length).toBe(1);
    expect(await trainCell(cell, dataset(), { checkpoints: memoryCheckpoints(kept) })).toEqual(records);
    expect(kept.map(stepsOf)).toEqual(Array.from({ length: cell.maxSteps }, (_unused, k) => k + 1));
  });

  it('goes on from the snapshot of any step as if it had never stopped', async () => {
    for (const [k, snapshot] of kept.entries()) {
      const later: Kept[] = [];
      const rest = await trainCell(cell, dataset(), { checkpoints: memoryCheckpoints(later, snapshot) });
      expect(rest).toEqual(recordsAfter(records, k + 1));
      expect(later).toEqual(kept.slice(k + 1));
    }
  });

  it('keeps a snapshot when it is told to stop', async () => {
    const signal = { aborted: false };
    const last: Kept[] = [];
    const first = await trainCell(cell, dataset(), {
      signal,
      progress: ({ done }) => {
        signal.aborted = done === 3;
      },
      checkpoints: memoryCheckpoints(last, undefined, () => false),
    });
    expect(last.map(stepsOf)).toEqual([3]);
    const rest = await trainCell(cell, dataset(), {
      checkpoints: memoryCheckpoints([], last[0], () => false),
    });
    expect([...first, ...rest]).toEqual(records);
  });
});

describe('a training', () => {
  it('whose loss is not finite is recorded as diverged, with its step, and not thrown', async () => {
    const cell = tinyCell('F1', { optimizer: 'sgd', learningRate: 1e160 });
    const [result, ...others] = (await trainCell(cell, images.F1)).filter(({ name }) => name === 'run');
    expect(others).toEqual([]);
    expect(result).toMatchObject({ outcome: 'diverged', converged: false, testAccuracy: null });
    expect(result!['message']).toMatch(/^Step [1-9].*the loss is not finite/);
    const several = await trainCell({ ...cell, microbatch: 4 }, images.F1);
    expect(several.at(-1)).toMatchObject({ outcome: 'diverged', steps: result!['steps'] });
  });

  it('measures the same loss whatever the size of the pieces', async () => {
    const cell = tinyCell('F1', { maxSteps: 3 });
    const [whole, pieces] = [
      await trainCell(cell, images.F1),
      await trainCell({ ...cell, piece: 7 }, images.F1),
    ];
    expect(pieces.at(-1)!['trainLoss']).toBeCloseTo(whole.at(-1)!['trainLoss'] as number, 12);
    expect(pieces.at(-1)!['testAccuracy']).toBeCloseTo(whole.at(-1)!['testAccuracy'] as number, 12);
  });
});

describe('a step in several passes', () => {
  it.each([
    ['α = 1', { alpha: 1 }],
    ['α = 2', { alpha: 2 }],
    ['α = 0, of which only the second batch counts', { alpha: 0 }],
    ['groups that do not divide the batch', { alpha: 2, ghost: 4, batchSize: 11, microbatch: 4 }],
  ])('has the gradient of the step in one: %s', async (_, changes) => {
    const cell = tinyCell('C1', { microbatch: 3, optimizer: 'sgd', learningRate: 0.1, ...changes });
    const problem = problemOf(cell, images.C1, 0);
    const optimizer = optimizerOf(cell);
    expect(passesPerStep(cell)).toBeGreaterThan(1);
    const indices = [1, 5].map((by) =>
      tensor(Int32Array.from({ length: cell.batchSize }, (_unused, i) => (by * (i + 1)) % 24)),
    );
    const results: number[][] = [];
    for (const step of [
      trainingStep(problem, cell, cell.alpha, optimizer),
      microbatchedStep(problem, cell, optimizer),
    ]) {
      const start = initialState(problem.initialize(0), optimizer);
      const [state] = step(start, problem.train.tensors, ...indices.slice(0, cell.alpha === 1 ? 1 : 2));
      const leaves = await Promise.all(
        [...tree.leaves(state.params), state.lossSum].map((leaf) => leaf.data()),
      );
      results.push(leaves.flatMap((leaf) => [...leaf]));
    }
    const [whole, pieces] = results as [number[], number[]];
    expect(pieces.length).toBe(whole.length);
    pieces.forEach((value, k) => expect(value).toBeCloseTo(whole[k]!, 12));
  });

  it('is cut at groups, as evenly as they allow, with what is left of a group in the last', () => {
    expect(cuts(5000, 190, 100).map(({ size }) => size)).toEqual(Array(50).fill(100));
    expect(cuts(1000, 400, 100).map(({ size }) => size)).toEqual([400, 400, 200]);
    expect(cuts(11, 4, 4)).toEqual([
      { from: 0, size: 4 },
      { from: 4, size: 7 },
    ]);
    expect(cuts(10, 3)).toEqual([
      { from: 0, size: 3 },
      { from: 3, size: 3 },
      { from: 6, size: 3 },
      { from: 9, size: 1 },
    ]);
    expect(cuts(50, 10, 100)).toEqual([{ from: 0, size: 50 }]);
    for (let count = 1; count < 40; count++)
      for (let limit = 1; limit < 20; limit++) {
        const pieces = cuts(count, limit, 3);
        expect(pieces.reduce((sum, { size }) => sum + size, 0)).toBe(count);
        expect(pieces.every(({ from, size }) => from % 3 === 0 && size > 0)).toBe(true);
        expect(pieces.slice(0, -1).every(({ size }) => size <= Math.max(3, limit))).toBe(true);
      }
  });
});

describe('the networks of the paper', () => {
  const stages = [64, 128, 256].map((channels) => [channels, channels, channels]);

  it('cost what papers.md says: multiply-adds of a forward pass', () => {
    expect(2 * exampleCost({ hidden: Array<number>(7).fill(500) }, [28, 28, 1], 10).multiplyAdds).toBeCloseTo(
      3.79e6,
      -4,
    );
    expect((2 * exampleCost({ stages, hidden: [] }, [32, 32, 3], 10).multiplyAdds) / 1e8).toBeCloseTo(
      5.32,
      2,
    );
    const c2 = exampleCost({ stages: [...stages, [512, 512]], hidden: [1024] }, [32, 32, 3], 100);
    expect((2 * c2.multiplyAdds) / 1e8).toBeCloseTo(6.5, 2);
  });

  it('are made from their stages', () => {
    const network = networkOf({ stages: [[2], [3]], ghost: 3, hidden: [5], initializer: 'zeros' }, 4);
    const { params } = network.init(tensor(Uint32Array.of(0, 1)), [8, 8, 3]);
    expect(tree.paths(params).map(({ path, leaf }) => `${path} ${leaf.shape.join('x')}`)).toEqual([
      'conv2d0/bias 2',
      'conv2d0/weight 3x3x3x2',
      'conv2d1/bias 3',
      'conv2d1/weight 3x3x2x3',
      'dense0/bias 5',
      'dense0/weight 12x5',
      'dense1/bias 4',
      'dense1/weight 5x4',
      'ghostBatchNorm0/offset 2',
      'ghostBatchNorm0/scale 2',
      'ghostBatchNorm1/offset 3',
      'ghostBatchNorm1/scale 3',
    ]);
  });
});
