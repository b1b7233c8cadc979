import { describe, expect, it } from 'vitest';
import {
  fitLogistic,
  logEvidenceRatio,
  logEvidenceRatioOfAll,
  scoreLogistic,
  whitening,
  withBias,
  type LogisticData,
} from '../../stats/index.ts';
import { wordStream } from '../../data/word-stream.ts';

const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;

/** 12 examples of 4 features and a bias, by formula, so that other programs can make them too. */
function formulaData(): LogisticData {
  const rows = Array.from({ length: 12 }, (_, mu) =>
    [0, 1, 2, 3].map((i) => Math.sin(1 + 3 * mu + 7 * i * i)),
  );
  return {
    inputs: withBias(Float64Array.from(rows.flat()), 12),
    labels: rows.map((_, mu) => (mu * mu) % 3),
  };
}

/** Rows of random numbers, more of them parameters than examples: separable whatever the labels are. */
function separable(examples: number, features: number, seed = 1): LogisticData {
  const stream = wordStream([0, seed]);
  const inputs = Float64Array.from({ length: examples * features }, () => stream.between(-1.7, 1.7));
  return {
    inputs: withBias(inputs, examples),
    labels: Array.from({ length: examples }, () => stream.below(2)),
  };
}

function evidenceOf(data: LogisticData, lambda: number): ReturnType<typeof logEvidenceRatio> {
  const { objective, eigenvalues } = fitLogistic(data, lambda);
  return logEvidenceRatio({ objective, eigenvalues, lambda, examples: data.labels.length, classes: 2 });
}

describe('logistic regression', () => {
  // By Newton's method and a dense determinant in 40 digits (mpmath).
  it.each([
    [0.01, 7.3976660124377, 7.6556620099065, 6.7355618556249, 0.78146965834182],
    [1, 7.7045367887948, 1.6219720548221, 1.0087426768976, 0.53375881241216],
    [100, 8.2963904367805, 0.034363533090168, 0.012987803151323, 0.019437380445241],
  ])('agrees at λ = %d with a dense computation to 1e-11', (lambda, objective, occam, ratio, bias) => {
    const fit = fitLogistic(formulaData(), lambda);
    const evidence = evidenceOf(formulaData(), lambda);
    expect(fit.objective).toBeCloseTo(objective, 11);
    expect(fit.weights[4]).toBeCloseTo(bias, 11);
    expect(evidence.occam).toBeCloseTo(occam, 11);
    expect(evidence.logRatio).toBeCloseTo(ratio, 11);
  });

  it('ends below 1e-9 in at most 30 steps, also where the examples are separable', () => {
    for (const lambda of [1e-6, 1e-4, 1e-2, 1, 1e2, 1e5]) {
      const fit = fitLogistic(separable(30, 40), lambda);
      expect(fit.gradientNorm).toBeLessThan(1e-9);
      expect(fit.steps).toBeLessThanOrEqual(30);
    }
  });

  it('separates what can be separated when the prior is weak', () => {
    const data = separable(30, 40);
    const score = scoreLogistic(data, fitLogistic(data, 1e-6).weights);
    expect(score.accuracy).toBe(1);
    expect(score.crossEntropy).toBeLessThan(1e-4);
  });

  it('refuses what has no fit', () => {
    const data = formulaData();
    for (const lambda of [0, -1, NaN, Infinity])
      expect(() => fitLogistic(data, lambda)).toThrow(code('PRIOR'));
    expect(() => fitLogistic(data, 0)).toThrow(/λ is 0/);
    expect(() => fitLogistic({ ...data, labels: [1, 0] }, 1)).not.toThrow();
    expect(() => fitLogistic({ ...data, labels: [1, 0, 1, 0, 1, 0, 1] }, 1)).toThrow(code('SHAPE'));
    expect(() => fitLogistic({ ...data, labels: Array<number>(12).fill(2) }, 1)).toThrow(code('LABEL'));
    expect(() => fitLogistic({ ...data, inputs: data.inputs.with(3, NaN) }, 1)).toThrow(code('NON_FINITE'));
    expect(() => fitLogistic(data, 1, { maxSteps: 1 })).toThrow(code('NO_CONVERGENCE'));
  });

  it('says of a fit that did not converge both lengths that it is judged by', () => {
    // Where the curvature is 1e-14, a gradient of 1e-12 promises a fall of 1e-10 nats.
    const said =
      /the gradient is \S+e-1[0-9] and Newton's decrement \S+e-[1-8], and not both are at most 1e-9/;
    expect(() => fitLogistic(separable(30, 40), 1e-14)).toThrow(said);
  });
});

describe('the evidence', () => {
  it('has every eigenvalue at least λ and an Occam term of at least 0', () => {
    for (const lambda of [1e-4, 1, 1e5]) {
      const { eigenvalues } = fitLogistic(separable(30, 40), lambda);
      expect(Math.min(...eigenvalues)).toBeGreaterThanOrEqual(lambda);
      const { occam, leftOut } = evidenceOf(separable(30, 40), lambda);
      expect(occam).toBeGreaterThanOrEqual(0);
      expect(leftOut).toEqual([]);
    }
  });

  it('tends to that of the null model when the prior allows nothing else', () => {
    expect(Math.abs(evidenceOf(separable(30, 40), 1e9).logRatio)).toBeLessThan(1e-6);
  });

  it('does not depend on the unit of the inputs', () => {
    const data = separable(30, 40);
    for (const lambda of [1e-3, 1, 30])
      for (const c of [0.1, 7]) {
        const scaled = { ...data, inputs: data.inputs.map((x) => x / c) };
        expect(evidenceOf(scaled, lambda / c ** 2).logRatio).toBeCloseTo(
          evidenceOf(data, lambda).logRatio,
          8,
        );
      }
  });

  it('is within 5 % of quadrature for one parameter', () => {
    const data = {
      inputs: Float64Array.from({ length: 20 }, (_, mu) => Math.sin(2 + 5 * mu)),
      labels: Array.from({ length: 20 }, (_, mu) => Number(Math.sin(2 + 5 * mu) + Math.cos(9 * mu) > 0)),
    };
    const lambda = 0.5;
    const examples = 20;
    const likelihood = (w: number): number =>
      Math.exp(-examples * scoreLogistic(data, Float64Array.of(w)).crossEntropy - (lambda * w * w) / 2);
    let integral = 0;
    for (let w = -12; w <= 12; w += 1e-3) integral += 1e-3 * likelihood(w);
    const exact = integral * Math.sqrt(lambda / (2 * Math.PI)) * 2 ** examples;
    expect(Math.abs(Math.exp(-evidenceOf(data, lambda).logRatio) / exact - 1)).toBeLessThan(0.05);
  });

  it('leaves out the eigenvalues below λ and says which, and over all of them asks for a minimum', () => {
    const terms = { objective: 3, eigenvalues: [2, -1, 8, 0.5], lambda: 1, examples: 4, classes: 2 };
    const { logRatio, occam, leftOut } = logEvidenceRatio(terms);
    expect(occam).toBeCloseTo(Math.log(4), 12);
    expect(leftOut).toEqual([-1, 0.5]);
    expect(logRatio).toBeCloseTo(3 + Math.log(4) - 4 * Math.log(2), 12);
    expect(() => logEvidenceRatioOfAll(terms)).toThrow(code('NOT_POSITIVE'));
    expect(() => logEvidenceRatioOfAll(terms)).toThrow(/1 of 4 eigenvalues .* -1\.000/);
    const convex = { ...terms, eigenvalues: [2, 8, 0.5] };
    expect(logEvidenceRatioOfAll(convex).occam).toBeCloseTo(Math.log(8) / 2, 12);
    expect(() => logEvidenceRatio({ ...terms, lambda: 0 })).toThrow(code('PRIOR'));
    expect(() => logEvidenceRatioOfAll({ ...terms, lambda: 0 })).toThrow(code('PRIOR'));
    expect(() => logEvidenceRatio({ ...terms, objective: NaN })).toThrow(code('NON_FINITE'));
    expect(() => logEvidenceRatio({ ...terms, classes: 1 })).toThrow(code('COUNT'));
  });
});

describe('whitening', () => {
  it('is the Gram matrix of the derivatives and what differs from the unit matrix', () => {
    const { means, gram, meanSize, diagonal, offDiagonalSize } = whitening([1, 2, 1, 0, 1, 4, 1, -2], 4);
    expect([...means]).toEqual([1, 1]);
    expect([...gram]).toEqual([1, 1, 1, 6]);
    expect(meanSize).toBe(1);
    expect(diagonal).toEqual({ mean: 3.5, least: 1, greatest: 6 });
    expect(offDiagonalSize).toBe(1);
    expect(() => whitening([1, 2, 3], 2)).toThrow(code('SHAPE'));
    expect(() => whitening([1, NaN], 2)).toThrow(code('NON_FINITE'));
  });
});
