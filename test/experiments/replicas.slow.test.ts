/** More kinds of trainings as replicas; `replicas.test.ts` has the ones that say most. */
import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import type { TrainingSpec } from '../../experiments/training/settings.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { differences } from '../cli/close-records.ts';
import { together } from './together.ts';
import { tinySpec, trainSpec } from './training-spec.ts';

let images: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await load('procedural', { train: 40, test: 20, size: 8 });
});

const specs: Record<string, TrainingSpec[]> = {
  'with learning rates and lengths of their own': [
    tinySpec({ length: { time: 0.3 } }),
    tinySpec({ length: { time: 0.3 }, learningRate: 0.1, replica: 1 }),
    tinySpec({
      length: { time: 0.3 },
      learningRate: { kind: 'firstEpoch', first: 0.1, after: 0.02 },
      replica: 2,
    }),
    tinySpec({ length: { time: 0.3 }, replica: 3 }),
  ],
  'normalised, with growing batches': [0, 1].map((replica) =>
    tinySpec({
      network: { kind: 'mlp', hidden: [5], norm: 4 },
      batchSize: { kind: 'firstEpoch', first: 8, after: 20 },
      length: { epochs: 2 },
      replica,
    }),
  ),
  'that draw in their steps': [0, 1].map((replica) =>
    tinySpec({ optimizer: { name: 'cblr', gamma: 0.01 }, length: { steps: 3 }, replica }),
  ),
};

describe('trainings as replicas', () => {
  it.each(Object.entries(specs))('have the records of trainings by themselves: %s', async (_, settings) => {
    const single: RunRecord[][] = [];
    for (const spec of settings) single.push(await trainSpec(spec, images));
    const found = await together(settings, (spec, member) => trainSpec(spec, images, { member }));
    expect(differences(found, single)).toEqual([]);
  });
});
