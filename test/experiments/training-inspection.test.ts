import { beforeAll, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import { inspectable } from '../../experiments/training/inspection.ts';
import { tinySpec } from './training-spec.ts';

let images: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await load('procedural', { train: 40, test: 20, size: 8 });
});

it('a training from its description makes steps to be inspected, with the rates and batches of its schedule, beyond its end', async () => {
  const training = tinySpec({
    learningRate: { kind: 'firstEpoch', first: 0.05, after: 0.01 },
    batchSize: { kind: 'firstEpoch', first: 10, after: 20 },
    length: { steps: 3 },
  });
  const cell = { dataset: { name: 'procedural' as const }, seed: 3, training };
  const { label, dataset, start } = inspectable(cell, 'a label');
  expect([label, dataset.name]).toEqual(['a label', 'procedural']);
  const started = start(images);
  for (let step = 0; step < 6; step++) {
    const failedAt = started.step();
    expect(await failedAt.item()).toBe(-1);
    failedAt.dispose();
  }
  started.dispose();
});
