import { describe, expect, it } from 'vitest';
import { isGrid, type Cell } from '../../experiments/grid.ts';
import { experiments } from '../../experiments/index.ts';
import { cellId } from '../../experiments/node/cell-directory.ts';
import { cellsOf, costOf, type PaperCell } from '../../experiments/noise-enhancement/paper/cells.ts';
import type { PaperConfig } from '../../experiments/noise-enhancement/paper/config.ts';
import { paperExperiments } from '../../experiments/noise-enhancement/paper/experiments.ts';
import { labelOf } from '../../experiments/noise-enhancement/paper/run-cell.ts';
import { presetNames, type PresetName } from '../../experiments/types.ts';

const named = (name: string) => paperExperiments.find((each) => each.name === `noise-enhancement/${name}`)!;
const cells = (name: string, preset: PresetName = 'paper'): readonly PaperCell[] =>
  cellsOf(named(name).presets[preset], 0, 'published');
const ids = (list: readonly Cell[]): Set<string> => new Set(list.map(cellId));
const configurations = (network: string, ...lists: (readonly PaperCell[])[]): Set<string> =>
  new Set(
    lists
      .flat()
      .filter((cell) => cell.network === network)
      .map(({ alpha, batchSize }) => `${alpha}, ${batchSize}`),
  );

describe('the grids of the paper', () => {
  it('are listed as five grids beside the experiment of the noise', () => {
    const grids = experiments.filter(isGrid).map(({ name }) => name);
    expect(grids.filter((name) => name.startsWith('noise-enhancement/'))).toEqual(
      ['table2', 'table3', 'figure1', 'figure2', 'figure3'].map((name) => `noise-enhancement/${name}`),
    );
  });

  it('have the published pairs of α and B: 36 of F1, 32 of C2, and of C1 62 of which α = 2 at B = 5000 is one twice', () => {
    const [table2, table3] = [cells('table2'), cells('table3')];
    expect(configurations('F1', table2, table3).size).toBe(36);
    expect(configurations('C2', table2, table3).size).toBe(32);
    expect(configurations('C1', table2).size).toBe(4 * 13);
    // α = 1 over 13 B, and α = 2 … 11 at B = 5000.
    expect(configurations('C1', table3).size).toBe(13 + 10);
    expect(configurations('C1', table2, table3).size).toBe(4 * 13 + 10 - 1);
    expect(table2.length).toBe(10 * (2 * 13 + 4 * 13 + 2 * 13));
    expect(table3.length).toBe(10 * (23 + 23 + 19));
  });

  it('follow the published recipe', () => {
    const recipe = {
      optimizer: 'adam',
      learningRate: 1e-3,
      initializer: 'glorotUniform',
      sampling: 'epoch-shuffle',
    };
    const stops = { F1: [0.01, 0.001, 0], C1: [0.01, 0.001, 100], C2: [0.02, 0.001, 100] };
    for (const cell of cells('table2')) {
      expect(cell).toMatchObject({ ...recipe, lossEvery: 0, trainExamples: 0, lossExamples: 0 });
      expect([cell.halveAt, cell.stopBelow, cell.ghost]).toEqual(stops[cell.network]);
    }
    expect(new Set(cells('table2').map(({ network, dataset }) => `${network} ${dataset.name}`))).toEqual(
      new Set(['F1 fashion-mnist', 'C1 cifar-10', 'C2 cifar-100']),
    );
  });

  it('share cells: figures 1 and 2 are table 2, figure 3 is table 3, and the tables meet', () => {
    for (const preset of presetNames) {
      const [table2, table3] = [ids(cells('table2', preset)), ids(cells('table3', preset))];
      const figures12 = ids([...cells('figure1', preset), ...cells('figure2', preset)]);
      expect([...figures12].sort()).toEqual([...table2].sort());
      expect([...ids(cells('figure3', preset))].sort()).toEqual([...table3].sort());
      expect([...table3].filter((id) => table2.has(id)).length).toBeGreaterThan(0);
      expect(table2.size).toBe(cells('table2', preset).length);
    }
    // α = 1 over 13 B of each network, α = 1.5 is in no cross, α = 2 of C1 at B = 5000.
    const table3 = ids(cells('table3'));
    expect([...ids(cells('table2'))].filter((id) => table3.has(id)).length).toBe(10 * (3 * 13 + 1));
  });

  it('come cheapest first, and cost what papers.md says', () => {
    for (const preset of presetNames) {
      const costs = cells('table2', preset).map(costOf);
      expect(costs).toEqual([...costs].sort((a, b) => a - b));
    }
    // 2.45 million examples of C1 at B = 100 take 3.9e15 FLOPs, two for a multiply-add, the measurements aside.
    const c1 = cells('table2').find(
      ({ network, alpha, batchSize }) => network === 'C1' && alpha === 1 && batchSize === 100,
    )!;
    const once = costOf({
      ...c1,
      maxSteps: 2,
      lossEvery: 2,
      lossExamples: 1,
      statisticsExamples: 1,
      testExamples: 1,
    });
    const gradients = costOf({
      ...c1,
      maxSteps: 24_502,
      lossEvery: 24_502,
      lossExamples: 1,
      statisticsExamples: 1,
      testExamples: 1,
    });
    expect((2 * (gradients - once)) / 3.9e15).toBeCloseTo(1, 1);
  });

  it('fit the memory: whole ghost groups per pass, and one pass wherever there is room', () => {
    for (const cell of cells('table2')) {
      expect(cell.piece % (cell.ghost || 1)).toBe(0);
      expect(cell.microbatch % (cell.ghost || 1)).toBe(0);
    }
    const perceptrons = cells('table2').filter(({ network }) => network === 'F1');
    expect(perceptrons.every(({ microbatch }) => microbatch === 0)).toBe(true);
    const largest = cells('table2').filter(
      ({ network, batchSize }) => network === 'C1' && batchSize === 5000,
    );
    expect(new Set(largest.map(({ microbatch }) => microbatch))).toEqual(new Set([100]));
    const roomy = { ...named('figure1').presets.paper, memory: 4096 };
    expect(cellsOf(roomy, 0, 'published').at(-1)!.microbatch).toBeGreaterThan(100);
  });

  it('take procedural images of the shapes of the published ones, or one data set for all', () => {
    const datasets = (data: 'procedural' | 'mnist') =>
      new Set(cellsOf(named('table2').presets.smoke, 0, data).map(({ dataset }) => JSON.stringify(dataset)));
    expect(datasets('procedural')).toEqual(
      new Set([
        '{"name":"procedural","size":28,"channels":1}',
        '{"name":"procedural","size":32,"channels":3}',
      ]),
    );
    expect(datasets('mnist')).toEqual(new Set(['{"name":"mnist"}']));
  });

  it('have names for people', () => {
    const cell = cells('figure1').find(
      ({ alpha, batchSize, replica }) => alpha === 1.5 && batchSize === 200 && replica === 2,
    );
    expect(labelOf(cell!)).toBe('C1, α 1.5, B 200, initialisation 3');
  });

  it('cap a training in steps, in epochs or in example-gradients, whichever comes first', () => {
    const caps = (network: string, alpha: number, batchSize: number): number =>
      cells('table2', 'medium').find(
        (cell) => cell.network === network && cell.alpha === alpha && cell.batchSize === batchSize,
      )!.maxSteps;
    expect(caps('F1', 1, 5000)).toBe(240);
    expect(caps('F1', 1.5, 5000)).toBe(120);
    expect(caps('C1', 1, 500)).toBe(30 * 20);
    expect(caps('C1', 2, 500)).toBe(30 * 20);
  });
});

describe('a configuration that makes no sense', () => {
  const { small } = named('figure1').presets;
  const plan = small.plans.C1!;
  const withPlan = (changes: object): PaperConfig => ({ ...small, plans: { C1: { ...plan, ...changes } } });

  it.each<[string, PaperConfig, RegExp]>([
    ['no networks', { ...small, networks: [] }, /networks is empty/],
    ['a network without a plan', { ...small, networks: ['F1'] }, /networks has F1/],
    ['no repeats', { ...small, repeats: 0 }, /repeats is 0/],
    ['no memory', { ...small, memory: 0 }, /memory is 0/],
    ['a batch below a ghost group', withPlan({ batchSizes: [20] }), /plans\.C1\..*B = 20.*at least 25/],
    [
      'a batch above the training set',
      withPlan({ batchSizes: [501] }),
      /B = 501.*at most the training set's 500/,
    ],
    ['no pairs', withPlan({ alphas: [], pairs: [] }), /make no pair/],
    ['an α that is no number', withPlan({ alphas: [NaN] }), /α = NaN/],
    ['groups of one', withPlan({ ghost: 1 }), /ghost is 1/],
    ['groups without convolutions', withPlan({ stages: [], ghost: 25 }), /ghost is 25/],
    ['half a channel', withPlan({ stages: [[1.5]] }), /stages and hidden/],
    ['no limit', withPlan({ maxSteps: 0 }), /maxSteps, maxExamples and maxEpochs are all 0/],
    ['an unknown optimizer', withPlan({ optimizer: 'rmsprop' }), /optimizer is 'rmsprop'/],
    ['an unknown initializer', withPlan({ initializer: 'ones' }), /initializer is 'ones'/],
    ['an unknown form', withPlan({ form: 'three-pass' }), /form is 'three-pass'/],
    ['a negative rate', withPlan({ learningRate: -1 }), /learningRate is -1/],
    ['a negative count', withPlan({ testEvery: -1 }), /testEvery is -1/],
  ])('is refused with the field: %s', (_, config, message) => {
    expect(() => cellsOf(config, 0, 'published')).toThrow(message);
    expect(() => cellsOf(config, 0, 'published')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
  });
});
