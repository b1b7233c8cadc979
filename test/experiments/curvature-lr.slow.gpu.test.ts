import { beforeAll, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import { powerLaw } from '../../experiments/power-law.ts';
import type { LawRecord, SpreadRecord } from '../../experiments/curvature-lr/figure3/law.ts';
import { measureLaw } from '../../experiments/curvature-lr/figure3/law.ts';
import type { DiscardRecord } from '../../experiments/curvature-lr/figure9/discard.ts';
import { measureDiscarding } from '../../experiments/curvature-lr/figure9/discard.ts';
import type { TrainingSpec } from '../../experiments/training/settings.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { trainSpec } from './training-spec.ts';

let images: Dataset;
beforeAll(async () => {
  await init();
  images = await load('procedural', { train: 256, test: 10, size: 32, channels: 3 });
});

/** What is measured of K16 before its first step. */
async function measured(name: string, options: Record<string, number | number[]>): Promise<RunRecord[]> {
  const spec: TrainingSpec = {
    network: { kind: 'k16' },
    images: { trainExamples: 0, testExamples: 0, pool: true, standardize: true },
    optimizer: { name: 'sgd' },
    learningRate: 0.05,
    batchSize: 16,
    sampling: 'epoch-shuffle',
    length: { steps: 0 },
    measure: { extra: [{ name, at: { start: true }, options }] },
    replica: 0,
  };
  return trainSpec(spec, images, {
    measurements: { law: measureLaw, discarded: measureDiscarding },
  });
}

it('the centred gradient of fc1 of K16 falls as n^-0.5 within 0.05, at √(2/π) σ̄/√n within 10 %', async () => {
  const records = await measured('law', { smallest: 8, doublings: 4, draws: 24, piece: 32 });
  const { tensors } = records.find(({ name }) => name === 'gradient-spread') as SpreadRecord;
  const laws = records.filter(({ name }) => name === 'gradient-law') as LawRecord[];
  const fc1 = 'dense0/weight';
  expect(laws.map(({ batchSize, batches }) => [batchSize, batches])).toEqual([
    [8, 384],
    [16, 192],
    [32, 96],
    [64, 48],
    [128, 24],
  ]);
  const slope = powerLaw(laws.map((law) => [law.batchSize, law.tensors[fc1]!.centred]))!.slope;
  expect(Math.abs(slope + 0.5)).toBeLessThan(0.05);
  for (const { batchSize, tensors: lengths } of laws) {
    const level = lengths[fc1]!.centred / (Math.sqrt(2 / (Math.PI * batchSize)) * tensors[fc1]!.deviation);
    expect(Math.abs(level - 1), String(batchSize)).toBeLessThan(0.1);
  }
});

it('the gradient of fc2 of K16 is more than three times as long at p = 0.9 as at p = 0', async () => {
  const records = await measured('discarded', { examples: 256, shares: [0, 0.5, 0.9] });
  const found = records.filter(({ name }) => name === 'discarded') as DiscardRecord[];
  const [none, half, most] = found.map(({ gradient }) => gradient['dense1/weight']!) as [
    number,
    number,
    number,
  ];
  expect(half).toBeGreaterThan(none);
  expect(most / none).toBeGreaterThan(3);
});
