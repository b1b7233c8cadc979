import { expect, it } from 'vitest';
import { evidence } from '../../experiments/bayes-sgd/evidence/index.ts';
import { fitsOf, sweepsOf } from '../../experiments/bayes-sgd/evidence/records.ts';
import { leastRatio, ratioCorrelation } from '../../experiments/bayes-sgd/evidence/claims.ts';
import { noDataset } from '../../experiments/own-data.ts';
import type { RunRecord } from '../../experiments/types.ts';

it('at the published size informative labels are believed and random ones are not, as papers.md has it', async () => {
  const records: RunRecord[] = [];
  const nothing = (): void => undefined;
  const context = {
    seed: 0,
    dataset: noDataset,
    signal: { aborted: false },
    progress: nothing,
    log: nothing,
  };
  for await (const record of evidence.run({ ...evidence.presets.paper, repeats: 1 }, context))
    records.push(record);
  const fits = fitsOf(records);
  expect(Math.max(...fits.map(({ steps }) => steps))).toBeLessThanOrEqual(30);
  expect(Math.max(...fits.map(({ gradientNorm }) => gradientNorm))).toBeLessThan(1e-9);
  const [random, informative] = sweepsOf(fits);
  expect(leastRatio(random!.fits)).toBeGreaterThan(-1);
  expect(leastRatio(informative!.fits)).toBeGreaterThan(-20);
  expect(leastRatio(informative!.fits)).toBeLessThan(-4);
  expect(Math.min(...informative!.fits.map((fit) => fit.testCrossEntropy))).toBeLessThan(0.58);
  expect(ratioCorrelation(informative!.fits)).toBeGreaterThan(0.9);
}, 300_000);
