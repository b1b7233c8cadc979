import { beforeAll, describe, expect, it } from 'vitest';
import { init, random } from '../../engine/index.ts';
import {
  eulerMaruyama,
  heavyBallVariance,
  isStable,
  leadingOrderLoss,
  ornsteinUhlenbeck,
  regressionDynamics,
  regressionLaw,
  sgdDynamics,
  simulateStationary,
  simulateTransient,
  stationaryCovariance,
  stationaryLaw,
  transientLoss,
  type Dynamics,
  type QuadraticSgd,
  type StationaryLaw,
} from '../../stats/index.ts';
import { code } from '../nn/helpers.ts';

beforeAll(() => init({ backend: 'reference' }));

/** The quadratic of papers.md, 2.1. */
const quadratic: QuadraticSgd = { learningRate: 0.05, batchSize: 10, curvatures: [0.1, 0.5, 1, 2, 5] };

describe('the stationary law of SGD on a quadratic', () => {
  it('has the tabulated variances and loss', () => {
    const { variances, loss } = stationaryLaw(quadratic);
    expect(variances.map((value) => value.toFixed(6))).toEqual([
      '0.002506',
      '0.002532',
      '0.002564',
      '0.002632',
      '0.002857',
    ]);
    expect(loss.toFixed(5)).toBe('0.01181');
  });

  it('is η/2S in every direction to leading order, with a loss of η/4S Tr H', () => {
    const { variances, loss } = stationaryLaw(quadratic, 'leading-order');
    for (const value of variances) expect(value).toBeCloseTo(0.0025, 12);
    expect(loss).toBeCloseTo(0.01075, 12);
    expect(leadingOrderLoss(8.6, quadratic)).toBeCloseTo(0.01075, 12);
  });

  it('depends on η/S alone up to terms of order η', () => {
    const at = (beta: number): StationaryLaw =>
      stationaryLaw({ ...quadratic, learningRate: 1e-4 * beta, batchSize: 10 * beta });
    at(1).variances.forEach((value, i) => {
      const far = at(8).variances[i] as number;
      expect(Math.abs(far / value - 1)).toBeLessThan(8e-4 * quadratic.curvatures[i]!);
    });
  });

  it('with momentum is that of the heavy ball, and of a rate η/(1 - m) to leading order', () => {
    const settings = { learningRate: 0.1, batchSize: 1, curvatures: [1], momentum: 0.9 };
    const heavyBall = heavyBallVariance({ learningRate: 0.1, momentum: 0.9, curvature: 1, noise: 1 });
    expect(stationaryLaw(settings).variances[0]).toBeCloseTo(heavyBall, 12);
    expect(heavyBall).toBeCloseTo(0.5135, 4);
    expect(stationaryLaw(settings, 'leading-order').variances[0]).toBeCloseTo(0.5, 12);
    expect(leadingOrderLoss(1, settings)).toBeCloseTo(0.25, 12);
  });

  it('for any H and C solves Σ = A Σ Aᵀ + (η²/S) C, A = 1 - η H', () => {
    const h = [2, 0.5, 0.5, 1];
    const c = [1, -0.3, -0.3, 0.4];
    const [eta, size] = [0.3, 4];
    const sigma = stationaryCovariance(h, c, { learningRate: eta, batchSize: size });
    const times = (x: ArrayLike<number>, y: ArrayLike<number>): number[] =>
      [0, 1, 2, 3].map((k) => {
        const [row, column] = [k >> 1, k & 1];
        return x[2 * row]! * y[column]! + x[2 * row + 1]! * y[2 + column]!;
      });
    const a = h.map((value, k) => (k % 3 === 0 ? 1 : 0) - eta * value);
    const next = times(times(a, sigma), a).map((value, k) => value + (eta ** 2 / size) * c[k]!);
    sigma.forEach((value, k) => expect(next[k]).toBeCloseTo(value, 12));
    const equal = stationaryCovariance(h, h, { learningRate: eta, batchSize: size }, 'leading-order');
    [1, 0, 0, 1].forEach((one, k) => expect(equal[k]).toBeCloseTo((one * eta) / (2 * size), 12));
  });

  it('for regression on fresh examples solves its own equation and tends to that of C = H', () => {
    const { learningRate, batchSize, curvatures } = quadratic;
    const { variances, loss } = regressionLaw(quadratic);
    variances.forEach((s, i) => {
      const lambda = curvatures[i]!;
      const noise = lambda + lambda ** 2 * s + lambda * 2 * loss;
      const next = (1 - learningRate * lambda) ** 2 * s + (learningRate ** 2 / batchSize) * noise;
      expect(next).toBeCloseTo(s, 12);
    });
    const small = { ...quadratic, learningRate: 1e-5 };
    expect(regressionLaw(small).loss / stationaryLaw(small).loss).toBeCloseTo(1, 4);
  });

  it('refuses settings without one', () => {
    const law = (change: Partial<QuadraticSgd>) => () => stationaryLaw({ ...quadratic, ...change });
    expect(law({ learningRate: 0 })).toThrow(code('QUADRATIC'));
    expect(law({ learningRate: -0.1 })).toThrow(code('QUADRATIC'));
    expect(law({ batchSize: 2.5 })).toThrow(code('QUADRATIC'));
    expect(law({ curvatures: [] })).toThrow(code('QUADRATIC'));
    expect(law({ curvatures: [1, 0] })).toThrow(code('QUADRATIC'));
    expect(law({ noise: [1] })).toThrow(code('QUADRATIC'));
    expect(law({ noise: [1, 1, -1, 1, 1] })).toThrow(code('QUADRATIC'));
    expect(law({ momentum: 1 })).toThrow(code('QUADRATIC'));
    expect(law({ learningRate: 0.4 })).toThrow(code('UNSTABLE'));
    expect(() => regressionLaw({ ...quadratic, learningRate: 0.39 })).toThrow(code('UNSTABLE'));
    expect(() => stationaryCovariance([1, 0, 0, -1], [1, 0, 0, 1], quadratic)).toThrow(code('QUADRATIC'));
    expect(() => eulerMaruyama({ ...quadratic, momentum: 0.5 }, 0.1)).toThrow(code('QUADRATIC'));
    expect(() => ornsteinUhlenbeck(quadratic, 0)).toThrow(code('STEP'));
    expect(isStable({ ...quadratic, learningRate: 0.4 })).toBe(false);
    expect(isStable({ ...quadratic, learningRate: 0.399 })).toBe(true);
  });
});

describe('simulated chains', () => {
  // Few coordinates that forget soon, so that a burn-in is short. Limits are five standard errors: p = 6e-7 each.
  const fast: QuadraticSgd = { learningRate: 0.5, batchSize: 4, curvatures: [0.6, 2], noise: [1, 0.5] };
  const law = (settings: QuadraticSgd, dt: number): StationaryLaw => {
    // Euler and Maruyama in steps of dt are SGD with rate dt, whose noise is η/dt times as large in variance.
    const { learningRate, noise = settings.curvatures } = settings;
    return stationaryLaw({ ...settings, learningRate: dt, noise: noise.map((c) => (c * learningRate) / dt) });
  };
  const processes: readonly (readonly [string, Dynamics, StationaryLaw])[] = [
    ['SGD', sgdDynamics(fast), stationaryLaw(fast)],
    ['SGD with momentum', sgdDynamics({ ...fast, momentum: 0.5 }), stationaryLaw({ ...fast, momentum: 0.5 })],
    ['the equation in steps of half the rate', eulerMaruyama(fast, 0.25), law(fast, 0.25)],
    ['the equation without error', ornsteinUhlenbeck(fast, 0.5), stationaryLaw(fast, 'leading-order')],
    [
      'minibatches of a regression',
      regressionDynamics({ ...fast, batchSize: 2, learningRate: 0.3 }),
      regressionLaw({ ...fast, batchSize: 2, learningRate: 0.3 }),
    ],
  ];
  for (const [name, dynamics, expected] of processes)
    it(`of ${name} have the predicted variances and loss`, async () => {
      const options = { key: random.key(7), chains: 240, burnIn: 12, looks: 2, every: 6 };
      const { secondMoments, loss, steps } = await simulateStationary(dynamics, options);
      expect(steps).toBe(24);
      for (const [k, { value, standardError }] of [...secondMoments, loss].entries()) {
        const wanted = [...expected.variances, expected.loss][k] as number;
        expect(standardError).toBeLessThan(0.12 * wanted);
        expect(Math.abs(value - wanted)).toBeLessThan(5 * standardError);
      }
    });

  it('of SGD with steps of dt = η are the equation by Euler and Maruyama, to the bit', async () => {
    const options = { key: random.key(3), chains: 2, burnIn: 0, looks: 1, every: 9 };
    const [sgd, euler] = [
      await simulateStationary(sgdDynamics({ ...fast, batchSize: 4 }), options),
      await simulateStationary(eulerMaruyama({ ...fast, batchSize: 4 }, 0.5), options),
    ];
    expect(euler.loss.value).toBeCloseTo(sgd.loss.value, 12);
  });

  it('on the way have the predicted mean loss', async () => {
    const start = [1, -1];
    const points = await simulateTransient(sgdDynamics(fast), {
      key: random.key(11),
      chains: 200,
      start,
      at: [0, 1, 3, 10],
    });
    for (const { step, time, loss } of points) {
      expect(time).toBe(step / 2);
      expect(Math.abs(loss.value - transientLoss(fast, start, step))).toBeLessThan(
        5 * loss.standardError + 1e-9,
      );
    }
  });

  it('that diverge are an error, and so are counts that are none', async () => {
    const options = { key: random.key(0), chains: 4, burnIn: 0, looks: 1, every: 4 };
    const wild = sgdDynamics({ ...fast, learningRate: 1e200 });
    await expect(simulateStationary(wild, options)).rejects.toThrow(code('NON_FINITE'));
    await expect(simulateStationary(sgdDynamics(fast), { ...options, burnIn: -1 })).rejects.toThrow(
      code('COUNT'),
    );
    await expect(simulateStationary(sgdDynamics(fast), { ...options, chains: 1 })).rejects.toThrow(
      code('COUNT'),
    );
    await expect(simulateTransient(sgdDynamics(fast), { ...options, at: [3, 1] })).rejects.toThrow(
      code('COUNT'),
    );
    await expect(simulateTransient(sgdDynamics(fast), { ...options, at: [1], start: [1] })).rejects.toThrow(
      code('SHAPE'),
    );
  });
});
