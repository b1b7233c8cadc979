/** The kernels of matrix products on CPU drivers: what is listed covers the result, and few columns waste no threads. */
import { expect, test } from 'vitest';
import { cpuVariants } from '../../engine/ops/matmul-cpu.ts';
import { matmulVariantName } from '../../engine/ops/matmul-variants.ts';

const EXTENTS = [1, 10, 16, 17, 32, 33, 64, 65, 500];
const traits = (lanes: number) => ({ kind: 'cpu', name: 'pretended', lanes }) as const;

test('every way to lay out the eight threads of matmul_subgroup covers the result with no workgroup too many', () => {
  for (const lanes of [4, 8])
    for (const m of EXTENTS)
      for (const n of EXTENTS)
        for (const { shader, groups, extra } of cpuVariants(traits(lanes), { batch: 1, m, n, k: 9 })) {
          if (shader !== 'matmul_subgroup') continue;
          const { LANES = 0, ACROSS = 0, HALVES } = extra ?? {};
          // As the shader's header has it.
          expect(groups).toEqual([
            Math.ceil(n / (4 * LANES * ACROSS)),
            Math.ceil((m * LANES * ACROSS) / (32 * 8)),
          ]);
          expect(LANES).toBe(HALVES === 1 ? lanes / 2 : lanes);
        }
});

test('no two kernels of one product have the same name', () => {
  for (const lanes of [4, 8])
    for (const n of EXTENTS) {
      const names = cpuVariants(traits(lanes), { batch: 1, m: 64, n, k: 64 }).map(matmulVariantName);
      expect(new Set(names).size).toBe(names.length);
    }
});

test('a result of up to 16 columns and more than 32 rows takes the parts of a workgroup beneath each other', () => {
  const first = (lanes: number, m: number, n: number): string | undefined =>
    cpuVariants(traits(lanes), { batch: 1, m, n, k: 784 }).map(matmulVariantName)[0];
  expect(first(8, 256, 10)).toBe('matmul_subgroup LANES=4 HALVES=1 ACROSS=1');
  expect(first(4, 256, 10)).toBe('matmul_subgroup LANES=4 HALVES=0 ACROSS=1');
  expect(first(8, 256, 64)).toBe('matmul_subgroup LANES=8 HALVES=0 ACROSS=1');
  expect(first(4, 256, 64)).toBe('matmul_subgroup LANES=4 HALVES=0 ACROSS=2');
});
