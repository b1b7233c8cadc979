import { beforeAll, describe, expect, it } from 'vitest';
import { hessian, init, mean, random, tensor, type Tensor } from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import {
  classification,
  denseMatrix,
  exactSpectrum,
  hessianOperator,
  lanczos,
  logDeterminant,
  matrixOperator,
  microbatches,
  occamTerm,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;

const model = mlp({ widths: [3, 2], activation: 'tanh' });
const { params } = model.init(random.key(2), [2]);
type Batch = { readonly x: Tensor; readonly y: Tensor };
const data = {
  x: random.normal(random.key(3), [6, 2]),
  y: tensor(Int32Array.from({ length: 6 }, (_, k) => k % 2)),
};
const problem = classification<typeof params, Batch>({
  outputs: (p, { x }) => model.apply(p, x),
  targets: ({ y }) => y,
});
const operator = hessianOperator({ problem, params, data: microbatches(data, 4) });

describe('the exact Hessian of a small model', () => {
  it('is that of the engine, block by block', async () => {
    const { values, dimension, asymmetry } = await denseMatrix(operator);
    expect(asymmetry).toBeLessThan(1e-13);
    type Blocks = { readonly dense0: { readonly weight: { readonly dense1: { readonly bias: Tensor } } } };
    const blocks = hessian((p: typeof params) => mean(problem.losses(p, data)))(params) as unknown as Blocks;
    const block = await blocks.dense0.weight.dense1.bias.data();
    // Coordinates in order: dense0/bias 3, dense0/weight 6, dense1/bias 2, dense1/weight 6.
    expect(dimension).toBe(17);
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 2; j++) expect(values[(3 + i) * 17 + 9 + j]).toBeCloseTo(block[i * 2 + j]!, 13);
  });

  it('has the eigenvalues that lanczos finds, and its trace and norm', async () => {
    const { values, vectors } = await exactSpectrum(operator, { vectors: true });
    const { largest, smallest } = await lanczos(operator, {
      key: random.key(1),
      largest: 2,
      smallest: 2,
      tolerance: 1e-10,
    });
    expect(largest[0]!.value).toBeCloseTo(values[16]!, 12);
    expect(largest[1]!.value).toBeCloseTo(values[15]!, 12);
    expect(smallest[0]!.value).toBeCloseTo(values[0]!, 12);
    const theirs = await largest[0]!.vector!.data();
    const cosine = vectors[16]!.reduce((sum, x, k) => sum + x * theirs[k]!, 0);
    expect(Math.abs(cosine)).toBeCloseTo(1, 9);
  });

  it('is refused above the limit, and where it is not finite', async () => {
    await expect(denseMatrix(operator, { limit: 16 })).rejects.toThrow(code('MATRIX_TOO_LARGE'));
    const broken = matrixOperator(
      tensor([
        [1, NaN],
        [NaN, 1],
      ]),
    );
    await expect(exactSpectrum(broken)).rejects.toThrow(code('NON_FINITE'));
  });
});

describe('the log-determinant', () => {
  it('is the sum of the logarithms, and there is none with an eigenvalue ≤ 0', () => {
    expect(logDeterminant([2, 3, 4])).toMatchObject({ counted: 3, leftOut: [], lowest: 2 });
    expect(logDeterminant([2, 3, 4]).value).toBeCloseTo(Math.log(24), 14);
    expect(() => logDeterminant([0, 1])).toThrow(code('NOT_POSITIVE'));
    const five = [3, -1, 4, -2, -3, 0, -5, -4];
    expect(() => logDeterminant([3, -1, 4, -2])).toThrow(
      /2 of 4 eigenvalues .*, -2\.000, -1\.000: give a floor/,
    );
    expect(() => logDeterminant(five)).toThrow(/-5\.000, -4\.000, -3\.000, -2\.000, -1\.000 and 1 more/);
    expect(() => logDeterminant([NaN])).toThrow(code('NON_FINITE'));
    expect(() => logDeterminant([1], { floor: 0 })).toThrow(code('NOT_POSITIVE'));
  });

  it('with a floor leaves out what is below it and names that', () => {
    const found = logDeterminant([0.01, -1, 1, Math.E], { floor: 0.1 });
    expect(found).toEqual({ value: 1, counted: 2, leftOut: [-1, 0.01], lowest: -1 });
  });

  it('in the Occam term is over λ_i ≥ λ, relative to λ', () => {
    const term = occamTerm([-0.5, 0.1, 0.1 * Math.E, 0.1 * Math.exp(3)], 0.1);
    expect(term.value).toBeCloseTo(2, 12);
    expect(term).toMatchObject({ counted: 3, leftOut: [-0.5] });
    expect(term.lowest).toBeCloseTo(-0.5, 14);
    expect(() => occamTerm([1], 0)).toThrow(code('PRIOR'));
  });

  it('takes more eigenvalues than a call takes arguments', () => {
    const many = new Float64Array(300_000).fill(1).with(7, 0.5);
    expect(logDeterminant(many)).toMatchObject({ value: Math.log(0.5), counted: 300_000, lowest: 0.5 });
  });
});
