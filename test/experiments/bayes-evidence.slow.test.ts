import { beforeAll, describe, expect, it } from 'vitest';
import { evidence } from '../../experiments/bayes-sgd/evidence/index.ts';
import { argmin, fitsOf, sweepsOf, type Fit } from '../../experiments/bayes-sgd/evidence/records.ts';
import { leastRatio, ratioCorrelation } from '../../experiments/bayes-sgd/evidence/claims.ts';
import { drawTasks, type TaskName } from '../../experiments/bayes-sgd/evidence/task.ts';
import { noDataset } from '../../experiments/own-data.ts';
import { symmetricEigen } from '../../stats/index.ts';
import type { RunRecord } from '../../experiments/types.ts';

const published = evidence.presets.paper;

/** The draws of docs/results/bayes-sgd.md, and one more of each of two seeds. */
const draws: readonly (readonly [seed: number, repeats: number])[] = [
  [0, 5],
  [1, 1],
  [2, 1],
];

/**
 * The least E over λ of coins, to first order. At the null the gradient of the loss is a sum over examples of x (1/2 - y), which
 * has for given inputs the covariance H = XᵀX/4, the Hessian. So with the eigenvalues h of H and independent standard normal z
 *   E(λ) = ½ Σ [ln(1 + h/λ) - z² h/(h + λ)]:
 * never below 0 in the mean, since ln(1 + x) > x/(1 + x), but scattered by ½ √(2 Σ (h/(h + λ))²), which is 2 at λ = 300.
 */
function leastRatiosByChance(count: number): number[] {
  const { features, trainExamples: n } = published;
  const { inputs } = drawTasks({ ...published, testExamples: 1 }, 0, 0).random.train;
  const row = (mu: number): Float64Array => inputs.subarray(mu * (features + 1), (mu + 1) * (features + 1));
  // XXᵀ/4 has the eigenvalues of H that are not 0.
  const gram = Array.from({ length: n * n }, (_, k) => {
    const other = row(k % n);
    return row(Math.floor(k / n)).reduce((sum, x, i) => sum + x * other[i]!, 0) / 4;
  });
  const shares = published.lambdas.map((lambda) =>
    [...symmetricEigen(gram).values].map((h) => Math.max(h, 0) / lambda),
  );
  let word = 12345;
  const uniform = (): number => (word = (word * 48271) % 2147483647) / 2147483647;
  return Array.from({ length: count }, () => {
    const squares = Array.from(
      { length: n },
      () => -2 * Math.log(uniform()) * Math.cos(2 * Math.PI * uniform()) ** 2,
    );
    const ratios = shares.map((of) =>
      of.reduce((sum, x, i) => sum + (Math.log1p(x) - (squares[i]! * x) / (1 + x)) / 2, 0),
    );
    return Math.min(...ratios);
  }).sort((a, b) => a - b);
}

describe('the evidence at the published size', () => {
  const fits: Fit[] = [];
  const sweeps: { seed: number; task: TaskName; fits: readonly Fit[] }[] = [];
  beforeAll(async () => {
    const nothing = (): void => undefined;
    for (const [seed, repeats] of draws) {
      const records: RunRecord[] = [];
      const context = {
        seed,
        dataset: noDataset,
        signal: { aborted: false },
        progress: nothing,
        log: nothing,
      };
      for await (const record of evidence.run({ ...published, repeats }, context)) records.push(record);
      fits.push(...fitsOf(records));
      sweeps.push(...sweepsOf(fitsOf(records)).map((sweep) => ({ ...sweep, seed })));
    }
  }, 600_000);
  const each = (task: TaskName, what: (fits: readonly Fit[]) => number): number[] => {
    const values = sweeps.filter((sweep) => sweep.task === task).map((sweep) => what(sweep.fits));
    expect(values).toHaveLength(7);
    return values;
  };

  it('is of fits that converged', () => {
    expect(Math.max(...fits.map(({ steps }) => steps))).toBeLessThanOrEqual(30);
    expect(Math.max(...fits.map(({ gradientNorm }) => gradientNorm))).toBeLessThan(1e-9);
  });

  it('never falls below -1 on random labels, in the five draws of docs/results', () => {
    const ratios = each('random', leastRatio).slice(0, 5);
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(-1);
  });

  it('falls below -1 on random labels in 6 % of draws by chance, and far below in none', () => {
    const byChance = leastRatiosByChance(4000);
    const below = byChance.filter((ratio) => ratio < -1).length / byChance.length;
    // 0.062 of 60,000; the deviation of 4,000 is 0.004.
    expect(Math.abs(below - 0.062)).toBeLessThan(0.016);
    const measured = each('random', leastRatio);
    // Four or more of seven at 0.062 each have p = 5e-4.
    expect(measured.filter((ratio) => ratio < -1).length).toBeLessThanOrEqual(3);
    // Once in 2,000 draws.
    expect(Math.min(...measured)).toBeGreaterThan(byChance[1]!);
  });

  it('is least within one step of the grid of where the test cross-entropy is, on informative labels', () => {
    const apart = each('informative', (sweep) =>
      Math.abs(argmin(sweep, (fit) => fit.logRatio) - argmin(sweep, (fit) => fit.testCrossEntropy)),
    );
    expect(Math.max(...apart)).toBeLessThanOrEqual(1);
  });

  it('believes informative labels as far as papers.md has it, and follows the test cross-entropy', () => {
    for (const least of each('informative', leastRatio)) {
      expect(least).toBeGreaterThan(-20);
      expect(least).toBeLessThan(-4);
    }
    const losses = each('informative', (sweep) =>
      Math.min(...sweep.map(({ testCrossEntropy }) => testCrossEntropy)),
    );
    expect(Math.max(...losses)).toBeLessThan(0.58);
    expect(Math.min(...each('informative', ratioCorrelation))).toBeGreaterThan(0.9);
  });
});
