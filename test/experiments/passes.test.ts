import { describe, expect, it } from 'vitest';
import { experiments } from '../../experiments/index.ts';
import type { GridExperiment } from '../../experiments/grid.ts';
import { exampleCost } from '../../experiments/training/cost.ts';
import { inPasses, passSizes } from '../../experiments/training/passes.ts';
import type { TrainingCell } from '../../experiments/training/settings.ts';
import { tinySpec } from './training-spec.ts';

const dataset = { name: 'cifar-10' } as const;
const cellOf = (changes: object): TrainingCell => ({
  dataset,
  seed: 0,
  training: tinySpec({
    network: { kind: 'alexnet' },
    images: { trainExamples: 0, testExamples: 0, standardize: true },
    ...changes,
  }),
});
const passesOf = (changes: object): number | undefined => inPasses(cellOf(changes)).training.microbatch;

describe('the passes of a step', () => {
  it('are as large as memory and bindings allow, in whole ghost groups', () => {
    const cost = exampleCost({ kind: 'resnet', depth: 18 }, [32, 32, 3], 10);
    const { widest } = cost;
    expect(widest).toBe(32 * 32 * 64);
    expect(passSizes(cost).piece).toBe((128 * 2 ** 20) / (4 * widest));
    expect(passSizes(cost, 128, 100_000).microbatch % 128).toBe(0);
    expect(passSizes(cost, 128, 1).microbatch).toBe(128);
  });

  it('are several where the largest batch of a schedule does not fit, and none is named where it does', () => {
    expect(passesOf({ batchSize: 32_768 })).toBe(1310);
    expect(passesOf({ batchSize: { kind: 'firstEpoch', first: 64, after: 8192 } })).toBe(1310);
    expect(
      passesOf({
        batchSize: { kind: 'multiStep', initial: 200, factor: 10, milestones: [1], unit: 'epochs' },
      }),
    ).toBe(1310);
    expect(passesOf({ batchSize: 512 })).toBeUndefined();
    expect(inPasses(cellOf({ batchSize: 512 }))).toEqual(cellOf({ batchSize: 512 }));
  });

  it('are one where a batch is normalised as a whole, or the optimizer looks at its loss, and what is given stays', () => {
    expect(passesOf({ network: { kind: 'resnet', depth: 18 }, batchSize: 8192 })).toBeUndefined();
    expect(passesOf({ optimizer: { name: 'cblr', gamma: 0.1 }, batchSize: 8192 })).toBeUndefined();
    expect(passesOf({ microbatch: 100, batchSize: 8192 })).toBe(100);
  });

  it('keep the published sizes within what every device binds, unless batches are normalised whole', () => {
    const large = experiments.flatMap((experiment) => {
      if (!('cells' in experiment) || !experiment.name.startsWith('curvature-lr/')) return [];
      const { cells, presets } = experiment as GridExperiment<object>;
      return (cells(presets.paper, 0, 'published') as readonly TrainingCell[])
        .filter(({ training: { batchSize } }) => typeof batchSize === 'number' && batchSize > 2048)
        .map(({ training }) => training.microbatch);
    });
    expect(large.length).toBeGreaterThan(50);
    expect(large).not.toContain(undefined);
  });
});
