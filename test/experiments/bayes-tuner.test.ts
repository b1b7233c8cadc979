import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import {
  mostTrials,
  tuneBatchSize,
  type Setting,
  type Trial,
  type TunerOptions,
} from '../../experiments/bayes-sgd/tuner/heuristic.ts';
import { tuner } from '../../experiments/bayes-sgd/tuner/index.ts';
import { chosenOf, trialsOf } from '../../experiments/bayes-sgd/tuner/report.ts';
import { drawFigure } from '../../experiments/node/figure.ts';
import { renderTable } from '../../experiments/text-table.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { manifestOf } from './reports.ts';

async function tune(
  accuracy: (setting: Setting) => number,
  options: TunerOptions,
): Promise<{ readonly result: Trial; readonly trials: readonly Trial[] }> {
  const trials: Trial[] = [];
  const run = tuneBatchSize((setting) => Promise.resolve(accuracy(setting)), options);
  for (;;) {
    const next = await run.next();
    if (next.done) return { result: next.value, trials };
    trials.push(next.value);
  }
}

/** Highest at B = scale · ε/(1 - m); beyond a momentum of 0.99 training gets worse. */
const mock =
  (scale: number) =>
  ({ learningRate, momentum, batchSize }: Setting): number =>
    0.95 -
    0.05 * Math.log(batchSize / ((scale * learningRate) / (1 - momentum))) ** 2 -
    (momentum > 0.99 ? 0.1 : 0);

describe('the tuner', () => {
  it('finds the peak of an accuracy that is highest at B ∝ ε/(1 - m) within 20 %, wherever that is', async () => {
    for (let scale = 0.5; scale < 40; scale *= 1.07) {
      const { result, trials } = await tune(mock(scale), { smallest: 1, largest: 10_000 });
      // From 0.9 to 0.98; the next one, 0.996, falls.
      expect(result.momentum).toBe(0.98);
      expect(Math.abs(result.batchSize / (scale / 0.02) - 1)).toBeLessThan(0.2);
      expect(trials.length).toBeLessThanOrEqual(mostTrials({ smallest: 1, largest: 10_000 }));
      expect(new Set(trials.map((trial) => JSON.stringify({ ...trial, phase: '' }))).size).toBe(
        trials.length,
      );
    }
  });

  it('takes the smaller learning rate if the larger one is poor', async () => {
    const poorAtOne = (setting: Setting): number => (setting.learningRate === 1 ? 0.1 : mock(100)(setting));
    const { result, trials } = await tune(poorAtOne, { smallest: 4, largest: 2000 });
    expect(result.learningRate).toBe(0.1);
    expect(Math.abs(result.batchSize / (100 * 0.1 * 50) - 1)).toBeLessThan(0.2);
    expect(trials.filter(({ phase, learningRate }) => phase === 'sweep' && learningRate === 1)).toHaveLength(
      9,
    );
    const fine = await tune(mock(10), { smallest: 4, largest: 2000 });
    expect(fine.trials.every(({ learningRate }) => learningRate === 1)).toBe(true);
  });

  it('stops at the limit of the batch size, and takes what diverges for the worst', async () => {
    const limited = await tune(mock(2), { smallest: 1, largest: 64 });
    expect(limited.result.momentum).toBe(0.9);
    expect(limited.trials.every(({ batchSize }) => batchSize <= 64)).toBe(true);
    const diverging = await tune((setting) => (setting.momentum > 0.9 ? NaN : mock(2)(setting)), {
      smallest: 1,
      largest: 1000,
    });
    expect(diverging.result.momentum).toBe(0.9);
    expect(Math.abs(diverging.result.batchSize / 20 - 1)).toBeLessThan(0.2);
    expect((await tune(() => NaN, { smallest: 1, largest: 4 })).result.accuracy).toBeNaN();
  });

  it('refuses options without sense', async () => {
    const refused: unknown = expect.objectContaining({ code: 'TUNER' });
    const options: Partial<TunerOptions>[] = [
      { learningRates: [] },
      { learningRates: [0] },
      { momentum: 1 },
      { smallest: 0 },
      { largest: 1 },
      { ratio: 3 },
      { factor: 1 },
      { poor: NaN },
      { tolerance: -1 },
    ];
    for (const each of options)
      await expect(tune(() => 1, { smallest: 2, largest: 8, ...each })).rejects.toEqual(refused);
  });
});

describe('the tuner as an experiment', () => {
  let dataset: Dataset;
  beforeAll(async () => {
    await init({ backend: 'reference' });
    dataset = await load('procedural', { train: 60, test: 20, size: 8 });
  });
  const config = {
    ...tuner.presets.smoke,
    hidden: [4],
    repeats: 2,
    trainExamples: 30,
    validationExamples: 20,
    steps: 1,
    smallest: 4,
    largest: 8,
  };
  const manifest = manifestOf('bayes-sgd/tuner', {}, { preset: 'smoke', seed: 1 });

  async function collect(
    changes: Partial<typeof config> = {},
    signal = { aborted: false },
  ): Promise<RunRecord[]> {
    const records: RunRecord[] = [];
    const nothing = (): void => undefined;
    const context = { seed: 1, dataset, signal, progress: nothing, log: nothing };
    for await (const record of tuner.run({ ...config, ...changes }, context)) records.push(record);
    return records;
  }

  it('yields its trials and what was chosen, and reports any first part of them', async () => {
    const records = await collect();
    const [trials, chosen] = [trialsOf(records), chosenOf(records)];
    expect(trials.slice(0, 2).map(({ phase, batchSize }) => [phase, batchSize])).toEqual([
      ['sweep', 4],
      ['sweep', 8],
    ]);
    expect(Math.max(...trials.map(({ accuracy }) => accuracy))).toBe(chosen?.accuracy);
    expect(tuner.summary(records)).toEqual({ chosen });
    for (const count of [0, 1, records.length]) {
      const { sections } = tuner.report(records.slice(0, count), manifest);
      for (const section of sections) if (section.kind === 'table') renderTable(section, 100);
      const figures = sections.filter((section) => section.kind === 'figure');
      for (const figure of figures) expect(drawFigure(figure)).toMatch(/^<svg /);
    }
  });

  it('yields nothing of a trial in which it is stopped', async () => {
    expect(await collect({}, { aborted: true })).toEqual([]);
  });

  it('refuses more examples than there are, and batches larger than the training set', async () => {
    const refused = (message: RegExp): unknown =>
      expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) as string });
    await expect(collect({ validationExamples: 31 })).rejects.toEqual(
      refused(/are 61 together, and .* has 60/),
    );
    await expect(collect({ largest: 31 })).rejects.toEqual(refused(/largest is 31/));
    await expect(collect({ steps: 0 })).rejects.toEqual(refused(/steps is 0/));
  });
});
