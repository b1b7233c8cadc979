import { describe, expect, it } from 'vitest';
import { claims, type Claim } from '../../experiments/noise-enhancement/paper/claims.ts';
import { pointsOf, type Point, type Run } from '../../experiments/noise-enhancement/paper/records.ts';
import {
  compareConvergence,
  convergenceTrend,
} from '../../experiments/noise-enhancement/paper/convergence.ts';
import { fairCoinTail } from '../../experiments/verdicts.ts';

const CAP = 1000;

interface Measured {
  readonly accuracy?: number;
  readonly steps?: number;
}

/** Runs of `seeds` initialisations over a grid, measured as `f` says; a time above the cap is censored. */
function runs(
  grid: readonly (readonly [alpha: number, batchSize: number])[],
  seeds: number,
  f: (alpha: number, batchSize: number, replica: number) => Measured,
): Run[] {
  return grid.flatMap(([alpha, batchSize]) =>
    Array.from({ length: seeds }, (_, replica): Run => {
      const { accuracy = 0.5, steps = 500 } = f(alpha, batchSize, replica);
      return {
        network: 'C1',
        alpha,
        batchSize,
        replica,
        testAccuracy: accuracy,
        steps: Math.min(steps, CAP),
        outcome: steps > CAP ? 'censored' : 'converged',
        stepCap: CAP,
        trainExamples: 10,
        testExamples: 10,
        parameters: 1,
      };
    }),
  );
}

const product = (alphas: number[], sizes: number[]): [number, number][] =>
  alphas.flatMap((alpha) => sizes.map((size): [number, number] => [alpha, size]));
const cross: [number, number][] = [...product([1], [100, 200, 400, 800]), ...product([2, 3, 4], [800])];

function decide(letter: Claim['letter'], all: readonly Run[]): ReturnType<Claim['decide']> {
  const points: readonly Point[] = pointsOf(all);
  return claims.find((claim) => claim.letter === letter)!.decide(points);
}
/** Smaller than any effect below, and different for every run. */
const jitter = (alpha: number, batchSize: number, replica: number): number =>
  ((alpha * 31 + batchSize * 17 + replica * 7) % 13) / 1e5;

describe('(a) steps rise with α', () => {
  const grid = product([1, 1.5, 2], [100, 200]);
  it('holds', () => {
    const { verdict, reason } = decide(
      'a',
      runs(grid, 3, (a, b, r) => ({ steps: 100 * a + b / 10 + r })),
    );
    expect([verdict, reason]).toEqual(['holds', 'S = 54 of at most 54, p < 0.001; B = 100, 200.']);
  });
  it('does not hold', () =>
    expect(
      decide(
        'a',
        runs(grid, 3, (a, _, r) => ({ steps: 500 - 100 * a + r })),
      ).verdict,
    ).toBe('does not hold'));
  it('cannot be decided where nothing stands out', () =>
    expect(
      decide(
        'a',
        runs(grid, 3, (a, b, r) => ({ steps: 500 + ((a * 2 + b + r) % 3) })),
      ).verdict,
    ).toBe('cannot be decided'));
  it('cannot be decided by too few runs, and says so', () =>
    expect(
      decide(
        'a',
        runs(product([1, 2], [100]), 1, (a) => ({ steps: 100 * a })),
      ),
    ).toMatchObject({
      verdict: 'cannot be decided',
      reason: expect.stringContaining('too few runs') as unknown,
    }));
  it('cannot be decided with one α', () =>
    expect(
      decide(
        'a',
        runs(product([1], [100, 200]), 3, () => ({})),
      ).reason,
    ).toMatch(/no batch size was run/));
  it('cannot be decided if all runs were censored', () =>
    expect(
      decide(
        'a',
        runs(grid, 3, () => ({ steps: 2000 })),
      ).reason,
    ).toMatch(/all 18 runs were stopped/));
  it('holds if the larger α is censored and the smaller is not', () => {
    const { verdict, reason } = decide(
      'a',
      runs(grid, 3, (a, _, r) => ({ steps: a === 2 ? 2000 : 300 * a + r })),
    );
    expect(verdict).toBe('holds');
    expect(reason).toMatch(/6 of 18 runs did not converge/);
  });
  it('does not take a higher cap for a longer time', () => {
    // Plain runs were stopped at 1000; those of α = 2 were let run to 4000, and some converged in between.
    const all = runs(product([1, 2], [100]), 4, () => ({ steps: 2000 })).map((run): Run =>
      run.alpha === 2 ? { ...run, steps: 3000 + run.replica, outcome: 'converged', stepCap: 4000 } : run,
    );
    expect(decide('a', all).verdict).toBe('cannot be decided');
  });
});

describe('(b) accuracy at the largest B rises, then falls', () => {
  const grid = product([1, 2, 3, 4], [800]);
  const at = (accuracies: number[]) =>
    runs(grid, 4, (a, b, r) => ({ accuracy: accuracies[a - 1]! + jitter(a, b, r) }));
  it('holds', () => expect(decide('b', at([0.8, 0.85, 0.9, 0.6])).verdict).toBe('holds'));
  it('does not hold', () => expect(decide('b', at([0.9, 0.8, 0.7, 0.6])).verdict).toBe('does not hold'));
  it('cannot be decided while it still rises at the largest α', () =>
    expect(decide('b', at([0.6, 0.7, 0.8, 0.9])).reason).toMatch(/lies beyond the grid/));
  it('cannot be decided with two α', () =>
    expect(
      decide(
        'b',
        runs(product([1, 2], [800]), 4, () => ({})),
      ).reason,
    ).toMatch(/at least three α/));
  it('cannot be decided with one initialisation', () =>
    expect(
      decide(
        'b',
        at([0.8, 0.9, 0.85, 0.6]).filter((run) => run.replica === 0),
      ).verdict,
    ).toBe('cannot be decided'));
});

describe('(c) the best B rises with α', () => {
  const grid = product([1, 1.5, 2], [100, 200, 400]);
  const bestAt = (size: (alpha: number) => number) =>
    runs(grid, 3, (a, b, r) => ({ accuracy: (b === size(a) ? 0.9 : 0.8) + jitter(a, b, r) }));
  it('holds', () => {
    const { verdict, reason } = decide(
      'c',
      bestAt((a) => 100 * 2 ** (2 * a - 2)),
    );
    expect(verdict).toBe('holds');
    expect(reason).toMatch(/the best B is 100 at α = 1, 200 at α = 1\.5, 400 at α = 2\.$/);
  });
  it('does not hold', () =>
    expect(
      decide(
        'c',
        bestAt((a) => 400 / 2 ** (2 * a - 2)),
      ).verdict,
    ).toBe('does not hold'));
  it('cannot be decided if the best B is the same', () =>
    expect(
      decide(
        'c',
        bestAt(() => 200),
      ).reason,
    ).toMatch(/nothing in these runs can be compared/));
  it('cannot be decided without two B for two α', () =>
    expect(
      decide(
        'c',
        runs(cross, 3, () => ({})),
      ).reason,
    ).toMatch(/fewer than two α/));
  it('cannot be decided without two B in common', () =>
    expect(
      decide(
        'c',
        runs([...product([1], [1, 2]), ...product([2], [3, 4])], 3, () => ({})),
      ).reason,
    ).toMatch(/fewer than two batch sizes in common/));
});

describe('(d) steps at the best B fall with α', () => {
  const grid = product([1, 1.5, 2], [100, 200, 400]);
  const accuracy = (a: number, b: number): number => (b === 100 * 2 ** (2 * a - 2) ? 0.9 : 0.8);
  const with_ = (steps: (alpha: number, size: number, replica: number) => number) =>
    runs(grid, 3, (a, b, r) => ({ accuracy: accuracy(a, b), steps: steps(a, b, r) }));
  it('holds', () => {
    const { verdict, reason } = decide(
      'd',
      with_((a, b, r) => 900 - 100 * a - b + r),
    );
    expect(verdict).toBe('holds');
    expect(reason).toMatch(
      /B = 100, 100, 100 for α = 1; B = 200, 200, 200 for α = 1\.5; B = 400, 400, 400 for α = 2\.$/,
    );
  });
  it('does not hold', () =>
    expect(
      decide(
        'd',
        with_((_, b, r) => b + r),
      ).verdict,
    ).toBe('does not hold'));
  it('cannot be decided if all were censored', () =>
    expect(
      decide(
        'd',
        with_(() => 5000),
      ).reason,
    ).toMatch(/all 9 runs were stopped/));
  it('cannot be decided where nothing stands out', () =>
    expect(
      decide(
        'd',
        with_((a, _, r) => 500 + ((2 * a + r) % 3)),
      ).verdict,
    ).toBe('cannot be decided'));
});

describe('(e) a large batch with noise enhancement is no less accurate', () => {
  const at = (enhanced: number, seeds = 4) =>
    runs(cross, seeds, (a, b, r) => ({
      accuracy: (a === 1 ? (b === 100 ? 0.9 : 0.85) : a === 3 ? enhanced : 0.7) + jitter(a, b, r),
    }));
  it('holds', () => {
    const { verdict, reason } = decide('e', at(0.905));
    expect(verdict).toBe('holds');
    expect(reason).toMatch(/α = 3 at B = 800 less α = 1 at B = 100: 0\.5\d points/);
  });
  it('does not hold, also within the margin', () => {
    expect(decide('e', at(0.8)).verdict).toBe('does not hold');
    expect(decide('e', at(0.895)).verdict).toBe('does not hold');
  });
  it('cannot be denied by a grid whose largest α is the best', () => {
    const rising = runs(cross, 4, (a, b, r) => ({
      accuracy: (a === 1 ? 0.9 : 0.6 + a / 20) + jitter(a, b, r),
    }));
    expect(decide('e', rising)).toMatchObject({
      verdict: 'cannot be decided',
      reason: expect.stringMatching(/^the best α, 4, is the largest of this grid/) as unknown,
    });
  });
  it('cannot be decided by two initialisations', () =>
    expect(decide('e', at(0.95, 2)).reason).toMatch(/^too few runs, .*p = 0\.17/));
  it('cannot be decided without α above 1 at the largest B, or without α = 1', () => {
    expect(
      decide(
        'e',
        at(0.9).filter(({ alpha }) => alpha === 1),
      ).reason,
    ).toMatch(/not run with an α above 1/);
    expect(
      decide(
        'e',
        at(0.9).filter(({ alpha }) => alpha > 1),
      ).reason,
    ).toMatch(/at α = 1/);
  });
});

describe('(f) it is not merely a smaller batch', () => {
  // B_eff of α = 2, 3, 4 at B = 800: 160, 61.5, 32.
  const at = (best: number, alpha: number, seeds = 5) =>
    runs(cross, seeds, (a, b, r) => ({
      accuracy: (a === 1 ? (b === best ? 0.9 : 0.8) : a === alpha ? 0.95 : 0.7) + jitter(a, b, r),
    }));
  it('holds if B_eff of the best α is below the best B', () => {
    const { verdict, reason } = decide('f', at(400, 3));
    expect(verdict).toBe('holds');
    expect(reason).toMatch(/best α at B = 800 is 3, B_eff = 61\.5, and the best B at α = 1 is 400/);
  });
  it('does not hold if they are equal', () => expect(decide('f', at(200, 2)).verdict).toBe('does not hold'));
  it('does not hold if B_eff is above', () => expect(decide('f', at(100, 2)).verdict).toBe('does not hold'));
  it('cannot be decided by too few initialisations', () =>
    expect(decide('f', at(400, 3, 2)).reason).toMatch(/too few runs/));
  it('cannot be denied by a grid whose largest α is the best', () =>
    expect(
      decide(
        'f',
        at(100, 4).filter(({ alpha }) => alpha !== 2 && alpha !== 3),
      ).reason,
    ).toMatch(/fewer than three α/));
  it('cannot be decided without several B and several α', () => {
    expect(
      decide(
        'f',
        runs(product([1], [100]), 5, () => ({})),
      ).reason,
    ).toMatch(/fewer than two batch sizes/);
    expect(
      decide(
        'f',
        runs(product([1], [100, 200]), 5, () => ({})),
      ).reason,
    ).toMatch(/fewer than three α/);
  });
});

describe('runs that diverged', () => {
  it('have no accuracy, and a time above the cap', () => {
    const all = runs(product([1, 2], [100]), 4, (a, _, r) => ({ steps: 100 * a + r, accuracy: 0.5 })).map(
      (run): Run => (run.alpha === 2 ? { ...run, outcome: 'diverged', testAccuracy: null, steps: 3 } : run),
    );
    expect(decide('a', all).verdict).toBe('holds');
    expect(pointsOf(all)[1]).toMatchObject({ diverged: 4, converged: 0, accuracy: { mean: NaN } });
    for (const { letter } of claims) expect(() => decide(letter, all)).not.toThrow();
  });
});

describe('every claim', () => {
  it('is undecided, and does not throw, on any few points', () => {
    const all = runs([...cross, ...product([1.5], [100, 800])], 2, (a, b, r) => ({
      accuracy: 0.5 + jitter(a, b, r),
    }));
    for (let count = 1; count <= all.length; count++)
      for (const { letter } of claims) expect(decide(letter, all.slice(0, count)).reason).toMatch(/\.$/);
  });

  it('states its test', () => {
    expect(claims.map(({ letter }) => letter).join('')).toBe('abcdef');
    for (const { statement, test } of claims) expect(`${statement} ${test}`).toMatch(/\. .*\.$/);
  });
});

describe('two convergence times', () => {
  it('compare as far as they are known', () => {
    const [converged, censored] = [
      (steps: number) => ({ steps, censored: false }),
      (steps: number) => ({ steps, censored: true }),
    ];
    expect(compareConvergence(converged(3), converged(5))).toBeGreaterThan(0);
    expect(compareConvergence(converged(5), censored(5))).toBeGreaterThan(0);
    expect(compareConvergence(censored(5), converged(5))).toBeLessThan(0);
    expect(compareConvergence(censored(5), converged(6))).toBe(0);
    expect(compareConvergence(censored(5), censored(9))).toBe(0);
    expect(convergenceTrend([[[converged(1)], [censored(9)], [censored(4)]]]).score).toBe(2);
  });

  it('of fair coins have the tail of Pascal’s triangle', () => {
    expect(fairCoinTail(5, 5)).toBeCloseTo(1 / 32, 12);
    expect(fairCoinTail(3, 4)).toBeCloseTo(5 / 16, 12);
    expect(fairCoinTail(0, 3)).toBeCloseTo(1, 12);
  });
});
