import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import { replicas } from '../../experiments/training/replicas.ts';
import type { TrainingSpec } from '../../experiments/training/settings.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { differences } from '../cli/close-records.ts';
import { memoryCheckpoints, tinyCell, tinyImages, trainCell, type Kept } from './paper-resume.ts';
import { together } from './together.ts';
import { tinySpec, trainSpec } from './training-spec.ts';

let images: Dataset;
let paperImages: Awaited<ReturnType<typeof tinyImages>>;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await load('procedural', { train: 40, test: 20, size: 8 });
  paperImages = await tinyImages();
});

const specs: Record<string, TrainingSpec[]> = {
  'of one recipe': [0, 1, 2].map((replica) => tinySpec({ replica })),
  'of which one diverges': [
    tinySpec({ loss: { l2: 1 } }),
    tinySpec({ loss: { l2: 1 }, learningRate: 1e160, replica: 1 }),
    tinySpec({ loss: { l2: 1 }, replica: 2 }),
  ],
};

describe('trainings as replicas', () => {
  it.each(Object.entries(specs))('have the records of trainings by themselves: %s', async (_, settings) => {
    const single: RunRecord[][] = [];
    for (const spec of settings) single.push(await trainSpec(spec, images));
    const found = await together(settings, (spec, member) => trainSpec(spec, images, { member }));
    expect(differences(found, single)).toEqual([]);
  });

  it('of noise enhancement halve and stop each at its own time', async () => {
    const cells = [0, 1, 2].map((replica) =>
      tinyCell('F1', { replica, learningRate: [0.01, 0.05, 0.02][replica]!, halveAt: 2.3, stopBelow: 2.24 }),
    );
    const single: RunRecord[][] = [];
    for (const cell of cells) single.push(await trainCell(cell, paperImages.F1));
    const found = await together(cells, (cell, member) => trainCell(cell, paperImages.F1, { member }));
    expect(differences(found, single)).toEqual([]);
    expect(new Set(single.map((records) => records.at(-1)!['steps'])).size).toBeGreaterThan(1);
  });

  it('go on from snapshots that were taken at different steps, in other company', async () => {
    const settings = [0, 1, 2].map((replica) => tinySpec({ replica }));
    const single: RunRecord[][] = [];
    const kept: Kept[][] = [];
    for (const spec of settings) {
      const own: Kept[] = [];
      single.push(await trainSpec(spec, images, { checkpoints: memoryCheckpoints(own) }));
      kept.push(own);
    }
    const [one, two, three] = [kept[0]![1], kept[1]![4], undefined];
    const found = await together(settings, (spec, member, k) =>
      trainSpec(spec, images, {
        member,
        checkpoints: memoryCheckpoints([], [one, two, three][k], () => false),
      }),
    );
    const after = [2, 5, 0];
    expect(
      differences(
        found,
        single.map((records, k) =>
          records.filter(({ step }) => step === undefined || (step as number) > after[k]!),
        ),
      ),
    ).toEqual([]);
  });

  it('are one program: a snapshot is that of a training by itself, to rounding', async () => {
    const settings = [0, 1].map((replica) => tinySpec({ replica }));
    const snapshots = await Promise.all(
      settings.map(async (spec) => {
        const own: Kept[] = [];
        await trainSpec(spec, images, { checkpoints: memoryCheckpoints(own) });
        return own;
      }),
    );
    const found: Kept[][] = settings.map(() => []);
    await together(settings, (spec, member, k) =>
      trainSpec(spec, images, { member, checkpoints: memoryCheckpoints(found[k]!) }),
    );
    expect(
      differences(
        found.map((own) =>
          own.map(({ values, state }) => [values.map(({ data }) => [...(data as never[])]), state]),
        ),
        snapshots.map((own) =>
          own.map(({ values, state }) => [values.map(({ data }) => [...(data as never[])]), state]),
        ),
      ),
    ).toEqual([]);
  });

  it('go on without those that never begin, and without one that throws', async () => {
    const settings = [0, 1, 2].map((replica) => tinySpec({ replica }));
    const single = await trainSpec(settings[2]!, images);
    const members = replicas(3);
    const throwing = trainSpec(settings[1]!, images, {
      member: members[1]!,
      progress: ({ done }) => {
        if (done === 3) throw new Error('the disk is full');
      },
    });
    const going = trainSpec(settings[2]!, images, { member: members[2]! });
    members[0]!.leave();
    await expect(throwing).rejects.toThrow('the disk is full');
    expect(differences(await going, single)).toEqual([]);
  });
});
