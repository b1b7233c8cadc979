import { beforeAll, describe, expect, it } from 'vitest';
import { init, tensor } from '../../engine/index.ts';
import {
  constant,
  constantBatchSize,
  cosineDecay,
  cyclic,
  cyclicBatchSize,
  exponentialDecay,
  multiStep,
  piecewise,
  piecewiseBatchSize,
  powerDecay,
  stepDecay,
  type Schedule,
} from '../../optim/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const rates = async (schedule: Schedule, steps: number[]): Promise<number[]> =>
  Promise.all(steps.map((step) => schedule(tensor(Int32Array.of(step), [])).item()));
/** The largest difference between two lists of one length. */
const distance = (actual: number[], values: number[]): number =>
  actual.length === values.length
    ? Math.max(...actual.map((value, k) => Math.abs(value - values[k]!)))
    : Infinity;
const refused: unknown = expect.objectContaining({ code: 'SCHEDULE' });
const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

describe('learning rates in cycles, steps and powers', () => {
  it('a square cycle holds each value for half a period, a triangle goes straight between them', async () => {
    const square = cyclic({ from: 0.001, to: 0.005, period: 4 });
    expect(distance(await rates(square, range(6)), [0.001, 0.001, 0.005, 0.005, 0.001, 0.001])).toBeLessThan(
      1e-12,
    );
    const triangle = cyclic({ from: 1, to: 3, period: 4, shape: 'triangle' });
    expect(distance(await rates(triangle, range(6)), [1, 2, 3, 2, 1, 2])).toBeLessThan(1e-12);
    const odd = cyclic({ from: 0, to: 1, period: 2.5, shape: 'triangle' });
    expect(distance(await rates(odd, range(4)), [0, 0.8, 0.4, 0.4])).toBeLessThan(1e-12);
  });

  it('a cycle of whole steps stays exact after 2^24 of them', async () => {
    const square = cyclic({ from: 1, to: 2, period: 10 });
    expect(
      distance(await rates(square, [2 ** 24 + 4 - (2 ** 24 % 10), 2 ** 24 + 5 - (2 ** 24 % 10)]), [1, 2]),
    ).toBeLessThan(1e-12);
  });

  it('several steps multiply the rate at their milestones', async () => {
    const steps = multiStep({ initial: 1, factor: 0.1, milestones: [60, 100] });
    expect(
      distance(await rates(steps, [0, 59, 60, 99, 100, 1000]), [1, 1, 0.1, 0.1, 0.01, 0.01]),
    ).toBeLessThan(1e-12);
    expect(
      distance(await rates(multiStep({ initial: 2, factor: 0.5, milestones: [] }), [0, 9]), [2, 2]),
    ).toBeLessThan(1e-12);
  });

  it('the power decay is t^(γ - 1), t from 1', async () => {
    const decay = powerDecay({ initial: 3, gamma: 0.25 });
    expect(distance(await rates(decay, [0, 1, 15]), [3, 3 * 2 ** -0.75, 3 / 8])).toBeLessThan(1e-12);
    expect(distance(await rates(powerDecay({ initial: 3, gamma: 1 }), [0, 100]), [3, 3])).toBeLessThan(1e-12);
  });

  it.each<[string, () => Schedule]>([
    ['a constant that is no number', () => constant(NaN)],
    ['a constant below 0', () => constant(-0.1)],
    ['stairs that begin below 0', () => stepDecay({ initial: -1, factor: 0.5, every: 2 })],
    ['a decay that begins at infinity', () => exponentialDecay({ initial: Infinity, factor: 0.5, every: 2 })],
    ['a power that begins below 0', () => powerDecay({ initial: -1, gamma: 0.5 })],
    ['a cosine that ends below 0', () => cosineDecay({ initial: 1, final: -1, steps: 4 })],
    ['a piece below 0', () => piecewise([{ from: 0, value: -1 }])],
    ['a piece from nowhere', () => piecewise([0, NaN].map((from) => ({ from, value: 1 })))],
    ['a piece that never begins', () => piecewise([0, Infinity].map((from) => ({ from, value: 1 })))],
    ['several steps from below 0', () => multiStep({ initial: -1, factor: 0.1, milestones: [3] })],
    ['a cycle from below 0', () => cyclic({ from: -1, to: 1, period: 4 })],
    ['a cycle to no number', () => cyclic({ from: 1, to: NaN, period: 4 })],
  ])('%s is refused', (_, make) => {
    expect(make).toThrow(refused);
  });

  it('negative lengths and rates that grow are refused', () => {
    for (const period of [0, -3, Number.NaN, Infinity])
      expect(() => cyclic({ from: 1, to: 2, period })).toThrow(refused);
    expect(() => multiStep({ initial: 1, factor: 0, milestones: [3] })).toThrow(refused);
    expect(() => multiStep({ initial: 1, factor: 0.1, milestones: [-3] })).toThrow(refused);
    expect(() => multiStep({ initial: 1, factor: 0.1, milestones: [5, 5] })).toThrow(refused);
    expect(() => powerDecay({ initial: 1, gamma: 1.5 })).toThrow(refused);
    expect(() => powerDecay({ initial: 1, gamma: 0 })).toThrow(refused);
  });
});

describe('batch sizes over epochs', () => {
  it('a cycle has the ratio of the cyclic rate at every epoch (LB-1)', async () => {
    const sizes = range(20).map(cyclicBatchSize({ from: 640, to: 128, period: 10 }));
    expect(sizes).toEqual([
      ...range(5).fill(640),
      ...range(5).fill(128),
      ...range(5).fill(640),
      ...range(5).fill(128),
    ]);
    const learningRates = await rates(cyclic({ from: 0.001, to: 0.005, period: 10 }), range(20));
    expect(
      distance(
        sizes.map((size) => 0.005 / size),
        learningRates.map((rate) => rate / 128),
      ),
    ).toBeLessThan(1e-12);
  });

  it('a triangle is rounded to whole examples', () => {
    const sizes = cyclicBatchSize({ from: 10, to: 21, period: 4, shape: 'triangle' });
    expect(range(5).map(sizes)).toEqual([10, 16, 21, 16, 10]);
  });

  it('a first epoch of its own, growth, and constants have their tabulated values', () => {
    const first = piecewiseBatchSize([
      { from: 0, size: 512 },
      { from: 1, size: 8192 },
    ]);
    expect([0, 0.9, 1, 2, 80].map(first)).toEqual([512, 512, 8192, 8192, 8192]);
    expect([0, 7].map(constantBatchSize(32))).toEqual([32, 32]);
  });

  it('sizes that are no positive integers, and negative lengths, are refused', () => {
    for (const size of [0, -1, 2.5, Number.NaN]) {
      expect(() => constantBatchSize(size)).toThrow(refused);
      expect(() => piecewiseBatchSize([{ from: 0, size }])).toThrow(refused);
      expect(() => cyclicBatchSize({ from: size, to: 8, period: 2 })).toThrow(refused);
    }
    expect(() => cyclicBatchSize({ from: 4, to: 8, period: -2 })).toThrow(refused);
    expect(() => piecewiseBatchSize([])).toThrow(refused);
    expect(() => piecewiseBatchSize([{ from: 1, size: 4 }])).toThrow(refused);
  });
});
