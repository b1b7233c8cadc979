import { describe, expect, it } from 'vitest';
import { symmetricEigen, tridiagonalEigen, unitRow } from '../../stats/linear-algebra/index.ts';

/** Numbers in (-1, 1) from a linear congruence: the same everywhere. */
function numbers(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function symmetric(n: number, seed: number): Float64Array {
  const a = Float64Array.from(numbers(n * n, seed));
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j]!;
  return a;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, k) => sum + x * b[k]!, 0);

describe('eigenvalues of dense symmetric matrices', () => {
  it.each([1, 2, 3, 17, 60])('A V = V Λ with orthonormal V, for n = %i', (n) => {
    const a = symmetric(n, n + 1);
    const { values, vectors } = symmetricEigen(a, { vectors: true });
    let worst = 0;
    vectors.forEach((v, j) => {
      for (let i = 0; i < n; i++)
        worst = Math.max(worst, Math.abs(dot(a.subarray(i * n, (i + 1) * n), v) - values[j]! * v[i]!));
      vectors.forEach((u, k) => (worst = Math.max(worst, Math.abs(dot(u, v) - (j === k ? 1 : 0)))));
    });
    expect(worst).toBeLessThan(1e-13 * n);
    expect([...values]).toEqual([...values].sort((x, y) => x - y));
  });

  it('are exact for diagonal, multiple and zero eigenvalues', () => {
    expect([...symmetricEigen([3, 0, 0, 0, 3, 0, 0, 0, -1]).values]).toEqual([-1, 3, 3]);
    expect([...symmetricEigen(new Float64Array(9)).values]).toEqual([0, 0, 0]);
    const ones = symmetricEigen(new Float64Array(25).fill(1)).values;
    expect(ones[4]).toBeCloseTo(5, 13);
    expect(Math.max(...ones.subarray(0, 4).map(Math.abs))).toBeLessThan(1e-14);
  });

  it.each([1, 2, 3, 4, 5])('of XᵀX with rows fewer than columns are zero beyond the rank (%i)', (seed) => {
    const [rows, columns, empty] = [20, 175, 60];
    const n = columns + empty;
    const x = numbers(rows * columns, seed);
    const gram = new Float64Array(n * n);
    for (let i = 0; i < columns; i++)
      for (let j = 0; j < columns; j++)
        for (let k = 0; k < rows; k++) gram[i * n + j]! += x[k * columns + i]! * x[k * columns + j]!;
    const { values } = symmetricEigen(gram);
    expect(Math.max(...values.subarray(0, n - rows).map(Math.abs))).toBeLessThan(1e-11);
    expect(values[n - rows]).toBeGreaterThan(1);
  });

  it('refuse what is not square and what is not finite', () => {
    expect(() => symmetricEigen([1, 2, 3])).toThrow(expect.objectContaining({ code: 'SHAPE' }));
    expect(() => symmetricEigen([NaN])).toThrow(expect.objectContaining({ code: 'NON_FINITE' }));
    expect(() => tridiagonalEigen([1, 2], [Infinity])).toThrow(
      expect.objectContaining({ code: 'NON_FINITE' }),
    );
  });
});

describe('eigenvalues of tridiagonal matrices', () => {
  it('of the second difference are 2 - 2 cos(kπ/(m + 1)), and rows are those of the eigenvectors', () => {
    const m = 40;
    const { values, rows } = tridiagonalEigen(new Array<number>(m).fill(2), new Array<number>(m).fill(-1), [
      unitRow(m, 0),
      unitRow(m, m - 1),
    ]);
    values.forEach((value, k) => {
      const angle = ((k + 1) * Math.PI) / (m + 1);
      expect(value).toBeCloseTo(2 - 2 * Math.cos(angle), 13);
      const element = Math.sqrt(2 / (m + 1)) * Math.sin(angle);
      expect(Math.abs(rows[0]![k]!)).toBeCloseTo(Math.abs(element), 12);
      expect(rows[1]![k]! * rows[0]![k]!).toBeCloseTo(element * element * (k % 2 === 0 ? 1 : -1), 12);
    });
  });

  it('that fall apart, with zeros beside the diagonal, are those of the parts', () => {
    const { values } = tridiagonalEigen([1, 4, 4, 0], [0, 3, 0]);
    [0, 1, 1, 7].forEach((value, k) => expect(values[k]).toBeCloseTo(value, 13));
  });
});
