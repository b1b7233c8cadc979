/** The experiments on escape: walks against what is known of them, records and reports. Whole presets are in the slow suite. */
import { beforeAll, describe, expect, it } from 'vitest';
import { init, tensor } from '../../engine/index.ts';
import { foldInWords } from '../../engine/random/threefry.ts';
import { ackley, ackleyGradient } from '../../experiments/heavy-tail/escape-axis/ackley.ts';
import { pairsOf, presets as axisPresets } from '../../experiments/heavy-tail/escape-axis/config.ts';
import { escapeAxis } from '../../experiments/heavy-tail/escape-axis/index.ts';
import { presets as timePresets } from '../../experiments/heavy-tail/escape-time/config.ts';
import { escapeTime } from '../../experiments/heavy-tail/escape-time/index.ts';
import { fitAxes, minibatches } from '../../experiments/heavy-tail/escape-time/noise.ts';
import { pearson, permutationP } from '../../experiments/heavy-tail/correlation.ts';
import { addExits, batchesOf, meanSteps, walk } from '../../experiments/heavy-tail/levy-walk.ts';
import { aboveAllP, normalTail, shareDifference, shareTrend } from '../../experiments/heavy-tail/shares.ts';
import { presets as theoryPresets } from '../../experiments/heavy-tail/theory/config.ts';
import { theory } from '../../experiments/heavy-tail/theory/index.ts';
import { decode, encode } from '../../experiments/json-lines.ts';
import { noDataset } from '../../experiments/own-data.ts';
import type { ReportData } from '../../experiments/report.ts';
import type { Experiment, Json, Manifest, RunRecord } from '../../experiments/types.ts';
import { sampleStable } from '../../stats/index.ts';
import { manifestOf, tablesOf } from './reports.ts';

beforeAll(async () => {
  await init({ backend: 'reference' });
});

async function collect<C extends object>(
  experiment: Experiment<C>,
  config: C,
  aborted = false,
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  const context = {
    seed: 2,
    dataset: noDataset,
    signal: { aborted },
    progress: () => undefined,
    log: () => undefined,
  };
  for await (const record of experiment.run(config, context)) records.push(record);
  return records;
}

const manifest = (experiment: Experiment<never> | Experiment, config: object): Manifest =>
  manifestOf(experiment.name, config, {
    preset: 'smoke',
    seed: 2,
    dataset: { name: 'none', source: 'own', train: 0, test: 0, hashes: {} },
  });

const verdicts = (report: ReportData): unknown[] =>
  tablesOf(report)
    .filter(({ heading }) => heading.startsWith("The paper's claims"))
    .flatMap(({ rows }) => rows.map(({ verdict }) => verdict));

describe('walks with stable noise', () => {
  it('are made of the numbers that sampleStable draws from the same key', async () => {
    // No slope and a step that always leaves: the exit is where the first number of each walk is above the radius.
    const key = [7, 8] as const;
    const [alpha, runs] = [1.3, 200];
    const numbers = await sampleStable(
      tensor(Uint32Array.from(foldInWords(key, 0)), [2]),
      [runs],
      alpha,
    ).data();
    const { through, censored } = walk({
      alphas: [alpha],
      learningRate: 1,
      scale: 1,
      radius: 2,
      maxSteps: 1,
      runs,
      key,
      gradient: (_, slope) => slope.fill(0),
    });
    const beyond = numbers.filter((x) => Math.abs(x) > 2).length;
    expect(through).toEqual([beyond]);
    expect(censored).toBe(runs - beyond);
  });

  it('leave Ackley’s pit along axis 1 in 80 % of cases with 0.55 against 1.05, and take 363 steps', async () => {
    const config = { ...axisPresets.small, alphas: [0.55], gaps: [0.5], runs: 300 };
    const [record] = await collect(escapeAxis, config);
    const { through, runs, predictedShare, predictedSteps } = record as unknown as {
      through: number[];
      runs: number;
      predictedShare: number;
      predictedSteps: number;
    };
    // 300 walks have a standard deviation of 0.023; more are in the slow suite.
    expect(Math.abs(through[0]! / runs - 0.8)).toBeLessThan(0.08);
    expect(predictedShare).toBeCloseTo(0.8, 2);
    expect(Math.round(predictedSteps)).toBe(363);
  });

  it('follow the gradient of Ackley’s function, which is 0 at the cusp by agreement', () => {
    const gradient = new Float64Array(2);
    ackleyGradient(Float64Array.of(0, 0), gradient);
    expect([...gradient]).toEqual([0, 0]);
    expect(ackley(0, 0)).toBeCloseTo(0, 12);
    for (const [x, y] of [
      [0.3, -0.1],
      [1.2, 0.7],
    ] as const) {
      ackleyGradient(Float64Array.of(x, y), gradient);
      const h = 1e-6;
      expect(gradient[0]).toBeCloseTo((ackley(x + h, y) - ackley(x - h, y)) / (2 * h), 7);
      expect(gradient[1]).toBeCloseTo((ackley(x, y + h) - ackley(x, y - h)) / (2 * h), 7);
    }
  });

  it('add up over batches, and count with their cap when they are stopped', () => {
    expect(batchesOf(2500).map(({ runs }) => runs)).toEqual([1000, 1000, 500]);
    const exits = { runs: 2, censored: 1, through: [1], steps: 3 + 10, stepSquares: 9 + 100 };
    const both = addExits([exits, exits]);
    expect(both).toEqual({ runs: 4, censored: 2, through: [2], steps: 26, stepSquares: 218 });
    // 3, 10, 3, 10: mean 6.5, deviation √(49/3).
    expect(meanSteps(both).value).toBe(6.5);
    expect(meanSteps(both).error).toBeCloseTo(Math.sqrt(49 / 3 / 4), 12);
  });
});

describe('heavy-tail/figure3', () => {
  it('leaves out pairs that have no law, says so, and refuses an alpha outside (0, 2]', () => {
    expect(pairsOf(axisPresets.small)).toHaveLength(14);
    const { lead } = escapeAxis.report([], manifest(escapeAxis, axisPresets.small));
    expect(lead).toMatch(/no stable law has α₂ > 2: 1.3 \+ 0.75/);
    for (const change of [{ alphas: [2.5] }, { gaps: [0] }, { alphas: [1.9] }, { runs: 0 }, { radius: -1 }])
      expect(() => pairsOf({ ...axisPresets.small, ...change })).toThrow(
        expect.objectContaining({ code: 'CONFIG' }),
      );
  });

  it('refuses an alpha for which the greatest number is too short a jump, and takes the next', () => {
    expect(() => pairsOf({ ...axisPresets.small, alphas: [0.05] })).toThrow(/alphas holds 0.05.*too short/);
    expect(pairsOf({ ...axisPresets.small, alphas: [0.06] })).toHaveLength(3);
    const config = { ...axisPresets.small, alphas: [0.06], gaps: [0.5], runs: 60 };
    return collect(escapeAxis, config).then(([record]) => {
      // Predicted: 0.91.
      expect((record!['through'] as number[])[0]).toBeGreaterThan(42);
    });
  });

  it('decides from counts: a majority, a trend over Δ, the published share and the prediction', () => {
    const walks = (alpha2: number, gap: number, first: number, predictedShare: number): RunRecord => ({
      kind: 'result',
      name: 'walks',
      alpha1: 0.55,
      alpha2,
      gap,
      runs: 1000,
      censored: 0,
      through: [first, 1000 - first],
      steps: 400_000,
      stepSquares: 3e8,
      predictedShare,
      predictedSteps: 400,
    });
    const records = [walks(0.8, 0.25, 680, 0.66), walks(1.05, 0.5, 805, 0.8), walks(1.3, 0.75, 890, 0.9)];
    const report = escapeAxis.report(records, manifest(escapeAxis, axisPresets.small));
    expect(verdicts(report)).toEqual(['holds', 'holds', 'holds', 'holds', 'does not hold']);
    const turned = records.map((record) => ({ ...record, gap: 1 - (record['gap'] as number) }));
    expect(verdicts(escapeAxis.report(turned, manifest(escapeAxis, axisPresets.small)))[1]).toBe(
      'does not hold',
    );
    const other = [walks(1.05, 0.5, 600, 0.8)];
    expect(verdicts(escapeAxis.report(other, manifest(escapeAxis, axisPresets.small)))).toEqual([
      'holds',
      'cannot be decided',
      'does not hold',
      'does not hold',
      'holds',
    ]);
    expect(tablesOf(report)[0]!.rows[1]).toMatchObject({ published: 0.82, steps: '400 ± 12' });
  });

  it('runs nothing once the signal is given, and reports nothing of nothing', async () => {
    expect(await collect(escapeAxis, axisPresets.smoke, true)).toEqual([]);
    expect(escapeAxis.report([], manifest(escapeAxis, axisPresets.smoke)).sections).toEqual([]);
    expect(escapeAxis.summary([])).toEqual({ pairs: [] });
  });
});

describe('heavy-tail/theory', () => {
  it('finds every known value, and its records survive JSON', async () => {
    const config = { ...theoryPresets.smoke, alphas: [0.55], runs: 40, draws: 50_000, hazardDraws: 2000 };
    const records = await collect(theory, config);
    expect(JSON.parse(JSON.stringify(records))).toEqual(records);
    expect(theory.summary(records)['failed']).toEqual([]);
    const [known, exits] = tablesOf(theory.report(records, manifest(theory, config)));
    expect(known!.rows).toHaveLength(31);
    const of = (row: string) => known!.rows.filter((each) => each['row'] === row);
    expect(of('sas-fit').map(({ tolerance, agrees }) => [tolerance, agrees])).toEqual(
      new Array(6).fill(['0.060', true]),
    );
    expect(of('gof')).toMatchObject([
      { expected: '1.000', tolerance: '0.10', agrees: true },
      { expected: '2.000', tolerance: '0.030', agrees: true },
    ]);
    const figures = theory
      .report(records, manifest(theory, config))
      .sections.filter(({ kind }) => kind === 'figure');
    expect(figures).toMatchObject([{ id: 'exits' }, { id: 'decay' }]);
    const wrong = records.map((each) => (each['row'] === 'gof' ? { ...each, found: 1.9 } : each));
    expect(theory.summary(wrong)['failed']).toHaveLength(2);
    expect(exits!.rows[0]).toMatchObject({ left: '40 of 40' });
    await expect(collect(theory, { ...config, alphas: [2] })).rejects.toThrow(/need an α in \(0, 2\)/);
    await expect(collect(theory, { ...config, alphas: [0.05] })).rejects.toThrow(/too short to leave/);
  });
});

describe('heavy-tail/figure5', () => {
  const config = {
    ...timePresets.smoke,
    networks: [[2]],
    examples: 16,
    descentSteps: 10,
    batchSizes: [1],
    runs: 3,
    maxSteps: 16,
    fitBatches: 200,
  };

  it('descends, fits and walks, and its records survive JSON', async () => {
    const records = await collect(escapeTime, config);
    expect(records.map(({ name }) => name)).toEqual(['minimum', 'escape']);
    expect(records.map((record) => decode(encode(record as unknown as Json)))).toEqual(records);
    const { steps, censored } = records[1] as unknown as { steps: number[]; censored: number };
    expect(steps.length + censored).toBe(3);
    expect(records[0]).toMatchObject({ network: '2-2-1', parameters: 9 });
    escapeTime.report(records, manifest(escapeTime, config));
  });

  it.each([
    [{ networks: [] }, /networks or batchSizes is empty/],
    [{ networks: [[0]] }, /positive widths/],
    [{ batchSizes: [17] }, /batchSizes holds 17/],
    [{ barrier: 0 }, /barrier is 0/],
    [{ alphaRange: [1, 2] as const }, /alphaRange is 1, 2/],
    [{ rho: 1 }, /rho is 1/],
  ])('refuses %o', async (change, message) => {
    await expect(collect(escapeTime, { ...config, ...change })).rejects.toThrow(message);
  });

  it('decides by the correlation over batch sizes, and says when there is no bound', () => {
    const escape = (batchSize: number, mean: number, predicted: number): RunRecord => ({
      kind: 'result',
      name: 'escape',
      network: '2-4-1',
      batchSize,
      steps: [mean - 1, mean + 1],
      censored: 0,
      maxSteps: 100,
      predicted,
      bound: Infinity,
      meanAlpha: 1.5,
      leastAlpha: 1.2,
      atBound: 0,
      excluded: 0,
    });
    const records = [
      [1, 11, 34],
      [2, 28, 47],
      [3, 46, 59],
      [4, 79, 78],
      [5, 149, 123],
      [6, 312, 202],
    ].map(([size, mean, predicted]) => escape(size!, mean!, predicted!));
    const report = escapeTime.report(records, manifest(escapeTime, config));
    expect(verdicts(report)).toEqual(['cannot be decided', 'holds', 'holds']);
    expect(JSON.stringify(report)).toMatch(/r = 0.997, of logarithms 0.988/);
    const turned = records.map((record, k) => ({ ...record, batchSize: 6 - k }));
    expect(verdicts(escapeTime.report(turned, manifest(escapeTime, config)))[2]).toBe('does not hold');
  });

  it('makes no runs from where the descent rose, and decides nothing where it still falls', async () => {
    const records = await collect(escapeTime, { ...config, descentRate: 1e9 });
    expect(records.map(({ name }) => name)).toEqual(['minimum']);
    const [table] = tablesOf(escapeTime.report(records, manifest(escapeTime, config)));
    expect(table!.rows[0]).toMatchObject({ network: '2-2-1', descent: 'did not fall' });
    const place = (gradient: number): RunRecord => ({
      kind: 'result',
      name: 'minimum',
      network: '2-4-1',
      parameters: 17,
      examples: 400,
      startLoss: 0.8,
      loss: 0.46,
      gradient,
    });
    const escapes = [1, 2, 3, 4, 5, 6].map((batchSize): RunRecord => ({
      kind: 'result',
      name: 'escape',
      network: '2-4-1',
      batchSize,
      steps: [10 * batchSize, 10 * batchSize + 1],
      censored: 0,
      maxSteps: 100,
      predicted: 10 * batchSize,
      bound: 20 * batchSize,
      meanAlpha: 1.5,
      leastAlpha: 1.2,
      atBound: 0,
      excluded: 0,
    }));
    const seen = (gradient: number): unknown[] =>
      verdicts(escapeTime.report([place(gradient), ...escapes], manifest(escapeTime, config)));
    expect(seen(1e-3)).toEqual(['holds', 'holds', 'holds']);
    expect(seen(1.5)).toEqual(new Array(3).fill('cannot be decided'));
  });

  it('fits the noise of minibatches with replacement, and leaves out what is constant', () => {
    const batches = minibatches(40, 2, 400, [1, 1]);
    expect(batches.every((batch) => batch.length === 2 && batch.every((k) => k >= 0 && k < 40))).toBe(true);
    expect(new Set(batches.flatMap((batch) => [...batch])).size).toBe(40);
    const uniform = Float64Array.from({ length: 40 }, (_, k) => k);
    const [first, second] = fitAxes([uniform, new Float64Array(40).fill(5)], batches);
    expect(first).toMatchObject({ alpha: 2, atBound: true });
    expect(second).toBeUndefined();
  });
});

describe('tests about shares and correlations', () => {
  it('have the values that they have by hand', () => {
    expect(normalTail(1.959964)).toBeCloseTo(0.025, 7);
    // One number above one control: in 1 of 2 orders; two of two above one: in 2 of 6.
    expect([aboveAllP(0, 3, 2), aboveAllP(1, 1, 1), aboveAllP(2, 2, 1)]).toEqual([1, 1 / 2, 1 / 3]);
    // p̄ = 1/2, T = (8 - 5) - (2 - 5) = 6 at x = 1, -1; Var = 1/4 · 20.
    const block = [
      { x: -1, successes: 2, runs: 10 },
      { x: 1, successes: 8, runs: 10 },
    ];
    expect(shareTrend([block])).toBeCloseTo(6 / Math.sqrt(5), 12);
    expect(shareTrend([block, block])).toBeCloseTo(12 / Math.sqrt(10), 12);
    expect(shareDifference({ successes: 50, runs: 100 }, { successes: 50, runs: 100 })).toBe(0);
    expect(pearson([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 14);
    expect(permutationP([1, 2, 3, 4], [1, 2, 3, 9])).toBeCloseTo(1 / 24, 12);
  });
});
