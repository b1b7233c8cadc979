import { beforeAll, describe, expect, it } from 'vitest';
import { dot, init, mul, random, tensor, type Tensor } from '../../engine/index.ts';
import {
  densityCurve,
  lanczos,
  matrixOperator,
  powerIteration,
  probe,
  spectralDensity,
  spectralMean,
  spectralRange,
  subspaceOverlap,
  type LinearOperator,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;

/** The eigenvalues in a basis that is turned by three reflections, so that no coordinate is special. */
function planted(eigenvalues: readonly number[], seed = 1): LinearOperator {
  const n = eigenvalues.length;
  const mirrors = [0, 1, 2].map((k) => random.normal(random.foldIn(random.key(seed), k), [n]));
  const reflect = (v: Tensor, u: Tensor): Tensor => v.sub(mul(u, dot(u, v).mul(2).div(dot(u, u))));
  return {
    name: 'planted matrix',
    dimension: n,
    async apply(v) {
      const inner = mirrors.reduce(reflect, v);
      return mirrors.toReversed().reduce(reflect, mul(inner, tensor(eigenvalues)));
    },
  };
}

/** A bulk between 0 and 1 and a few outliers, as Hessians of networks have. */
const spectrum = [-0.7, -0.31, ...Array.from({ length: 90 }, (_, k) => 0.01 * k), 3.1, 5.7, 11.3];

const residualOf = async (operator: LinearOperator, value: number, v: Tensor): Promise<number> => {
  const rest = (await operator.apply(v)).sub(mul(v, value));
  return Math.sqrt(await dot(rest, rest).item());
};

describe('lanczos', () => {
  it('recovers a planted spectrum at both ends to 1e-6 relative, with residuals that are true', async () => {
    const operator = planted(spectrum);
    const found = await lanczos(operator, { key: random.key(1), largest: 3, smallest: 2, tolerance: 1e-9 });
    expect(found).toMatchObject({ converged: true, breakdowns: 0, operator: 'planted matrix' });
    expect(found.steps).toBeLessThanOrEqual(60);
    const pairs = [...found.largest, ...found.smallest];
    for (const [k, expected] of [11.3, 5.7, 3.1, -0.7, -0.31].entries()) {
      const { value, residual, vector } = pairs[k]!;
      expect(Math.abs(value / expected - 1)).toBeLessThan(1e-6);
      expect(residual).toBeLessThan(1e-9 * 11.3);
      expect(await residualOf(operator, value, vector!)).toBeLessThan(residual + 1e-12);
      expect(await dot(vector!, vector!).item()).toBeCloseTo(1, 12);
    }
    expect(Math.abs(await dot(pairs[0]!.vector!, pairs[1]!.vector!).item())).toBeLessThan(1e-12);
  });

  it('says by its residuals how far it is: eigenvalues lie within them', async () => {
    const operator = planted(spectrum);
    const found = await lanczos(operator, { key: random.key(2), largest: 3, smallest: 2, steps: 12 });
    expect(found).toMatchObject({ converged: false, steps: 12 });
    for (const { value, residual, vector } of [...found.largest, ...found.smallest]) {
      expect(Math.min(...spectrum.map((lambda) => Math.abs(lambda - value)))).toBeLessThanOrEqual(residual);
      expect(await residualOf(operator, value, vector!)).toBeCloseTo(residual, 10);
    }
  });

  it('finds all eigenvalues when it runs to the dimension, and the same from the same key', async () => {
    const few = spectrum.filter((_, k) => k % 6 === 0);
    const all = { key: random.key(3), largest: few.length, tolerance: 0 };
    const { largest } = await lanczos(planted(few), all);
    const sorted = few.toSorted((a, b) => b - a);
    largest.forEach(({ value }, k) => expect(Math.abs(value - sorted[k]!)).toBeLessThan(1e-12 * 12));
    const again = await lanczos(planted(few), { ...all, vectors: false });
    expect(again.largest.map(({ value }) => value)).toEqual(largest.map(({ value }) => value));
    // The basis is complete: the recursion knows of nothing beyond it, and a product measures its rounding.
    expect(again.largest.every(({ residual }) => residual < 1e-12)).toBe(true);
    expect(largest.every(({ residual }) => residual < 1e-13 * 12)).toBe(true);
  });

  it('goes on after a breakdown, and so finds the copies of multiple eigenvalues', async () => {
    const operator = planted([4, 4, 4, 1, 1, 0, 0, 0, -2]);
    const found = await lanczos(operator, { key: random.key(4), largest: 5, smallest: 2 });
    expect(found.breakdowns).toBeGreaterThan(0);
    const values = [...found.largest, ...found.smallest].map(({ value }) => value);
    [4, 4, 4, 1, 1, -2, 0].forEach((value, k) => expect(values[k]).toBeCloseTo(value, 10));
    const zero = matrixOperator(tensor(new Float64Array(9), [3, 3]));
    const nothing = await lanczos(zero, { key: random.key(4), largest: 3 });
    expect(nothing.largest.map(({ value }) => value)).toEqual([0, 0, 0]);
  });

  it('refuses more eigenvalues than there are, none, and products that are not finite', async () => {
    const operator = planted([1, 2, 3]);
    const key = random.key(1);
    await expect(lanczos(operator, { key, largest: 3, smallest: 1 })).rejects.toThrow(code('DIMENSION'));
    await expect(lanczos(operator, { key, largest: 3, steps: 2 })).rejects.toThrow(code('DIMENSION'));
    await expect(lanczos(operator, { key })).rejects.toThrow(code('COUNT'));
    await expect(lanczos(operator, { key, largest: -1, smallest: 2 })).rejects.toThrow(code('COUNT'));
    await expect(lanczos(planted([1, NaN, 3]), { key, largest: 1 })).rejects.toThrow(
      expect.objectContaining({
        code: 'NON_FINITE',
        message: expect.stringContaining('planted matrix') as string,
      }),
    );
    const wrong = { ...operator, apply: async () => tensor([1, 2]) };
    await expect(lanczos(wrong, { key, largest: 1 })).rejects.toThrow(code('SHAPE'));
    expect(() => matrixOperator(tensor([[1, 2]]))).toThrow(code('SHAPE'));
  });
});

describe('the power method', () => {
  it('finds the eigenvalues of greatest magnitude one after the other, and measures its residuals', async () => {
    const operator = planted([-9, 5, 2, 0.3, 0.2, 0.1]);
    const options = { key: random.key(1), count: 3, tolerance: 1e-8, iterations: 200 };
    const pairs = await powerIteration(operator, options);
    for (const [k, expected] of [-9, 5, 2].entries()) {
      const { value, residual, vector, converged } = pairs[k]!;
      expect(converged).toBe(true);
      expect(value).toBeCloseTo(expected, 8);
      expect(await residualOf(operator, value, vector)).toBeLessThan(2 * residual + 1e-7);
    }
    const { largest, smallest } = await lanczos(operator, { key: random.key(2), largest: 2, smallest: 1 });
    const theirs = [...smallest, ...largest].map(({ vector }) => vector!);
    expect(
      await subspaceOverlap(
        pairs.map(({ vector }) => vector),
        theirs,
      ),
    ).toBeCloseTo(1, 6);
  });

  it('stops at the iterations allowed and says so', async () => {
    const [pair] = await powerIteration(planted([3, 2.9, 1]), { key: random.key(1), iterations: 5 });
    expect(pair).toMatchObject({ converged: false, iterations: 5 });
    expect(pair!.residual).toBeGreaterThan(1e-3);
  });

  it('refuses more eigenvalues than there are', async () => {
    await expect(powerIteration(planted([1, 2]), { key: random.key(1), count: 3 })).rejects.toThrow(
      code('DIMENSION'),
    );
  });
});

describe('the spectral density', () => {
  const exactMean = (power: number): number =>
    spectrum.reduce((sum, value) => sum + value ** power, 0) / spectrum.length;

  it('has the moments of the spectrum within its standard errors, and mass 1', async () => {
    for (const distribution of ['rademacher', 'gaussian'] as const) {
      const density = await spectralDensity(planted(spectrum), {
        key: random.key(5),
        probes: 12,
        steps: 3,
        distribution,
      });
      expect(density.products).toBe(36);
      expect(spectralMean(density, () => 1).value).toBeCloseTo(1, 12);
      for (const power of [1, 2, 3, 4]) {
        const { value, standardError } = spectralMean(density, (x) => x ** power);
        expect(Math.abs(value - exactMean(power)) / standardError).toBeLessThan(3);
        expect(standardError).toBeLessThan(Math.abs(exactMean(power)));
      }
    }
  });

  it('is exact for one probe in the moments of T below twice the steps', async () => {
    const operator = matrixOperator(
      tensor([
        [2, 1, 0],
        [1, 3, 1],
        [0, 1, 4],
      ]),
    );
    const density = await spectralDensity(operator, { key: random.key(1), probes: 1, steps: 2 });
    const z = probe(random.key(1), 0, 3);
    let v = z;
    for (let power = 0; power < 4; power++) {
      const form = (await dot(z, v).item()) / 3;
      expect(spectralMean(density, (x) => x ** power).value).toBeCloseTo(form, 11);
      v = await operator.apply(v);
    }
  });

  it('broadened integrates to 1 and has its outliers where they are', async () => {
    const density = await spectralDensity(planted(spectrum), { key: random.key(6), probes: 3, steps: 25 });
    const [low, high] = spectralRange(density);
    expect(low).toBeCloseTo(-0.7, 6);
    expect(high).toBeCloseTo(11.3, 6);
    const { at, density: values, width } = densityCurve(density, { count: 1001 });
    const step = at[1]! - at[0]!;
    expect(values.reduce((sum, value) => sum + value * step, 0)).toBeCloseTo(1, 2);
    expect(width).toBeCloseTo(0.12, 6);
    const [there, between] = densityCurve(density, { at: [5.7, 8.5] }).density;
    expect(there).toBeGreaterThan(1e-3);
    expect(between).toBeLessThan(1e-6);
    expect(() => densityCurve(density, { width: 0 })).toThrow(code('WIDTH'));
  });

  it('refuses more steps than the dimension', async () => {
    await expect(spectralDensity(planted([1, 2]), { key: random.key(1), steps: 3 })).rejects.toThrow(
      code('DIMENSION'),
    );
  });
});
