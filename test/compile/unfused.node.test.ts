/** Fusion on the device, against no fusion and against float64. */
import { expect, test } from 'vitest';
import { init, jit, sum, tensor, type Tensor } from '../../engine/index.ts';
import { graphFaults } from './graph-faults.ts';

test.each(['always', 'none'] as const)('random graphs are within their bound, fused: %s', async (fusion) => {
  expect(await graphFaults(fusion, 0, 10)).toEqual([]);
});

test('sums of long columns that are joined are those that they are apart', async () => {
  await init();
  const [rows, columns] = [3000, 4];
  const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * i));
  const f = jit((x: Tensor) => [sum(x, 0), sum(x.mul(x), 0).mul(2), sum(x.exp(), 0)] as const);
  const results = await Promise.all(f(tensor(values, [rows, columns])).map((y) => y.data()));
  const terms = [
    (x: number): number => x,
    (x: number): number => 2 * x * x,
    (x: number): number => Math.exp(x),
  ];
  terms.forEach((term, k) => {
    for (let column = 0; column < columns; column++) {
      const own = values.filter((_, i) => i % columns === column);
      const exact = own.reduce((total, x) => total + term(x), 0);
      const size = own.reduce((total, x) => total + Math.abs(term(x)), 0);
      expect(Math.abs((results[k]?.[column] as number) - exact)).toBeLessThan(size * 1e-5);
    }
  });
  f.dispose();
});
