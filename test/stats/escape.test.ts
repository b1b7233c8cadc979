/** HT's theory of escape: the numbers that papers.md gives, the limits, and what of the paper had to be corrected. */
import { describe, expect, it } from 'vitest';
import { seedWords } from '../../engine/random/threefry.ts';
import {
  axisRatio,
  basinFactor,
  betweenJumpCorrelation,
  borderDistances,
  boundExponents,
  escapeBound,
  escapeBoundWithoutDecay,
  escapeSteps,
  exitBound,
  exitProbability,
  exitRate,
  exitsPerStep,
  exponentialRate,
  flowBound,
  jumpIntensity,
  jumpMass,
  jumpThreshold,
  meanJumpGap,
  multiStepRate,
  noiseCoefficient,
  rateRatio,
  relaxationTime,
  smallJumpMean,
  stableStream,
  weibullMean,
  type EscapeAxis,
} from '../../stats/index.ts';

const axis = (changes: Partial<EscapeAxis> = {}): EscapeAxis => ({
  alpha: 1.5,
  scale: 0.2,
  plus: 1,
  minus: 2,
  epsilon: 0.3,
  ...changes,
});
const axes = [axis(), axis({ alpha: 1.2, plus: 0.7 }), axis({ alpha: 0.9, scale: 0.1 })];

describe('one coordinate of the theory', () => {
  it('has large jumps at the rate ν(|y| > O), and gaps of its inverse', () => {
    for (const alpha of [0.7, 1, 1.6])
      for (const s of [1, 0.1]) {
        const l = axis({ alpha });
        // ν(|y| > O) = 2 ∫_O^∞ y^{-1-α} dy = 2 O^{-α}/α.
        const measure = (2 / alpha) * jumpThreshold(l, 0.4, s) ** -alpha;
        expect(jumpIntensity(l, 0.4, s)).toBeCloseTo(measure, 12);
        expect(meanJumpGap(l, 0.4, s) * jumpIntensity(l, 0.4, s)).toBeCloseTo(1, 14);
      }
    // The gap is printed with s^{-ρα}: the exponent of β is ρ(α - 1).
    expect(meanJumpGap(axis(), 0.4, 0.1) / meanJumpGap(axis(), 0.4)).toBeCloseTo(0.1 ** (-0.4 * 0.5), 12);
  });

  it('has a noise coefficient below 1 for alpha > 1 only, which grows under decay for alpha < 1', () => {
    expect(noiseCoefficient(0.1, 1.5)).toBeCloseTo(0.1 ** (1 / 3), 14);
    expect(noiseCoefficient(0.1, 1)).toBe(1);
    expect(noiseCoefficient(0.1, 0.5)).toBeCloseTo(10, 12);
    // The noise of an Euler step of length η: ε η^{1/α} = η.
    for (const alpha of [0.5, 1, 1.7, 2])
      expect(noiseCoefficient(0.03, alpha) * 0.03 ** (1 / alpha)).toBeCloseTo(0.03, 14);
    expect(exitRate(axis({ alpha: 0.5 }), 0.1)).toBeGreaterThan(exitRate(axis({ alpha: 0.5 })));
    expect(exitRate(axis(), 0.1)).toBeLessThan(exitRate(axis()));
  });

  it('leaves with the probability m Φ/β per large jump, which is that of a jump beyond the border', () => {
    const l = axis();
    expect(basinFactor(l)).toBeCloseTo(1 + 2 ** -1.5, 14);
    expect(jumpMass(l)).toBeCloseTo(0.06 ** 1.5 / 1.5, 14);
    // ν(ελy beyond d)/ν(|y| > O).
    const beyond = (d: number): number => (d / 0.06) ** -1.5 / 1.5;
    expect(exitProbability(l, 0.5)).toBeCloseTo((beyond(1) + beyond(2)) / jumpIntensity(l, 0.5), 14);
    expect(basinFactor(axis({ minus: Infinity }))).toBe(1);
  });

  it('adds up small jumps with a mean that is continuous at alpha = 1', () => {
    const at = (alpha: number): number => smallJumpMean(axis({ alpha }), 0.5, 2);
    expect(at(1)).toBeCloseTo(4 * 0.5 * Math.log(1 / 0.3), 12);
    expect(at(1 + 1e-9)).toBeCloseTo(at(1), 7);
    // 2t ∫_1^O y^{-α} dy by the midpoint rule.
    const threshold = jumpThreshold(axis(), 0.5);
    const n = 20_000;
    const sum = Array.from({ length: n }, (_, k) => (1 + ((threshold - 1) * (k + 0.5)) / n) ** -1.5);
    expect(at(1.5)).toBeCloseTo((4 * sum.reduce((a, b) => a + b) * (threshold - 1)) / n, 7);
  });

  it('correlates two coordinates as their start does, at time 0', () => {
    const l = { start: 0.5, curvature: 2, coefficient: 0.3, jumpMean: 0 };
    const j = { start: -0.2, curvature: 1, coefficient: 0.1, jumpMean: 0 };
    expect(betweenJumpCorrelation(l, j, 0)).toBeCloseTo(-0.1, 15);
    expect(betweenJumpCorrelation(l, j, 0.7)).toBeCloseTo(-0.1 * Math.exp(-2.1), 15);
    expect(betweenJumpCorrelation({ ...l, jumpMean: 1 }, j, 0)).toBeCloseTo(-0.1, 15);
  });

  it('relaxes along the flow as bounded, on random strongly convex quadratics', () => {
    const uniform = stableStream(seedWords(1), 1);
    for (let trial = 0; trial < 200; trial++) {
      const curvatures = [0, 1, 2].map((k) => 0.3 + Math.abs(Math.atan(uniform(6 * trial + k))));
      const start = [3, 4, 5].map((k) => Math.atan(uniform(6 * trial + k)));
      const mu = Math.min(...curvatures);
      const excess = curvatures.reduce((sum, h, k) => sum + (h * start[k]! ** 2) / 2, 0);
      const squared = (t: number): number =>
        curvatures.reduce((sum, h, k) => sum + (start[k]! * Math.exp(-h * t)) ** 2, 0);
      for (const t of [0, 0.5, 3]) expect(squared(t)).toBeLessThanOrEqual(flowBound(excess, mu, t) + 1e-15);
      const time = relaxationTime(excess, mu, 0.01);
      expect(squared(time)).toBeLessThanOrEqual(1e-4 * (1 + 1e-12));
    }
  });

  it('follows the schedules of the paper', () => {
    expect([0, 1, 4].map(exponentialRate(0.5))).toEqual([1, 1, 0.5]);
    const stages = [
      { after: 10, factor: 0.1 },
      { after: 20, factor: 0.01 },
    ];
    expect([0, 10, 11, 20, 30].map(multiStepRate(stages))).toEqual([1, 1, 0.1, 0.1, 0.01]);
    expect(() => multiStepRate([stages[1]!, stages[0]!])).toThrow(/stage 1 begins at 10/);
    expect(() => multiStepRate([{ after: -5, factor: 0.1 }])).toThrow(/stage 0 begins at -5/);
    expect(() => exponentialRate(1.5)).toThrow(/gamma 1.5 is outside \[0, 1\]/);
  });
});

describe('the theorems', () => {
  it('have κ = 1 and C = 2 without decay', () => {
    for (const alpha of [0.5, 1, 1.9]) expect(boundExponents(alpha, 1.3)).toEqual({ kappa: 1, c: 2 });
    const { kappa, c } = boundExponents(1.5, 1.2, { rho: 0.5, gamma: 0.8 });
    expect(kappa).toBeCloseTo(0.9, 14);
    expect(c).toBeCloseTo((2 - 0.2 * (0.5 + 0.5 * 0.3)) / 0.9, 14);
  });

  it('4.1 becomes corollary 4.2, up to a factor 2 and the power of λ that is not printed', () => {
    const limit = escapeBoundWithoutDecay(axes, 'derived').value;
    expect(escapeBound(axes).value / limit).toBeCloseTo(1, 12);
    expect(escapeBound(axes, { gamma: 1 - 1e-9 }).value / limit).toBeCloseTo(1, 6);
    const printed = escapeBoundWithoutDecay(axes, 'printed');
    axes.forEach(({ alpha, scale }, l) => {
      const ratio = escapeBound(axes).terms[l]!.value / printed.terms[l]!.value;
      expect(ratio).toBeCloseTo(2 * scale ** (1 - alpha), 10);
    });
  });

  it('4.1 bounds the escape time of the theory, and says that decay slows escape', () => {
    const mean = 1 / axes.reduce((sum, l) => sum + exitRate(l), 0);
    const heavy = axes.slice(0, 2);
    expect(escapeBound(axes).value).toBeGreaterThan(mean);
    expect(escapeBound(heavy, { gamma: 0.8 }).value).toBeGreaterThan(escapeBound(heavy).value);
  });

  it('say nothing of one coordinate, of a trap, and where an exit at every large jump is predicted', () => {
    expect(escapeBound([axis()]).value).toBe(Infinity);
    expect(escapeBound([axis({ alpha: 2 }), axis({ alpha: 2 })], { gamma: 0 }).value).toBe(Infinity);
    expect(escapeBound([axis({ plus: 1e-3 }), axis()]).value).toBe(Infinity);
  });

  it('4.3 falls with the noise along an axis, where corollary 4.4 has the exit rise', () => {
    const louder = [axis({ scale: 0.4 }), ...axes.slice(1)];
    // Of the term itself; A depends on all axes.
    const term = (list: readonly EscapeAxis[]): number => {
      const { value, a } = exitBound(list).terms[0]!;
      return value * a;
    };
    expect(term(louder) / term(axes)).toBeCloseTo(2 ** -1.5, 10);
    expect(axisRatio(louder[0]!, axes[1]!) / axisRatio(axes[0]!, axes[1]!)).toBeCloseTo(2 ** 1.5, 10);
  });

  it('4.4 prefers the heavier tail when ε is small, and the ratio of rates does not know ρ', () => {
    const [l, j] = [axis({ alpha: 1.1, minus: 1 }), axis({ alpha: 1.5, minus: 1 })];
    const printed = (0.2 ** 1.1 / 0.2 ** 1.5) * 0.3 ** ((1.1 - 1.5) * 0.6);
    expect(axisRatio(l, j, 0.4)).toBeCloseTo(printed, 12);
    expect(axisRatio(l, j)).toBeGreaterThan(1);
    expect(axisRatio({ ...l, epsilon: 1e-3 }, { ...j, epsilon: 1e-3 })).toBeGreaterThan(axisRatio(l, j));
    const inRates = axisRatio(l, j, 0.4) * (jumpIntensity(l, 0.4) / jumpIntensity(j, 0.4));
    expect(rateRatio(l, j)).toBeCloseTo(inRates, 12);
  });

  it('refuse axes and options that make no sense', () => {
    expect(() => escapeBound([])).toThrow(/no coordinates/);
    expect(() => escapeBound(axes, { rho: 1 })).toThrow(/rho 1 is outside/);
    expect(() => escapeBound(axes, { gamma: -1 })).toThrow(/gamma -1 is outside/);
    expect(() => escapeBound([axis({ alpha: 2.5 })])).toThrow(/alpha 2.5 is outside \(0, 2\]/);
    expect(() => exitRate(axis({ plus: 0 }))).toThrow(/0 and 2 away/);
    expect(() => exitRate(axis({ epsilon: -1 }))).toThrow(/epsilon is -1/);
    expect(() => noiseCoefficient(0, 1)).toThrow(/learningRate is 0/);
  });
});

describe('escape in steps', () => {
  it('takes as long as simulated in one dimension: 454, 895, 1816, 3919, 7927 steps', () => {
    const expected = [454, 895, 1816, 3919, 7927];
    [0.55, 0.8, 1.05, 1.3, 1.5].forEach((alpha, k) => {
      // Step noise η^{1/α} σ X: in units of η steps the rate is C_α (σ/R)^α.
      const l = { alpha, scale: 0.05, plus: 0.5, minus: 0.5 };
      expect(Math.round(escapeSteps([l], 0.01 ** (1 / alpha)))).toBe(expected[k]);
    });
  });

  it('adds up the rates of the coordinates, and knows no escape by a normal law', () => {
    expect(escapeSteps(axes, 0.1)).toBeCloseTo(
      1 / axes.reduce((sum, l) => sum + exitsPerStep(l, 0.1), 0),
      12,
    );
    expect(escapeSteps([axis({ alpha: 2 })], 0.1)).toBe(Infinity);
    expect(() => escapeSteps([], 0.1)).toThrow(/no coordinates/);
    expect(() => escapeSteps(axes, 0)).toThrow(/noise is 0/);
  });

  it("has Weibull's mean for a hazard that is a power of time: 4.04, as drawn", () => {
    expect(weibullMean(0.3, 0.75)).toBeCloseTo(4.04, 2);
    expect(weibullMean(0.3, 1)).toBeCloseTo(1 / 0.3, 12);
    // By the quantile function of the law: t = (-κ ln(1 - p)/a)^{1/κ}.
    const n = 20_000;
    const mean =
      Array.from({ length: n }, (_, k) => ((-0.75 * Math.log(1 - (k + 0.5) / n)) / 0.3) ** (1 / 0.75)).reduce(
        (a, b) => a + b,
      ) / n;
    expect(weibullMean(0.3, 0.75) / mean).toBeCloseTo(1, 2);
    expect(() => weibullMean(0, 1)).toThrow(/leaves some forever/);
  });

  it('finds the border along every direction at once, and none where the loss stays below', async () => {
    const distances = await borderDistances(
      (d) => Promise.resolve([d[0]! ** 2, 3 * d[1]!, Math.tanh(d[2]!)]),
      3,
      1.5,
    );
    expect(distances[0]).toBeCloseTo(Math.sqrt(1.5), 5);
    expect(distances[1]).toBeCloseTo(0.5, 5);
    expect(distances[2]).toBe(Infinity);
    await expect(borderDistances((d) => Promise.resolve(d), 1, 0)).rejects.toThrow(/barrier of 0/);
  });
});
