/** Symmetric stable laws in float64: the density against closed forms and tables, the sampler against the density, fits against the truth. */
import { beforeAll, describe, expect, it } from 'vitest';
import { init, random, type Shape } from '../../engine/index.ts';
import {
  characteristicFit,
  compareTails,
  fitNormal,
  fitStable,
  histogramErrors,
  quantileFit,
  sampleStable,
  stableCdf,
  stableDensity,
  stableQuantile,
  stableStream,
  tailConstant,
} from '../../stats/index.ts';
import { logLikelihood } from '../../stats/heavy-tails/likelihood.ts';
import { logGamma } from '../../stats/heavy-tails/gamma.ts';

beforeAll(() => init({ backend: 'reference' }));

const ALPHAS = [0.5, 0.7, 0.95, 0.9999, 1.0001, 1.2, 1.5, 1.8, 1.99];

async function draw(seed: number, shape: Shape, alpha: number): Promise<Float64Array> {
  return Float64Array.from(await sampleStable(random.key(seed), shape, alpha).data());
}

/** The greatest distance of the empirical distribution from SαS(1), in units of what is exceeded with p = 1e-6 by chance. */
function kolmogorov(samples: Float64Array, alpha: number): number {
  const n = samples.length;
  const distance = samples.toSorted().reduce((worst, x, k) => {
    const p = stableCdf(x, alpha);
    return Math.max(worst, p - k / n, (k + 1) / n - p);
  }, 0);
  // Kolmogorov: P(D > d) ≤ 2 exp(-2 n d²), Massart (1990).
  return distance / Math.sqrt(Math.log(2 / 1e-6) / (2 * n));
}

describe('the density of a symmetric stable law', () => {
  it('has the tabulated values, to the six digits they are given with', () => {
    const table: [number, number[], number][] = [
      [0.8, [0.360646, 0.131846, 0.054938, 0.013244], 0.74414],
      [1.5, [0.287353, 0.202038, 0.08454, 0.007112], 0.75634],
      [1.8, [0.283069, 0.214189, 0.096701, 0.003265], 0.75871],
      [2, [0.282095, 0.219696, 0.103777, 0.000545], 0.76025],
    ];
    for (const [alpha, densities, probability] of table) {
      [0, 1, 2, 5].forEach((x, k) =>
        expect(Math.abs(stableDensity(x, alpha) - densities[k]!)).toBeLessThan(5.1e-7),
      );
      expect(Math.abs(stableCdf(1, alpha) - probability)).toBeLessThan(5.1e-6);
    }
  });

  it('is NaN at NaN, as the distribution function is', () => {
    for (const alpha of [0.7, 1, 1.5, 2]) {
      expect(stableDensity(NaN, alpha)).toBeNaN();
      expect(stableCdf(NaN, alpha)).toBeNaN();
    }
  });

  it('agrees with quadrature in 40 digits to 1e-15, and to 1e-10 of the tail', () => {
    // alpha, x, p(x), P(X > x): the rotated integral of stats/heavy-tails/distribution.ts along another path, by mpmath.
    const values: [number, number, number, number][] = [
      [0.5, 0.05, 0.570949804005702, 0.46941288880564563],
      [0.5, 3.5, 0.019585230437039688, 0.17275800327929847],
      [0.8, 9, 0.00491668005209538, 0.0581147819277484],
      [0.99, 1, 0.1578978787704861, 0.250223438472194],
      [1.2, 2.5, 0.04706410218510655, 0.09903331681701845],
      [1.5, 6, 0.004223463222547379, 0.015176223149543725],
      [1.5, 20, 0.00017336690689247097, 0.0022705530399513485],
      [1.8, 9, 0.00041194309651490545, 0.0018984036623586123],
      [1.99, 6, 0.00010857348951929438, 0.00018602129587726987],
      [1.999, 9, 1.6275276540829642e-6, 6.711378983678165e-6],
    ];
    for (const [alpha, x, density, tail] of values) {
      for (const [found, exact] of [
        [stableDensity(x, alpha), density],
        [stableCdf(-x, alpha), tail],
      ] as const) {
        expect(Math.abs(found - exact)).toBeLessThan(1.5e-15);
        expect(Math.abs(found / exact - 1)).toBeLessThan(1e-10);
      }
    }
  });

  it('is N(0, 2σ²) at 2 and the law of Cauchy at 1, and is continuous in alpha at both', () => {
    for (const x of [-7, -1, 0, 0.3, 2.5, 9]) {
      expect(stableDensity(x, 2, 1.5)).toBeCloseTo(Math.exp((-x * x) / 9) / Math.sqrt(9 * Math.PI), 15);
      expect(stableDensity(x, 1, 2)).toBeCloseTo(2 / (Math.PI * (4 + x * x)), 15);
      expect(stableCdf(x, 1, 2)).toBeCloseTo(0.5 + Math.atan(x / 2) / Math.PI, 15);
      // The integral itself, a step of 1e-13 away from where the closed form takes over.
      expect(Math.abs(stableDensity(x, 1 + 1e-13) - stableDensity(x, 1))).toBeLessThan(5e-14);
      expect(Math.abs(stableDensity(x, 2 - 1e-13) - stableDensity(x, 2))).toBeLessThan(5e-14);
    }
    // Φ(√2) and Φ(-1/√2).
    expect(stableCdf(2, 2)).toBeCloseTo(0.9213503964748575, 14);
    expect(stableCdf(-1, 2)).toBeCloseTo(0.23975006109347669, 14);
  });

  it('tends to Γ(1 + 1/α)/π at 0', () => {
    for (const alpha of ALPHAS) {
      const peak = Math.exp(logGamma(1 + 1 / alpha)) / Math.PI;
      expect(stableDensity(0, alpha)).toBe(peak);
      expect(Math.abs(stableDensity(1e-15, alpha) - peak)).toBeLessThan(2e-14);
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 14);
    expect(logGamma(171)).toBeCloseTo(706.5730622457874, 11);
  });

  it('meets its series where the methods change, and its power law far out', () => {
    for (const alpha of ALPHAS) {
      // A smooth function: the sixth difference is small, also where neighbours come from different methods.
      for (let x = 2.9; x < 40; x *= 1.15) {
        const h = 0.005 * x;
        const [a, b, c, d, e, f, g] = [-3, -2, -1, 0, 1, 2, 3].map((k) => stableDensity(x + k * h, alpha));
        const sixth = a! - 6 * b! + 15 * c! - 20 * d! + 15 * e! - 6 * f! + g!;
        expect(Math.abs(sixth) / d!, `alpha ${alpha}, x ${x}`).toBeLessThan(1e-6);
      }
      const x = 1e6;
      const tail = tailConstant(alpha) * x ** -alpha;
      expect(Math.abs((2 * stableCdf(-x, alpha)) / tail - 1)).toBeLessThan(0.5 * x ** -Math.min(alpha, 1));
      expect(Math.abs((2 * stableDensity(x, alpha) * x) / (alpha * tail) - 1)).toBeLessThan(
        x ** -Math.min(alpha, 1),
      );
    }
    expect([0.8, 1, 1.2, 1.5, 1.8].map((alpha) => tailConstant(alpha).toFixed(4))).toEqual([
      '0.7049',
      '0.6366',
      '0.5559',
      '0.3989',
      '0.1832',
    ]);
  });

  it('is the derivative of the distribution function, which its quantiles invert', () => {
    for (const alpha of ALPHAS)
      for (const x of [0.1, 1, 2.9, 4, 12]) {
        const h = 1e-3 * x;
        const [a, b, c, d] = [-2, -1, 1, 2].map((k) => stableCdf(x + k * h, alpha));
        expect((a! - 8 * b! + 8 * c! - d!) / (12 * h)).toBeCloseTo(stableDensity(x, alpha), 9);
      }
    for (const alpha of [0.6, 1, 1.7, 2])
      for (const p of [0.001, 0.3, 0.5, 0.95])
        expect(stableCdf(stableQuantile(p, alpha, 3), alpha, 3)).toBeCloseTo(p, 12);
  });

  it('is interpolated in the likelihood to 1e-4 of its logarithm', () => {
    for (const alpha of [0.512, 0.613, 0.99, 1.487, 1.961, 1.99, 1.998])
      for (let u = 0.003; u < 14; u += 0.0537) {
        const x = Math.sinh(u);
        const error = logLikelihood([2 * x], alpha, 2) + Math.log(2) - Math.log(stableDensity(x, alpha));
        const bound = x > 4000 ? 3e-3 : alpha < 0.6 ? 6e-4 : 1e-4;
        expect(Math.abs(error), `alpha ${alpha}, x ${x}`).toBeLessThan(bound);
      }
  });

  it.each([
    [0, /alpha 0 is outside \(0, 2\]/],
    [2.1, /alpha 2.1 is outside/],
    [Number.NaN, /alpha NaN is outside/],
  ])('refuses alpha = %f', (alpha, message) => {
    expect(() => stableDensity(1, alpha)).toThrow(message);
    expect(() => sampleStable(random.key(0), [2], alpha)).toThrow(message);
    expect(() => stableCdf(1, 1, 0)).toThrow(/scale 0 is not positive/);
    expect(() => stableQuantile(1, 1)).toThrow(/probability 1 is outside/);
  });
});

describe('stable random numbers', () => {
  it.each([0.6, 1, 1.5, 2])('have the law of their density, alone and summed: alpha = %f', async (alpha) => {
    const n = 1000;
    const terms = 16;
    const x = await draw(11, [n, terms], alpha);
    const sums = (count: number): Float64Array =>
      Float64Array.from({ length: n }, (_, i) => {
        const part = x.subarray(i * terms, i * terms + count);
        return part.reduce((a, b) => a + b, 0) / count ** (1 / alpha);
      });
    // X₁ + … + X_n ~ n^{1/α} X.
    for (const count of [1, 2, 16]) expect(kolmogorov(sums(count), alpha)).toBeLessThan(1);
    // Re φ̂ has variance (1 + φ(2t))/2 - φ(t)² over n; five of its standard deviations.
    const phi = (t: number): number => Math.exp(-(t ** alpha));
    for (const t of [0.2, 1, 2]) {
      const measured = x.reduce((sum, value) => sum + Math.cos(t * value), 0) / x.length;
      const deviation = Math.sqrt(((1 + phi(2 * t)) / 2 - phi(t) ** 2) / x.length);
      expect(Math.abs(measured - phi(t))).toBeLessThan(5 * deviation);
    }
  });

  it('grow as n^(1/α) when summed', async () => {
    const alpha = 1.2;
    const x = await draw(5, [1024, 64], alpha);
    const sizes = [1, 4, 16, 64].map((count) => {
      const sums = Float64Array.from({ length: 1024 }, (_, i) =>
        Math.abs(x.subarray(i * 64, i * 64 + count).reduce((a, b) => a + b, 0)),
      );
      return Math.log(sums.toSorted()[512]!);
    });
    const slope = (3 * (sizes[3]! - sizes[0]!) + (sizes[2]! - sizes[1]!)) / (10 * Math.log(4));
    // The error of ln(median) is 1/(2 √n f m) = 0.05, of the slope 0.03 at most.
    expect(Math.abs(slope - 1 / alpha)).toBeLessThan(0.1);
  });

  it('are finite down to small alpha, and are all different numbers', async () => {
    for (const alpha of [0.05, 0.3, 1e-3]) {
      const x = await draw(3, [2000], alpha);
      expect(x.every((value) => Number.isFinite(value))).toBe(true);
    }
    expect(new Set(await draw(3, [2000], 1.3)).size).toBe(2000);
  });
});

describe('stable numbers in TypeScript', () => {
  it.each([0.3, 0.55, 1, 1.3, 2])('are those of the same key: alpha = %f', async (alpha) => {
    const key = random.key(2 ** 40 + 9);
    const at = stableStream(await key.data(), alpha);
    const drawn = await sampleStable(key, [1500], alpha).data();
    drawn.forEach((x, k) => expect(Math.abs(at(k) / x - 1)).toBeLessThan(1e-12));
  });

  it('are tangents of a uniform angle at 1, and normal numbers after Box and Muller at 2', async () => {
    const key = random.key(5);
    const [angles, exponentials] = await Promise.all(
      random.splitList(key, 2).map((each) => random.bits(each, [500]).data()),
    );
    const unit = (bits: number): number => (2 * (bits >>> 9) + 1) * 2 ** -24;
    const words = await key.data();
    const [cauchy, normal] = [stableStream(words, 1), stableStream(words, 2)];
    for (let k = 0; k < 500; k++) {
      const angle = ((angles![k]! & 256) === 0 ? 1 : -1) * (1 - unit(angles![k]!)) * (Math.PI / 2);
      const exponential = -Math.log(unit(exponentials![k]!));
      expect(Math.abs(cauchy(k) / Math.tan(angle) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(normal(k) / (2 * Math.sin(angle) * Math.sqrt(exponential)) - 1)).toBeLessThan(1e-12);
    }
  });

  it.each([0, 2.1, Number.NaN])('refuse alpha = %f', (alpha) => {
    expect(() => stableStream([0, 0], alpha)).toThrow(/outside \(0, 2\]/);
  });
});

describe('fits of a symmetric stable law', () => {
  it.each([
    ['quantiles', quantileFit],
    ['the characteristic function', characteristicFit],
    ['likelihood', fitStable],
  ] as const)('by %s cover the truth and scale with the samples', async (_, fit) => {
    let covered = 0;
    for (const alpha of [1, 1.5]) {
      const x = await draw(21, [20, 500], alpha);
      for (let k = 0; k < 20; k++) {
        const estimate = fit(x.subarray(500 * k, 500 * (k + 1)).map((value) => 3 * value + 7));
        if (Math.abs(estimate.alpha - alpha) <= 2 * estimate.alphaError) covered++;
        if (Math.abs(estimate.scale - 3) <= 2 * estimate.scaleError) covered++;
      }
    }
    // Of 80, 95.4 % are expected; 200 seeds are in heavy-tails-coverage.slow.test.ts.
    expect(covered).toBeGreaterThanOrEqual(70);
  });

  it('finds a normal law normal: alpha near 2, and errors of the histogram within 5 %', async () => {
    const x = Float64Array.from(await random.normal(random.key(4), [2000]).data());
    const { normal, stable } = compareTails(x);
    expect(stable.alpha).toBeGreaterThan(1.95);
    expect(Math.abs(stable.scale - Math.SQRT1_2)).toBeLessThan(0.03);
    expect(normal.standardDeviation).toBeCloseTo(1, 1);
    expect(Math.abs(stable.sumOfSquares / normal.sumOfSquares - 1)).toBeLessThan(0.05);
    // Of counting alone, h has variance p/(n w): Σ (h - p)² is 1/(n w²), with the relative deviation √(2w ∫p²) = √(0.56 w).
    const w = (Math.max(...x) - Math.min(...x)) / normal.standardDeviation / 100;
    expect(Math.abs(normal.sumOfSquares * 2000 * w * w - 1)).toBeLessThan(5 * Math.sqrt(0.56 * w));
  });

  it('finds heavy tails heavy: both errors fall, and do not depend on the unit', async () => {
    const x = await draw(8, [2000], 1.4);
    const { normal, stable } = compareTails(x);
    expect(stable.sumOfSquares).toBeLessThan(normal.sumOfSquares / 4);
    expect(stable.chiSquare).toBeLessThan(normal.chiSquare / 4);
    expect(stable.logLikelihood).toBeGreaterThan(normal.logLikelihood + 100);
    const scaled = compareTails(x.map((value) => 1e-5 * value));
    expect(scaled.stable.sumOfSquares / stable.sumOfSquares).toBeCloseTo(1, 3);
    expect(scaled.normal.chiSquare / normal.chiSquare).toBeCloseTo(1, 6);
  });

  it('counts histogram errors as defined: by hand for two bins', () => {
    // Bins [0, 1) and [1, 2]: h = 1/4, 3/4; with p = 1/2: SSE = 1/16 + 1/16, Chi2 = (1/16)/(3/4) + (1/16)/(5/4).
    const { sumOfSquares, chiSquare } = histogramErrors([0, 1.5, 1.5, 2], () => 0.5, 2);
    expect(sumOfSquares).toBeCloseTo(1 / 8, 14);
    expect(chiSquare).toBeCloseTo(1 / 12 + 1 / 20, 14);
  });

  it('refuses constant, too few and non-finite samples', () => {
    const dead = Array.from({ length: 40 }, (_, k) => (k < 35 ? 0 : k));
    const infinite = Array.from({ length: 40 }, (_, k) => (k === 3 ? Infinity : k));
    for (const fit of [quantileFit, characteristicFit, fitStable, compareTails]) {
      expect(() => fit([1, 2, 3])).toThrow(/3 samples are too few: pass at least 20/);
      expect(() => fit(dead)).toThrow(/half of the 40 samples are 0/);
      expect(() => fit(infinite)).toThrow(/NaN or infinity/);
    }
    expect(() => fitNormal([2])).toThrow(/1 samples have no spread/);
    expect(() => fitNormal([0.1, 0.1, 0.1])).toThrow(/all 3 samples are 0.1/);
    expect(() => fitNormal([1, Number.NaN])).toThrow(/NaN or infinity/);
  });
});
