/** Products of f16: what they may lose, and what they need. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Device } from '../../engine/gpu/device.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { Attributes, Call } from '../../engine/graph/primitive.ts';
import {
  conv2d,
  currentDevice,
  init,
  matmul,
  ones,
  realize,
  tensor,
  type Tensor,
} from '../../engine/index.ts';
import { matmulPrimitive } from '../../engine/ops/contraction.ts';
import { interpret } from '../../engine/reference/interpreter.ts';
import { uniform } from '../conformance/draw.ts';

beforeAll(() => init());
afterAll(() => init());

const hasHalves = async (): Promise<boolean> => {
  await init();
  return (currentDevice() as Device).gpu.features.has('shader-f16');
};

test('an adapter without shader-f16 refuses products of f16, and stays as it was', async () => {
  if (await hasHalves()) return;
  await expect(init({ products: 'f16' })).rejects.toMatchObject({ code: 'NO_F16' });
  expect(await matmul(tensor([[2]]), tensor([[3]])).data()).toEqual(new Float32Array([6]));
});

test('products of f16 are within the bound that rounding their factors leaves, and are not those of f32', async (context) => {
  if (!(await hasHalves())) return context.skip('This adapter has no shader-f16.');
  const [m, k, n] = [70, 530, 66];
  const [a, b] = [uniform('left', [m, k]), uniform('right', [k, n])];
  await init({ products: 'f16' });
  const actual = await matmul(tensor(a.data, [m, k]), tensor(b.data, [k, n])).data();
  const u = 2 ** -10;
  let rounded = 0;
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let [sum, magnitude, small] = [0, 0, 0];
      for (let q = 0; q < k; q++) {
        const [x, y] = [a.data[i * k + q] as number, b.data[q * n + j] as number];
        sum += x * y;
        magnitude += Math.abs(x * y);
        // Where a factor is below the normal numbers of f16, it may be off by as much as the least of them.
        small +=
          2 ** -14 *
          (Number(Math.abs(x) < 2 ** -14) * Math.abs(y) + Number(Math.abs(y) < 2 ** -14) * Math.abs(x));
      }
      const error = Math.abs((actual[i * n + j] as number) - sum);
      const rounding = (k + 2) * 2 ** -23 * magnitude;
      expect(error).toBeLessThanOrEqual((2 * u + u * u) * magnitude + small + rounding);
      // Sums of f32 are off by some 2^-24 of it.
      if (error > 2 ** -20 * magnitude) rounded++;
    }
  expect(rounded).toBeGreaterThan((m * n) / 2);
});

test('convolutions of f16 are those of f32 where f16 holds their factors', async (context) => {
  if (!(await hasHalves())) return context.skip('This adapter has no shader-f16.');
  const [x, w] = [uniform('image', [2, 12, 11, 16]), uniform('filter', [3, 3, 16, 20])].map(
    ({ data, ...rest }) => ({
      ...rest,
      data: data.map((value) => Math.round(value * 64) / 64),
    }),
  ) as [NdArray, NdArray];
  const build = (): Tensor => conv2d(tensor(x.data, x.shape), tensor(w.data, w.shape));
  const [expected] = interpret([build()]) as [NdArray];
  await init({ products: 'f16' });
  const actual = await build().data();
  // Sums of 144 terms below 4.
  expected.data.forEach((value, i) =>
    expect(Math.abs((actual[i] as number) - value)).toBeLessThan(144 * 2 ** -23 * 144 * 4),
  );
});

test('small products stay f32 where others are f16', () => {
  const shadersOf = (m: number, k: number, n: number): string[] => {
    const inputs = [
      { shape: [1, m, k], dtype: 'f32' },
      { shape: [1, k, n], dtype: 'f32' },
    ] as const;
    const attributes: Attributes = { transposeA: false, transposeB: false };
    const call: Call = {
      inputs,
      output: { shape: [1, m, n], dtype: 'f32' },
      attributes,
      adapter: { kind: 'cpu', name: 'pretended', lanes: 8, products: 'f16' },
      elementsOf: (input) => [m * k, k * n][input] as number,
    };
    const { kernel } = matmulPrimitive;
    return kernel.kind === 'launch'
      ? kernel.launch(call as Parameters<typeof kernel.launch>[0]).map(({ shader }) => shader)
      : [];
  };
  expect(shadersOf(4, 8, 8)).toEqual(['matmul_small']);
  expect(shadersOf(64, 64, 64)).toEqual(['matmul_tiled']);
  expect(shadersOf(64, 4096, 64)).toEqual(['matmul_tiled', 'reduce']);
});

test('what was asked for before products became f16 is there afterwards', async (context) => {
  if (!(await hasHalves())) return context.skip('This adapter has no shader-f16.');
  const [m, k, n] = [41, 50, 33];
  const before = matmul(ones([m, k]), ones([k, n]));
  void realize(before);
  await init({ products: 'f16' });
  expect(new Set(await before.add(1).data())).toEqual(new Set([k + 1]));
});

test('products are f32 or f16 and nothing else', async () => {
  await expect(init({ products: 'f8' as 'f16' })).rejects.toMatchObject({ code: 'PRODUCTS' });
});
