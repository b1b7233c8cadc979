import { beforeAll, describe, expect, it } from 'vitest';
import { init, tensor, tree } from '../../engine/index.ts';
import { radiiOf, type Radii } from '../../experiments/curvature-lr/figure2/radii.ts';
import { curvatureLrExperiments } from '../../experiments/curvature-lr/index.ts';
import type { GridExperiment } from '../../experiments/grid.ts';
import { drawFigure } from '../../experiments/node/figure.ts';
import { isInspectable } from '../../experiments/inspect.ts';
import type { ReportData } from '../../experiments/report.ts';
import type { TrainingCell, TrainingRecord } from '../../experiments/training/settings.ts';
import { presetNames, type Json, type RunRecord } from '../../experiments/types.ts';
import { code } from '../nn/helpers.ts';
import { endOf, reportOver, verdictsOf } from './reports.ts';

const figures = ['figure1', 'figure2', 'figure3', 'figure9', 'figure10', 'figure11', 'figure16'];

/** Of a tensor whose radii are all the same. */
const radii = (value: number): Radii => ({
  mean: value,
  median: value,
  cut: 0,
  ratioMean: value,
  ratioMedian: value,
  ratioCut: 0,
  curvature: 1,
  error: 0,
});

type Config = Record<string, unknown>;

const named = (name: string): GridExperiment<Config> =>
  curvatureLrExperiments.find((each) => each.name === `curvature-lr/${name}`) as GridExperiment<Config>;

/** The report over made records: what `of` says each cell measured. */
const reportOf = (
  name: string,
  of: (cell: TrainingCell, arm: string) => readonly RunRecord[],
  changes: Config = {},
): ReportData => {
  const experiment = named(name);
  return reportOver(experiment, (cell) => of(cell, experiment.label(cell)), { changes });
};

/** Of a training that did badly. */
const ended = (fields: Partial<TrainingRecord> = {}): RunRecord =>
  endOf({ trainLoss: 2, trainAccuracy: 0.3, testLoss: 2, testAccuracy: 0.3, parameters: 100, ...fields });

describe('the experiments of curvature and learning rate', () => {
  it('have cells at every size, each with a label of its own, and steps to inspect', () => {
    for (const name of figures)
      for (const preset of presetNames) {
        const experiment = named(name);
        const config = { ...experiment.presets[preset], repeats: 2 };
        const cells = experiment.cells(config, 0, 'published');
        expect(new Set(cells.map((cell) => experiment.label(cell))).size, `${name} ${preset}`).toBe(
          cells.length,
        );
        for (const cell of cells) expect(experiment.cost(cell)).toBeGreaterThanOrEqual(0);
        if (!isInspectable(experiment)) throw new Error(name);
        expect(experiment.trainings(config, 0, 'published')).toHaveLength(cells.length);
      }
  });

  it('report on no records, and on trainings without measurements', () => {
    for (const name of figures) {
      expect(reportOf(name, () => []).sections).toBeInstanceOf(Array);
      expect(reportOf(name, () => [ended()]).title).toContain('Curvature and learning rate');
    }
  });

  it('refuse what makes no sense', () => {
    const refused = (name: string, changes: Config): void => {
      const experiment = named(name);
      const config = { ...experiment.presets.smoke, ...changes };
      expect(() => experiment.cells(config, 0, 'published'), `${name} ${JSON.stringify(changes)}`).toThrow(
        code('CONFIG'),
      );
    };
    refused('figure1', { sizes: [80, 16] });
    refused('figure1', { rate: 0 });
    refused('figure1', { looks: 0 });
    refused('figure1', { repeats: 0 });
    refused('figure1', { sizes: [16, 100_000] });
    refused('figure2', { radii: { examples: 10, probes: 1, maxRadius: 1, piece: 1 } });
    refused('figure2', { radii: { examples: 10, probes: 2, maxRadius: 0, piece: 1 } });
    refused('figure3', { law: { smallest: 0, doublings: 1, draws: 1, piece: 1 } });
    refused('figure3', { law: { smallest: 1, doublings: 99, draws: 1, piece: 1 } });
    refused('figure9', { discard: { examples: 10, shares: [0, 1] } });
    refused('figure9', { discard: { examples: 10, shares: [] } });
    refused('figure10', { fraction: 0 });
    refused('figure10', { settings: [] });
    refused('figure11', { firstBatchSize: 0.5 });
    refused('figure11', { early: 1 });
    for (const name of ['figure1', 'figure3', 'figure9']) refused(name, { tensor: 'dense7/weight' });
    refused('figure16', { momentum: 2 });
    refused('figure16', { momentum: -0.1 });
    refused('figure16', { weightDecay: -1 });
    refused('figure16', { maxRadius: -1 });
    refused('figure16', { globalRate: 0 });
    refused('figure16', { probes: 0.5 });
    refused('figure16', { rules: [{ rule: 'adam', gamma: 1, batchSize: 1 }] });
    refused('figure16', { rules: [{ rule: 'lars', gamma: -1, batchSize: 1 }] });
    refused('figure16', { rules: [1, 1].map((gamma) => ({ rule: 'lars', gamma, batchSize: 8 })) });
  });
});

describe('a training that diverged', () => {
  const fc1 = 'dense0/weight';
  const stride = (n: number, factor: number): RunRecord => ({
    kind: 'metric',
    name: 'stride',
    epoch: 0,
    batchSize: n,
    learningRate: 0.05,
    gradient: { [fc1]: factor / n },
    meanGradient: 1,
    meanSquare: factor,
    fall: factor,
  });
  const looked = (name: string, at: (factor: number) => Readonly<Record<string, Json>>): RunRecord[] =>
    [0, 5].map((step): RunRecord => ({ kind: 'result', name, step, ...at(step === 0 ? 1 : 1e30) }));

  it.each<[string, (cell: TrainingCell) => readonly RunRecord[]]>([
    [
      'figure1',
      ({ training: { batchSize } }) => [
        stride(batchSize as number, 1e30),
        ...[1, 2, 3, 4, 5, 6].map((epoch): RunRecord => ({
          kind: 'metric',
          name: 'evaluation',
          epoch,
          step: epoch,
          trainLoss: 1e30 * epoch ** 2,
          testAccuracy: 0.1,
        })),
      ],
    ],
    ['figure3', ({ training: { batchSize } }) => [stride(batchSize as number, NaN)]],
    [
      'figure2',
      () =>
        looked('radii', (factor) => ({
          examples: 1,
          tensors: { 'a/weight': radii(factor), 'a/bias': radii(factor) },
        })),
    ],
    [
      'figure9',
      () => looked('discarded', (factor) => ({ share: 0, kept: 1, gradient: { 'dense1/weight': factor } })),
    ],
  ])('has no part in the numbers of %s', (name, of) => {
    const report = reportOf(name, (cell) => [
      ...of(cell),
      ended({
        outcome: 'diverged',
        trainLoss: null,
        trainAccuracy: null,
        testLoss: null,
        testAccuracy: null,
      }),
    ]);
    const shown = report.sections.filter(({ kind }) => kind !== 'text');
    expect(JSON.stringify(shown, (_, value: unknown) => (Number.isNaN(value) ? 'NaN' : value))).not.toMatch(
      /NaN|e\+\d/,
    );
  });
});

describe('figure 3 of the study', () => {
  const sizes = [16, 32, 64, 128];
  const lengths = (n: number, level: number, G: number) => ({
    raw: Math.sqrt((level ** 2 * 2) / Math.PI / n + G ** 2),
    centred: level * Math.sqrt(2 / Math.PI / n),
    rawSquare: 1 / n + G ** 2,
    centredSquare: 1 / n,
  });
  const measured = (level: number, G: number) => (): RunRecord[] => [
    {
      kind: 'result',
      name: 'gradient-spread',
      examples: 4000,
      tensors: { 'dense0/weight': { elements: 10, deviation: 1, variance: 1, full: G } },
    },
    ...sizes.map((n) => ({
      kind: 'result' as const,
      name: 'gradient-law',
      batchSize: n,
      batches: 8,
      tensors: { 'dense0/weight': lengths(n, level, G) },
    })),
    ended(),
  ];

  it('finds the law where it is, the mean gradient in the raw slope, and a level that is √2 too large', () => {
    expect(verdictsOf(reportOf('figure3', measured(1, 0)))).toMatchObject({
      a: 'holds',
      b: 'holds',
      c: 'holds',
      d: 'holds',
      e: 'cannot be decided',
    });
    expect(verdictsOf(reportOf('figure3', measured(1, 1)))).toMatchObject({ a: 'does not hold', b: 'holds' });
    expect(verdictsOf(reportOf('figure3', measured(Math.SQRT2, 0)))).toMatchObject({ c: 'does not hold' });
  });

  it('reads strides and falls of the first epoch alone', () => {
    const report = reportOf('figure3', ({ training: { batchSize, replica } }) => {
      const n = batchSize as number;
      const noise = 1 + 0.01 * replica;
      const look = (epoch: number, factor: number): RunRecord => ({
        kind: 'metric',
        name: 'stride',
        epoch,
        batchSize: n,
        learningRate: 0.05,
        gradient: { 'dense0/weight': (factor * noise) / Math.sqrt(n) },
        meanGradient: 1,
        meanSquare: 1 / n,
        fall: (factor * noise * 0.05 * 100) / n,
      });
      return [look(0, 1), look(0.5, 1), look(1, 50), ended()];
    });
    expect(verdictsOf(report)).toMatchObject({ e: 'holds', f: 'holds' });
  });
});

describe('the other figures of the study', () => {
  it('figure 9 tells growth with p from none', () => {
    const of =
      (gradient: (share: number) => number) =>
      ({ training: { replica } }: TrainingCell): RunRecord[] =>
        [0, 0.3, 0.6, 0.9].map((share) => ({
          kind: 'result',
          name: 'discarded',
          step: 0,
          share,
          kept: 10,
          gradient: { 'dense1/weight': gradient(share) * (1 + 0.01 * replica) },
        }));
    expect(
      verdictsOf(
        reportOf(
          'figure9',
          of((p) => 1 + 5 * p),
        ),
      ),
    ).toMatchObject({ a: 'holds', b: 'holds' });
    expect(
      verdictsOf(
        reportOf(
          'figure9',
          of((p) => 1 + p),
        ),
      ),
    ).toMatchObject({
      a: 'holds',
      b: 'does not hold',
    });
    expect(
      verdictsOf(
        reportOf(
          'figure9',
          of((p) => 1 - p / 2),
        ),
      )['a'],
    ).toBe('does not hold');
  });

  it('figure 2 tells layers that differ from layers that do not, by medians', () => {
    const of =
      (radius: number, changes: Partial<Radii> = {}) =>
      (): RunRecord[] => {
        const tensors = {
          'a/weight': radii(10),
          'a/bias': radii(1),
          'b/weight': { ...radii(radius), ...changes },
          'b/bias': radii(1),
        };
        return [0, 5].map((step) => ({ kind: 'result', name: 'radii', step, examples: 1, tensors }));
      };
    expect(verdictsOf(reportOf('figure2', of(40)))).toMatchObject({ a: 'holds', b: 'holds', c: 'holds' });
    expect(verdictsOf(reportOf('figure2', of(20)))).toMatchObject({ a: 'does not hold', b: 'holds' });
    // A mean is of a few elements.
    expect(verdictsOf(reportOf('figure2', of(20, { mean: 1e6, ratioMean: 1e6 })))).toMatchObject({
      a: 'does not hold',
      c: 'does not hold',
    });
    const noise = reportOf('figure2', of(40, { curvature: 1, error: 1.2 }));
    expect(verdictsOf(noise)).toMatchObject({ a: 'cannot be decided', b: 'cannot be decided', c: 'holds' });
    expect(JSON.stringify(noise)).toMatch(/as large as the mean \|h\| in b\/weight: take more/);
    const figures = noise.sections.filter((section) => section.kind === 'figure');
    expect(figures.map(({ series }) => series.map(({ points }) => points.map(({ x, y }) => [x, y])))).toEqual(
      Array(2).fill([
        [
          [1, 10],
          [2, 40],
        ],
        [
          [1, 1],
          [2, 1],
        ],
        [
          [1, 10],
          [2, 40],
        ],
        [
          [1, 1],
          [2, 1],
        ],
      ]),
    );
    for (const figure of figures) expect(drawFigure(figure)).toMatch(/^<svg /);
  });

  it('figure 1 finds falling accuracy and way, and the steadiest loss in the middle', () => {
    const unrest: Record<number, number> = { 16: 0.3, 64: 0.1, 256: 0.01, 1024: 0.1, 4000: 0.3 };
    const report = reportOf('figure1', ({ training: { batchSize, replica } }) => {
      const n = batchSize as number;
      const swing = unrest[n]! * (1 + 0.01 * replica);
      return [
        ...Array.from({ length: 15 }, (_, k): RunRecord => ({
          kind: 'metric',
          name: 'evaluation',
          epoch: k + 1,
          step: k + 1,
          trainLoss: 2 - 0.01 * k + (k % 2 === 0 ? swing : -swing),
          testAccuracy: 0.1,
        })),
        {
          kind: 'metric',
          name: 'stride',
          epoch: 0,
          batchSize: n,
          learningRate: 0.05,
          gradient: { 'dense0/weight': (1 + 0.01 * replica) / n },
        },
        ended({ testAccuracy: (1 + 0.01 * replica) / Math.sqrt(n) }),
      ];
    });
    expect(verdictsOf(report)).toEqual({ a: 'holds', b: 'holds', c: 'holds' });
  });

  it('figures 10, 11 and 16 compare the arms that they mean', () => {
    const accuracies = (name: string, of: (arm: string) => number, changes: Config): ReportData =>
      reportOf(
        name,
        ({ training: { replica } }, arm) => {
          const accuracy = of(arm) + 0.001 * replica;
          return [
            ...[1, 2, 3].map((epoch): RunRecord => ({
              kind: 'metric',
              name: 'evaluation',
              epoch,
              step: epoch,
              testAccuracy: accuracy - (epoch === 2 ? of(arm) / 10 : 0),
            })),
            ended({ testAccuracy: accuracy }),
          ];
        },
        { repeats: 5, ...changes },
      );
    const ten = accuracies(
      'figure10',
      (arm) => (arm.includes('p 0.3') ? (arm.includes('B 250') ? 0.6 : 0.4) : 0.5),
      {},
    );
    expect(verdictsOf(ten)).toEqual({
      a: 'holds',
      b: 'holds',
      c: 'does not hold',
      d: 'does not hold',
      e: 'holds',
    });
    const eleven = accuracies('figure11', (arm) => (arm.includes('64, then') ? 0.4 : 0.5), {});
    expect(verdictsOf(eleven)).toMatchObject({ a: 'holds', b: 'does not hold', c: 'cannot be decided' });
    const sixteen = accuracies(
      'figure16',
      (arm) => (arm.startsWith('MCLR') ? (arm.includes('B 1000') ? 0.2 : 0.48) : 0.5),
      {},
    );
    expect(verdictsOf(sixteen)).toEqual({ a: 'holds', b: 'holds' });
  });

  it('figure 16 finds nothing to be equal of networks that learned nothing', () => {
    const verdicts = (lars: number, mclr: number): unknown =>
      verdictsOf(
        reportOf(
          'figure16',
          ({ training: { replica } }, arm) => {
            const fall = arm.includes('B 1000') ? 0.05 : 0;
            return [ended({ testAccuracy: (arm.startsWith('MCLR') ? mclr - fall : lars) + 0.001 * replica })];
          },
          { repeats: 5 },
        ),
      );
    expect(verdicts(0.1, 0.1)).toEqual({ a: 'cannot be decided', b: 'cannot be decided' });
    expect(verdicts(0.35, 0.1)).toEqual({ a: 'cannot be decided', b: 'cannot be decided' });
    expect(verdicts(0.43, 0.4)).toEqual({ a: 'cannot be decided', b: 'cannot be decided' });
    expect(verdicts(0.5, 0.1)).toEqual({ a: 'does not hold', b: 'cannot be decided' });
    expect(verdicts(0.5, 0.48)).toEqual({ a: 'holds', b: 'holds' });
  });
});

describe('radii of curvature', () => {
  beforeAll(() => init({ backend: 'reference' }));

  it('on a quadratic are exactly 1/h, and |w/g| is 1/h as well', async () => {
    const w = tensor([1, -2, 4]);
    // L = Σ ½ h w², so g = h w: at w = 0 the radius is 1/h, and |w/g| is 1/h anywhere.
    const h = tensor([0.5, 2, 4]);
    const zero = tensor([0, 0, 0]);
    const at = { params: { a: w }, diagonal: { a: h }, errors: { a: zero } };
    const flat = await radiiOf({ ...at, gradient: { a: zero } }, 100);
    expect(flat['a']!.mean).toBeCloseTo((2 + 0.5 + 0.25) / 3, 6);
    expect(flat['a']!.median).toBeCloseTo(0.5, 6);
    const sloping = await radiiOf({ ...at, gradient: { a: tensor([0.5, -4, 16]) } }, 100);
    expect(sloping['a']!.ratioMean).toBeCloseTo((2 + 0.5 + 0.25) / 3, 6);
    expect(sloping['a']).toMatchObject({ ratioCut: 0 });
    tree.leaves(at).forEach((leaf) => leaf.dispose());
  });

  it('are cut where h or g is 0, and no mean is over those that were', async () => {
    const zero = tensor([0, 0, 0, 0]);
    const at = {
      params: { a: tensor([1, 3, 1, 1]), b: tensor([1, 1, 1, 1]) },
      gradient: { a: tensor([1, 1, 0, 1e-9]), b: zero },
      diagonal: { a: tensor([0.5, 0.25, 0, 1e-9]), b: zero },
      errors: { a: zero, b: zero },
    };
    const { a, b } = await radiiOf(at, 1e6);
    expect(a).toMatchObject({ cut: 0.5, ratioMean: 2, ratioCut: 0.5 });
    // (1 + g²)^(3/2) = √8 beside h of ½ and ¼.
    expect(a!.mean).toBeCloseTo((2 + 4) * Math.SQRT2, 5);
    expect(b).toMatchObject({ mean: null, cut: 1, ratioMean: null, ratioCut: 1, ratioMedian: 1e6 });
    tree.leaves(at).forEach((leaf) => leaf.dispose());
  });
});
