import { beforeAll, describe, expect, it } from 'vitest';
import { COSTS, hessianVector, replicas, squaredNorms } from '../../bench/cost-workloads.ts';
import { timeCost, type RunningCost } from '../../bench/costs.ts';
import { render } from '../../bench/report.ts';
import { init, type Tensor } from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';

const network = (batch: number): Parameters<typeof squaredNorms>[0] => ({
  model: () => mlp({ widths: [4, 10] }),
  inputShape: [6],
  batch,
});

async function values(results: readonly Tensor[]): Promise<number[][]> {
  const all: number[][] = [];
  for (const result of results) all.push(Array.from(await result.data()));
  return all;
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

describe('the costs of the benchmark', () => {
  beforeAll(() => init({ backend: 'reference' }));

  it('are of squared norms that are those of the gradient beside them, in a batch of one', async () => {
    const { measured, beside, dispose } = squaredNorms(network(1));
    const [[loss], ...gradients] = (await values(beside())) as [number[], ...number[][]];
    const [rows] = (await values(measured())) as [number[]];
    const lengths = gradients.map((gradient) => sum(gradient.map((value) => value ** 2)));
    for (const [k, expected] of [loss as number, ...lengths].entries()) expect(rows[k]).toBeCloseTo(expected);
    dispose();
  });

  it('are of losses whose mean is the loss beside them', async () => {
    const { measured, beside, dispose } = squaredNorms(network(5));
    const [[loss]] = (await values(beside())) as [number[]];
    const [rows] = (await values(measured())) as [number[]];
    const losses = rows.filter((_, k) => k % (rows.length / 5) === 0);
    expect(sum(losses) / 5).toBeCloseTo(loss as number);
    dispose();
  });

  it('are of a product of the Hessian with a vector as long as the gradient', async () => {
    const { measured, beside, dispose } = hessianVector(network(3));
    const [, ...gradients] = await values(beside());
    const product = await values(measured());
    expect(product.map(({ length }) => length)).toEqual(gradients.map(({ length }) => length));
    expect(product.flat().some((value) => value !== 0)).toBe(true);
    dispose();
  });

  it('are of replicas the first of which is the one beside them, step after step', async () => {
    const { measured, beside, dispose } = replicas(3, network(4));
    for (let step = 0; step < 3; step++) {
      const [losses] = (await values(measured())) as [number[]];
      const [[loss]] = (await values(beside())) as [[number]];
      expect(losses).toHaveLength(3);
      expect(losses[0]).toBeCloseTo(loss, 6);
      expect(new Set(losses).size).toBe(3);
    }
    dispose();
  });

  it('are times of both sides in as many rounds as asked for, and printed with the limit', async () => {
    let calls = 0;
    const program = (): readonly Tensor[] => {
      calls++;
      return [];
    };
    const start = (): RunningCost => ({ measured: program, beside: program, dispose: () => undefined });
    const [cost] = COSTS as [(typeof COSTS)[number]];
    const result = await timeCost({ ...cost, start }, 2, () => undefined);
    expect([result.ms.length, result.besideMs.length]).toEqual([2, 2]);
    expect(calls).toBeGreaterThan(4);

    const texts = {
      name: '',
      adapter: '',
      cpu: '',
      node: '',
      langevin: '',
      dawn: '',
      revision: '',
      tuning: '',
    };
    const machine = { ...texts, load: [0, 0] } as const;
    const times = { ms: [6, 9], besideMs: [3, 3], ratio: 2.5, range: [2, 3] } as const;
    const row = render({ machine, costs: [{ ...result, ...times }] })
      .split('\n')
      .at(-1);
    expect(row?.split('|').map((cell) => cell.trim())).toEqual(
      `|${cost.title}|frozen statistics, in both|7.5|${cost.beside}|3|2.5|2.00 – 3.00 (2)|3|yes|`.split('|'),
    );
  });

  it('are held against the limits that were set', () => {
    expect(COSTS.map(({ workload, target }) => [workload, target])).toEqual([
      ['c1-adam', 3],
      ['c1-adam', 4],
      ['small-sgd', 2.5],
    ]);
  });
});
