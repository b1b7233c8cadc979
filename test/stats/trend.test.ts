import { describe, expect, it } from 'vitest';
import { numericTrend, trend } from '../../stats/index.ts';

/** Reproducible uniform numbers. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a trend over ordered groups', () => {
  it("is Kendall's S for groups of one: by hand for three", () => {
    // Of the six orders of three, S = 3, 1, 1, -1, -1, -3.
    const { score, largest, pRising, pFalling, leastP, exact } = numericTrend([[[1], [3], [2]]]);
    expect([score, largest, exact]).toEqual([1, 3, true]);
    expect(pRising).toBeCloseTo(3 / 6, 12);
    expect(pFalling).toBeCloseTo(5 / 6, 12);
    expect(leastP).toBeCloseTo(1 / 6, 12);
  });

  it("is Mann and Whitney's for two groups: by hand for three and three, S = -5 has p = 4/20", () => {
    const { score, pFalling, pRising } = numericTrend([
      [
        [4, 5, 1],
        [2, 3, 0],
      ],
    ]);
    // Two pairs rise, 1 < 2 and 1 < 3, and seven fall. With 0, 1 or 2 rising pairs there are 1 + 1 + 2 of 20 arrangements.
    expect(score).toBe(-5);
    expect(pFalling).toBeCloseTo(4 / 20, 12);
    expect(pRising).toBeCloseTo(18 / 20, 12);
    expect(
      numericTrend([
        [
          [4, 5, 6],
          [1, 2, 3],
        ],
      ]).pFalling,
    ).toBeCloseTo(1 / 20, 12);
  });

  it("is Jonckheere's: 3 groups of 2 in perfect order have p = 1/90", () => {
    const { score, largest, pRising } = numericTrend([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
    expect([score, largest]).toEqual([12, 12]);
    expect(pRising).toBeCloseTo(1 / 90, 12);
  });

  it('adds up over blocks, which are compared only within: five pairs are a sign test', () => {
    const blocks = [1, 100, 3, 50, 7].map((x) => [[x], [x + 1]]);
    expect(numericTrend(blocks)).toMatchObject({ score: 5, largest: 5 });
    expect(numericTrend(blocks).pRising).toBeCloseTo(1 / 32, 12);
    expect(numericTrend([...blocks.slice(1), [[2], [1]]]).pRising).toBeCloseTo(6 / 32, 12);
  });

  it('counts ties as no order, and says when nothing can be found', () => {
    // Arrangements of 1, 1, 2 over three places: the 2 first, second, third: S = -2, 0, 2.
    const { score, pRising, leastP } = numericTrend([[[1], [1], [2]]]);
    expect(score).toBe(2);
    expect(pRising).toBeCloseTo(1 / 3, 12);
    expect(leastP).toBeCloseTo(1 / 3, 12);
    expect(numericTrend([[[1], [1]]])).toMatchObject({
      score: 0,
      largest: 0,
      pRising: 1,
      pFalling: 1,
      leastP: 1,
    });
    expect(numericTrend([])).toMatchObject({ score: 0, pRising: 1 });
    expect(numericTrend([[[], [1, 2], []]])).toMatchObject({ score: 0, pRising: 1 });
  });

  it('takes comparisons that are not known, as of two runs stopped before their end', () => {
    const unknown = (): number => 0;
    expect(trend([[['a'], ['b', 'c']]], unknown)).toMatchObject({ score: 0, pRising: 1, pFalling: 1 });
  });

  it('turns around when the groups do', () => {
    const random = uniform(5);
    const groups = Array.from({ length: 4 }, () => Array.from({ length: 2 }, random));
    const [forth, back] = [numericTrend([groups]), numericTrend([[...groups].reverse()])];
    expect(back.score).toBe(-forth.score);
    expect(back.pFalling).toBeCloseTo(forth.pRising, 12);
  });

  it('draws arrangements where there are too many, near the normal approximation and the same each time', () => {
    const random = uniform(11);
    const groups = Array.from({ length: 4 }, (_, g) => Array.from({ length: 10 }, () => random() + 0.06 * g));
    const result = numericTrend([groups]);
    expect(result.exact).toBe(false);
    expect(numericTrend([groups])).toEqual(result);
    // Variance of J without ties, Hollander & Wolfe (1973), for S = 2J - const: (N²(2N + 3) - Σ n²(2n + 3)) / 18.
    const deviation = Math.sqrt((40 ** 2 * 83 - 4 * 10 ** 2 * 23) / 18);
    const tail = 0.5 * erfc((result.score - 1) / deviation / Math.SQRT2);
    expect(tail).toBeGreaterThan(0.01);
    // Five standard errors of 20,000 draws, and a hundredth for the approximation.
    expect(Math.abs(result.pRising - tail)).toBeLessThan(5 * Math.sqrt(tail / 20_000) + 0.01 * tail);
  });

  it('finds a trend where there is none as often as its level says, and not oftener', () => {
    const random = uniform(3);
    let found = 0;
    const trials = 2000;
    for (let k = 0; k < trials; k++) {
      const blocks = Array.from({ length: 2 }, () =>
        Array.from({ length: 3 }, () => Array.from({ length: 2 }, () => Math.floor(6 * random()))),
      );
      if (numericTrend(blocks).pRising <= 0.05) found++;
    }
    // At most 0.05 of 2000, by five standard deviations; and no test that never finds anything.
    expect(found).toBeLessThan(100 + 5 * Math.sqrt(95));
    expect(found).toBeGreaterThan(40);
  });
});

/** Abramowitz and Stegun 7.1.26, to 1.5e-7, for x ≥ 0. */
function erfc(x: number): number {
  const t = 1 / (1 + 0.3275911 * x);
  const poly = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  return poly.reduceRight((sum, c) => (sum + c) * t, 0) * Math.exp(-x * x);
}
