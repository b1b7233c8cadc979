import { beforeAll, expect, it } from 'vitest';
import { init, random } from '../../engine/index.ts';
import {
  heavyBallVariance,
  sgdDynamics,
  simulateStationary,
  stationaryLaw,
  type QuadraticSgd,
} from '../../stats/index.ts';

beforeAll(() => init());

it('simulated SGD has the tabulated variances within 2 % and the loss of the finite step, not of the limit', async () => {
  const quadratic: QuadraticSgd = { learningRate: 0.05, batchSize: 10, curvatures: [0.1, 0.5, 1, 2, 5] };
  const { secondMoments, loss } = await simulateStationary(sgdDynamics(quadratic), {
    key: random.key(1),
    chains: 20_000,
    burnIn: 800,
    looks: 4,
    every: 150,
  });
  const { variances } = stationaryLaw(quadratic);
  // The scatter is 0.4 % at most.
  secondMoments.forEach(({ value }, k) => expect(Math.abs(value / variances[k]! - 1)).toBeLessThan(0.02));
  expect(loss.value).toBeGreaterThan(0.0116);
  expect(loss.value).toBeLessThan(0.012);
});

it('simulated heavy-ball momentum has its stationary variance within 2 %', async () => {
  const settings = { learningRate: 0.1, batchSize: 1, curvatures: [1], momentum: 0.9 };
  const { secondMoments } = await simulateStationary(sgdDynamics(settings), {
    key: random.key(2),
    chains: 40_000,
    burnIn: 200,
    looks: 4,
    every: 60,
  });
  const expected = heavyBallVariance({ learningRate: 0.1, momentum: 0.9, curvature: 1, noise: 1 });
  expect(expected).toBeCloseTo(0.5135, 4);
  expect(Math.abs(secondMoments[0]!.value / expected - 1)).toBeLessThan(0.02);
});
