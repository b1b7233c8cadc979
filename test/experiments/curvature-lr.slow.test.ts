import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import { curvatureLrExperiments } from '../../experiments/curvature-lr/index.ts';
import type { LawRecord, SpreadRecord } from '../../experiments/curvature-lr/figure3/law.ts';
import type { Experiment, RunRecord } from '../../experiments/types.ts';
import { manifestOf } from './reports.ts';

type Config = Record<string, unknown>;

const named = (name: string): Experiment<Config> =>
  curvatureLrExperiments.find((each) => each.name === `curvature-lr/${name}`) as Experiment<Config>;

let images: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await load('procedural', { train: 40, test: 20, size: 32, channels: 3 });
});

describe('gradients, strides, discarded gradients and radii', () => {
  it('are measured on the way of real trainings', async () => {
    const plan = {
      data: 'cifar-10',
      network: { kind: 'mlp', hidden: [4, 3] },
      images: { trainExamples: 40, testExamples: 10, pool: true, standardize: true },
    };
    const measure = async (name: string, changes: Config): Promise<RunRecord[]> => {
      const experiment = named(name);
      const config = { ...experiment.presets.smoke, plan, repeats: 1, ...changes };
      const records: RunRecord[] = [];
      const quiet = (): void => undefined;
      const context = { seed: 1, dataset: images, signal: { aborted: false }, progress: quiet, log: quiet };
      for await (const record of experiment.run(config, context)) records.push(record);
      expect(
        experiment.report(records, manifestOf(experiment.name, config, { preset: 'smoke', seed: 1 })).sections
          .length,
      ).toBeGreaterThan(2);
      expect(JSON.stringify(experiment.summary(records)).length).toBeGreaterThan(20);
      return records;
    };
    const of = (records: readonly RunRecord[], name: string) => records.filter((each) => each.name === name);

    const three = await measure('figure3', {
      law: { smallest: 2, doublings: 2, draws: 200, piece: 40 },
      sizes: [10, 40],
      rate: 0.001,
    });
    const levels = of(three, 'gradient-law').map(({ batchSize, batches }) => [batchSize, batches]);
    expect(levels).toEqual([
      [2, 800],
      [4, 400],
      [8, 200],
    ]);
    const { tensors } = of(three, 'gradient-spread')[0] as unknown as SpreadRecord;
    for (const { batchSize, tensors: lengths } of of(three, 'gradient-law') as unknown as LawRecord[]) {
      const level = (path: string) => (lengths[path]!.centredSquare * batchSize) / tensors[path]!.variance;
      // Of 200 draws, at worst along one direction: a deviation of √(2/200), a tenth.
      const levels = Object.keys(tensors).map(level);
      expect(Math.min(...levels), String(batchSize)).toBeGreaterThan(0.75);
      expect(Math.max(...levels), String(batchSize)).toBeLessThan(1.25);
    }
    const strides = of(three, 'stride');
    expect(new Set(strides.map(({ batchSize }) => batchSize))).toEqual(new Set([10, 40]));
    for (const { fall, meanSquare, learningRate } of strides as unknown as Record<string, number>[]) {
      // To first order the loss falls by lr Σ g², of 768·4 + 4 + 15 + 40 elements.
      expect(fall! / (learningRate! * meanSquare! * 3131)).toBeGreaterThan(0.8);
      expect(fall! / (learningRate! * meanSquare! * 3131)).toBeLessThan(1.05);
    }

    const nine = await measure('figure9', { discard: { examples: 40, shares: [0, 0.5, 0.9] } });
    const kept = of(nine, 'discarded').map(({ step, kept: count }) => [step, count]);
    expect(kept).toEqual([0, 2].flatMap((step) => [40, 20, 4].map((count) => [step, count])));

    const two = await measure('figure2', {});
    expect(of(two, 'radii')).toHaveLength(2);
    const one = await measure('figure1', { sizes: [8, 40] });
    expect(of(one, 'stride').length).toBeGreaterThan(4);
    for (const [figure, changes] of [
      ['figure10', {}],
      ['figure11', { batchSize: 40, firstBatchSize: 8 }],
    ] as const) {
      const outcomes = of(await measure(figure, changes), 'training').map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['finished', 'finished']);
    }
    const sixteen = await measure('figure16', {});
    expect(of(sixteen, 'training').map(({ outcome }) => outcome)).toEqual(Array(4).fill('finished'));
  });
});
