import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../data/index.ts';
import { counters, init } from '../../engine/index.ts';
import type { RunRecord } from '../../experiments/types.ts';
import {
  memoryCheckpoints,
  recordsAfter,
  tinyCell,
  tinyImages,
  trainCell,
  type Kept,
} from './paper-resume.ts';

let images: Readonly<Record<'F1' | 'C1', Dataset>>;
beforeAll(async () => {
  await init();
  images = await tinyImages();
});

describe.each([
  ['a perceptron', tinyCell('F1')],
  ['a convolutional network', tinyCell('C1', { maxSteps: 4 })],
  ['a convolutional network in several passes', tinyCell('C1', { maxSteps: 4, microbatch: 3 })],
])('on the device, the training of %s', (_, cell) => {
  const dataset = (): Dataset => images[cell.network as 'F1' | 'C1'];
  let records: RunRecord[];
  const kept: Kept[] = [];

  it('goes on from the snapshot of any step as if it had never stopped', async () => {
    records = await trainCell(cell, dataset(), { checkpoints: memoryCheckpoints(kept) });
    expect(kept.length).toBe(cell.maxSteps);
    for (const [k, snapshot] of kept.entries()) {
      const later: Kept[] = [];
      const rest = await trainCell(cell, dataset(), { checkpoints: memoryCheckpoints(later, snapshot) });
      expect(rest).toEqual(recordsAfter(records, k + 1));
      expect(later).toEqual(kept.slice(k + 1));
    }
  });

  it('gives its memory back, and the same records again', async () => {
    const before = counters()!;
    expect(await trainCell(cell, dataset())).toEqual(records);
    const after = counters()!;
    // A key and a replaced learning rate are left to the collector.
    expect(after.liveBytes - before.liveBytes).toBeLessThan(64);
    expect(after.allocatedBytes - before.allocatedBytes).toBeLessThanOrEqual(1024);
  });

  it('follows the float64 interpreter', async () => {
    await init({ backend: 'reference' });
    try {
      const exact = await trainCell(cell, dataset());
      const losses = (of: readonly RunRecord[]): number[] =>
        of.flatMap(({ trainLoss }) => (typeof trainLoss === 'number' ? [trainLoss] : []));
      losses(records).forEach((loss, k) => expect(loss).toBeCloseTo(losses(exact)[k]!, 3));
    } finally {
      await init();
    }
  });
});
