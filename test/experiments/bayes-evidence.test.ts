import { describe, expect, it } from 'vitest';
import { evidenceClaims } from '../../experiments/bayes-sgd/evidence/claims.ts';
import { evidence } from '../../experiments/bayes-sgd/evidence/index.ts';
import {
  correlation,
  fitsOf,
  sweepsOf,
  type Fit,
  type Sweep,
} from '../../experiments/bayes-sgd/evidence/records.ts';
import { drawTasks, type TaskName } from '../../experiments/bayes-sgd/evidence/task.ts';
import { decideByRepeats } from '../../experiments/repeats.ts';
import { drawFigure } from '../../experiments/node/figure.ts';
import { renderTable } from '../../experiments/text-table.ts';
import { noDataset } from '../../experiments/own-data.ts';
import type { Json, RunRecord } from '../../experiments/types.ts';
import { manifestOf, showsPrototype } from './reports.ts';

const config = { features: 8, trainExamples: 10, testExamples: 50, lambdas: [0.01, 1, 100, 1e4], repeats: 2 };

async function collect(
  changes: Partial<typeof config> = {},
  aborted = false,
  log: (message: string) => void = () => undefined,
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  const context = { seed: 1, dataset: noDataset, signal: { aborted }, progress: () => undefined, log };
  for await (const record of evidence.run({ ...config, ...changes }, context)) records.push(record);
  return records;
}

const manifest = manifestOf('bayes-sgd/evidence', config, {
  preset: 'smoke',
  seed: 1,
  dataset: { name: 'drawn inputs', source: 'own', train: 0, test: 0, hashes: {} },
});

describe('the evidence experiment', () => {
  it('yields a fit per task, repeat and λ, equal for equal seeds, and its records survive JSON', async () => {
    const records = await collect();
    expect(fitsOf(records)).toHaveLength(2 * 2 * 4);
    expect(JSON.parse(JSON.stringify(records))).toEqual(records);
    expect(await collect()).toEqual(records);
    expect(sweepsOf(fitsOf(records)).map(({ task, repeat, fits }) => [task, repeat, fits.length])).toEqual([
      ['random', 0, 4],
      ['informative', 0, 4],
      ['random', 1, 4],
      ['informative', 1, 4],
    ]);
    expect(await collect({}, true)).toHaveLength(1);
  });

  it('records a fit that did not converge, goes on, and leaves its λ out of the claims and nothing else', async () => {
    const changes = { lambdas: [1e-16, 0.01, 1], repeats: 1 };
    const said: string[] = [];
    const records = await collect(changes, false, (message) => said.push(message));
    expect(said).toEqual(Array(2).fill(expect.stringMatching(/^fitLogistic: after 30 .* at λ = 1e-16 /)));
    expect(fitsOf(records).map(({ lambda }) => lambda)).toEqual([0.01, 1, 0.01, 1]);
    const data = evidence.report(records, manifest);
    const section = data.sections.find(({ heading }) => heading === 'Fits that did not converge');
    expect(JSON.stringify(section)).toMatch(
      /2, at λ = 1.0e-16: .* of random labels in draw 1: fitLogistic: after 30/,
    );
    expect(JSON.stringify(data)).not.toMatch(/NaN|undefined|Infinity/);
    expect(evidence.report(await collect({ ...changes, lambdas: [1e-16] }), manifest).sections).toHaveLength(
      1,
    );
    // Of one task alone: the other is over the same λ nevertheless.
    const one = { task: 'random', repeat: 0, lambda: 1, reason: '' } as const;
    const all = fitsOf(await collect({ repeats: 1 }));
    const unequal = all.filter(({ task, lambda }) => task === 'informative' || lambda !== 1);
    expect(sweepsOf(unequal, [one]).map(({ fits }) => fits.map(({ lambda }) => lambda))).toEqual([
      [0.01, 100, 1e4],
      [0.01, 100, 1e4],
    ]);
  });

  it('shows the prototype only at the size that it was made at', async () => {
    const records = await collect();
    const shows = (of: Json): boolean =>
      showsPrototype(evidence.report(records, { ...manifest, config: of }));
    expect(shows(config)).toBe(false);
    expect(shows({ ...evidence.presets.small })).toBe(true);
  });

  it('refuses λ = 0 and other configurations without sense', async () => {
    const refused = (message: RegExp): Error =>
      expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) as string }) as Error;
    await expect(collect({ lambdas: [0, 1] })).rejects.toEqual(refused(/holds 0: without a proper prior/));
    await expect(collect({ lambdas: [2, 1] })).rejects.toEqual(refused(/do not ascend/));
    await expect(collect({ lambdas: [] })).rejects.toEqual(refused(/is empty/));
    await expect(collect({ repeats: 0.5 })).rejects.toEqual(refused(/repeats is 0.5/));
  });

  it('reports none, some and all of its records', async () => {
    const records = await collect();
    for (const count of [0, 1, 2, 9, records.length]) {
      const data = evidence.report(records.slice(0, count), manifest);
      for (const section of data.sections) if (section.kind === 'table') renderTable(section, 100);
      const figures = data.sections.filter((section) => section.kind === 'figure');
      for (const figure of figures) expect(drawFigure(figure)).toMatch(/^<svg /);
      expect(JSON.stringify(data)).not.toMatch(/NaN|undefined|Infinity/);
      expect(evidence.summary(records.slice(0, count))).toBeDefined();
    }
  });
});

describe('its tasks', () => {
  it('have standard normal inputs with a bias, labels by the sum of the inputs, and labels by coins', () => {
    const { informative, random } = drawTasks({ ...config, trainExamples: 4000 }, 3, 0);
    const { inputs, labels } = informative.train;
    expect(random.train.inputs).toEqual(inputs);
    const rows = Array.from({ length: 4000 }, (_, mu) => [...inputs.subarray(mu * 9, mu * 9 + 9)]);
    expect(rows.every((row) => row[8] === 1)).toBe(true);
    const sums = rows.map((row) => row.slice(0, 8).reduce((sum, x) => sum + x, 0));
    expect(sums.map((sum) => Number(sum > 0))).toEqual(labels);
    const bare = rows.flatMap((row) => row.slice(0, 8));
    const moment = (power: number): number => bare.reduce((sum, x) => sum + x ** power, 0) / bare.length;
    // Of 32,000 numbers; four standard errors each.
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(32_000));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / 32_000));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / 32_000));
    const heads = Array.from(random.train.labels).filter((label) => label === 1).length;
    expect(Math.abs(heads - 2000)).toBeLessThan(4 * Math.sqrt(1000));
  });
});

/** Five repeats of both tasks as published, but for what `change` says. */
function sweeps(change: (task: TaskName, k: number) => Partial<Fit> = () => ({})): Sweep[] {
  const lambdas = [1e-3, 1, 10, 1e5];
  const published: Record<TaskName, Pick<Fit, 'logRatio' | 'testCrossEntropy' | 'testAccuracy'>[]> = {
    random: [100, 50, 25, 0].map((logRatio, k) => ({
      logRatio,
      testCrossEntropy: [9, 2, 1, Math.LN2][k]!,
      testAccuracy: 0.5,
    })),
    informative: [40, -4, -12, 0].map((logRatio, k) => ({
      logRatio,
      testCrossEntropy: [1.8, 0.6, 0.5, Math.LN2][k]!,
      testAccuracy: 0.75,
    })),
  };
  return [0, 1, 2, 3, 4].flatMap((repeat) =>
    (['random', 'informative'] as const).map((task): Sweep => ({
      task,
      repeat,
      fits: lambdas.map((lambda, k): Fit => ({
        task,
        repeat,
        lambda,
        occam: 1,
        trainCrossEntropy: 0.1,
        trainAccuracy: 1,
        trainExamples: 200,
        testExamples: 10_000,
        gradientNorm: 0,
        steps: 5,
        leftOut: [],
        ...published[task][k]!,
        ...change(task, k),
      })),
    })),
  );
}

const verdicts = (all: readonly Sweep[]): string =>
  evidenceClaims.map((claim) => `${claim.letter}: ${claim.decide(all).verdict}`).join(', ');

describe('its claims', () => {
  it('hold of sweeps as published, and cannot be decided from one repeat or none', () => {
    expect(verdicts(sweeps())).toBe(evidenceClaims.map(({ letter }) => `${letter}: holds`).join(', '));
    const few = evidenceClaims.map(({ letter }) => `${letter}: cannot be decided`).join(', ');
    expect(verdicts(sweeps().slice(0, 2))).toBe(few);
    expect(verdicts([])).toBe(few);
  });

  it.each([
    ['a', 'informative', { 0: { trainAccuracy: 0.99 } }],
    ['b', 'random', { 2: { testAccuracy: 0.6 } }],
    ['c', 'random', { 0: { testCrossEntropy: 1 } }],
    ['d', 'informative', { 0: { logRatio: 5 } }],
    ['e', 'random', { 3: { logRatio: -1.5 } }],
    ['f', 'informative', { 1: { logRatio: 2 }, 2: { logRatio: 1 } }],
    ['g', 'informative', { 1: { logRatio: -20 }, 3: { testCrossEntropy: 0.4 } }],
    ['h', 'informative', { 3: { testCrossEntropy: 9 } }],
  ] as const)('(%s) does not hold where it is false of every repeat', (letter, task, changes) => {
    const claim = evidenceClaims.find((each) => each.letter === letter)!;
    const at: Readonly<Record<number, Partial<Fit>>> = changes;
    expect(claim.decide(sweeps((of, k) => (of === task ? (at[k] ?? {}) : {}))).verdict).toBe('does not hold');
  });

  it('are decided as by coins: five of five, or seven of eight', () => {
    const outcomes = (right: number, wrong: number): boolean[] => [
      ...Array<boolean>(right).fill(true),
      ...Array<boolean>(wrong).fill(false),
    ];
    expect(decideByRepeats(outcomes(4, 0), 'w').verdict).toBe('cannot be decided');
    expect(decideByRepeats(outcomes(4, 0), 'w').reason).toMatch(/^too few repeats: true in 4 of 4/);
    expect(decideByRepeats(outcomes(5, 0), 'w').verdict).toBe('holds');
    expect(decideByRepeats(outcomes(7, 1), 'w').verdict).toBe('holds');
    expect(decideByRepeats(outcomes(6, 2), 'w').verdict).toBe('cannot be decided');
    expect(decideByRepeats(outcomes(0, 5), 'w').verdict).toBe('does not hold');
  });

  it('take Pearson’s coefficient for the correlation', () => {
    expect(
      correlation([
        [1, 2],
        [2, 4],
        [3, 6],
      ]),
    ).toBeCloseTo(1, 12);
    expect(
      correlation([
        [1, 1],
        [2, 3],
        [3, 2],
      ]),
    ).toBeCloseTo(0.5, 12);
  });
});
