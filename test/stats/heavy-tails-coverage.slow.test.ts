/** Do the standard errors of stable fits say what they mean? Over 200 seeds of 500 samples; fewer are in heavy-tails.test.ts. And a tail, counted. */
import { beforeAll, expect, it } from 'vitest';
import { init, random } from '../../engine/index.ts';
import {
  characteristicFit,
  fitStable,
  quantileFit,
  sampleStable,
  stableCdf,
  stableStream,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const [SEEDS, SAMPLES] = [200, 500];

it.each(
  ([0.8, 1, 1.5, 1.8] as const).flatMap((alpha) =>
    (
      [
        ['quantiles', quantileFit],
        ['the characteristic function', characteristicFit],
        ['likelihood', fitStable],
      ] as const
    ).map(([name, fit]) => [name, alpha, fit] as const),
  ),
)(
  '%s at alpha = %f: two standard errors hold the truth in 90 to 98 % of 200 seeds',
  async (_, alpha, fit) => {
    let [alphas, scales] = [0, 0];
    for (let seed = 0; seed < SEEDS; seed++) {
      const x = await sampleStable(random.key(seed), [SAMPLES], alpha).data();
      const found = fit(Float64Array.from(x));
      if (Math.abs(found.alpha - alpha) <= 2 * found.alphaError) alphas++;
      if (Math.abs(found.scale - 1) <= 2 * found.scaleError) scales++;
    }
    for (const count of [alphas, scales]) {
      expect(count / SEEDS).toBeGreaterThanOrEqual(0.9);
      expect(count / SEEDS).toBeLessThanOrEqual(0.98);
    }
  },
);

// At the end of the range an estimator is right or too low, so only the lower bound is asked for.
it.each([
  ['quantiles', quantileFit],
  ['the characteristic function', characteristicFit],
  ['likelihood', fitStable],
] as const)('%s hold alpha = 2 in at least 90 % of 200 seeds', async (_, fit) => {
  let held = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const x = await sampleStable(random.key(seed), [SAMPLES], 2).data();
    const found = fit(Float64Array.from(x));
    if (2 - found.alpha <= 2 * found.alphaError) held++;
  }
  expect(held / SEEDS).toBeGreaterThanOrEqual(0.9);
});

it('stable numbers exceed 50 as often as the law says: 0.00113 at alpha = 1.5, within 5 %', () => {
  const at = stableStream([1, 2], 1.5);
  const n = 2_000_000;
  let beyond = 0;
  for (let k = 0; k < n; k++) if (Math.abs(at(k)) > 50) beyond++;
  // 2,260 are expected, with a deviation of 48.
  expect(Math.abs(beyond / n / (2 * stableCdf(-50, 1.5)) - 1)).toBeLessThan(0.05);
  expect(2 * stableCdf(-50, 1.5)).toBeCloseTo(0.00113, 5);
});
