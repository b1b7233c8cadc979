import { describe, expect, it } from 'vitest';
import { rankCorrelation } from '../../stats/index.ts';
import { code } from '../nn/helpers.ts';

describe("Spearman's rank correlation", () => {
  it('is that of the ranks, and its p-value counts assignments', () => {
    // Ranks 1 2 3 4 against 1 3 2 4: 1 - 6 Σ d²/(n (n² - 1)) = 1 - 12/60, and four of 24 orders reach it.
    const { rho, pRising, pFalling, exact } = rankCorrelation([
      [10, 0.1],
      [20, 7],
      [30, 6],
      [1000, 8],
    ]);
    expect(rho).toBeCloseTo(0.8, 12);
    expect(pRising).toBeCloseTo(4 / 24, 12);
    expect(pFalling).toBeCloseTo(23 / 24, 12);
    expect(exact).toBe(true);
  });

  it('gives ties the mean of their ranks', () => {
    const { rho, pRising } = rankCorrelation([
      [1, 1],
      [1, 2],
      [2, 3],
      [2, 4],
    ]);
    // Ranks 1.5 1.5 3.5 3.5 against 1 2 3 4: Σ = 4 over √(4 · 5); the lower values go with the lower in 4 of 24 orders.
    expect(rho).toBeCloseTo(4 / Math.sqrt(20), 12);
    expect(pRising).toBeCloseTo(4 / 24, 12);
    expect(
      rankCorrelation([
        [1, 1],
        [1, 2],
      ]).rho,
    ).toBeNaN();
  });

  it('of many pairs has a p-value drawn from assignments, the same in every call', () => {
    const pairs = Array.from({ length: 40 }, (_, k) => [k, Math.sin(k) * 40 - k] as const);
    const [first, second] = [rankCorrelation(pairs), rankCorrelation(pairs)];
    expect(first).toEqual(second);
    expect(first.exact).toBe(false);
    expect(first.rho).toBeLessThan(0);
    expect(first.pFalling).toBeLessThan(0.2);
    expect(first.pFalling + first.pRising).toBeCloseTo(1, 2);
    const perfect = rankCorrelation(pairs.map(([x]) => [x, -x] as const));
    expect(perfect.rho).toBeCloseTo(-1, 12);
    expect(perfect.pFalling).toBe(1 / 20_000);
  });

  it('refuses what has no ranks', () => {
    expect(() => rankCorrelation([[1, 2]])).toThrow(code('COUNT'));
    expect(() =>
      rankCorrelation([
        [1, 2],
        [3, Number.NaN],
      ]),
    ).toThrow(code('NON_FINITE'));
  });
});
