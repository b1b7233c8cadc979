/** The law of gradients (CL, section 4.1) on real images. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { load } from '../../data/node/index.ts';
import { init } from '../../engine/index.ts';
import {
  measureLaw,
  type LawOptions,
  type LawRecord,
  type SpreadRecord,
} from '../../experiments/curvature-lr/figure3/law.ts';
import { powerLaw } from '../../experiments/power-law.ts';
import type { TrainingSpec } from '../../experiments/training/settings.ts';
import { expectedGradient } from '../../stats/index.ts';
import { trainSpec } from './training-spec.ts';

/** A directory with the real files, if this machine has one. */
const real = [process.env['LANGEVIN_DATA'], resolve(import.meta.dirname, '../../../shared/data')].find(
  (path) => path !== undefined && existsSync(join(path, 'cifar-10-batches-bin')),
);

/**
 * From n = 32 to 256, 24 batches of the largest. Below, the level is lower because single gradients have heavier tails than normal
 * ones: E|Z| of a mean of n falls with the excess kurtosis κ by κ/(24 n), 5 % at n = 16. Over five seeds, each with images, initial
 * values and batches of its own and twice as many draws, the slope was -0.500 with a deviation of 0.007, and the level at n = 256
 * 0.985 with 0.018; so the errors here are 0.01 of the slope and 0.025 of the levels, a fifth and a quarter of what is allowed.
 */
const law: LawOptions = { smallest: 32, doublings: 3, draws: 24, piece: 50 };
const fc1 = 'dense0/weight';

describe.skipIf(!real)('the centred gradient of fc1 of K16 on 1,000 images of cifar-10', () => {
  it('falls as n^-0.5 within 0.05, at √(2/π) σ̄/√n within 10 %', async () => {
    await init();
    const images = await load('cifar-10', { directory: real ?? '' });
    const spec: TrainingSpec = {
      network: { kind: 'k16' },
      images: { trainExamples: 1000, testExamples: 10, pool: true, standardize: true },
      optimizer: { name: 'sgd' },
      learningRate: 0.05,
      batchSize: 32,
      sampling: 'epoch-shuffle',
      length: { steps: 0 },
      measure: { extra: [{ name: 'law', at: { start: true }, options: law }] },
      replica: 0,
    };
    const records = await trainSpec(spec, images, { measurements: { law: measureLaw } });
    const { tensors } = records.find(({ name }) => name === 'gradient-spread') as SpreadRecord;
    const laws = records.filter(({ name }) => name === 'gradient-law') as LawRecord[];
    const slope = powerLaw(laws.map((each) => [each.batchSize, each.tensors[fc1]!.centred]))!.slope;
    const levels = laws.map(
      ({ batchSize, tensors: lengths }) =>
        lengths[fc1]!.centred / expectedGradient({ deviation: tensors[fc1]!.deviation, batchSize }),
    );
    expect(Math.abs(slope + 0.5)).toBeLessThan(0.05);
    for (const level of levels) expect(Math.abs(level - 1)).toBeLessThan(0.1);
  });
});
