/** Kernels that other adapters would run, on this one: each variant against the float64 reference. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceBackend } from '../../engine/gpu/backend.ts';
import type { Device } from '../../engine/gpu/device.ts';
import { setBackend } from '../../engine/graph/backend.ts';
import type { AdapterTraits } from '../../engine/graph/primitive.ts';
import { interpret } from '../../engine/reference/interpreter.ts';
import {
  currentDevice,
  init,
  matmul,
  random,
  realize,
  tensor,
  transpose,
  type Tensor,
} from '../../engine/index.ts';

beforeAll(() => init());
afterAll(() => init());

/** Computes on the device in use as if it were another kind of adapter. */
function pretend(traits: AdapterTraits): void {
  const device = Object.create(currentDevice() as Device, { traits: { value: traits } }) as Device;
  setBackend(deviceBackend(device));
}

async function matrix(seed: number, shape: readonly number[]): Promise<Tensor> {
  const data = await random.normal(random.key(seed), shape).data();
  return tensor(data, shape);
}

const kinds: readonly AdapterTraits[] = [
  { kind: 'gpu', name: 'pretended' },
  { kind: 'cpu', name: 'pretended' },
];

for (const traits of kinds) {
  test(`the matrix products of a ${traits.kind} without fixed subgroups are right in every layout of an operand`, async () => {
    await init();
    const cases: { readonly result: Tensor; readonly expected: ArrayLike<number>; readonly terms: number }[] =
      [];
    const [m, n, k] = [67, 70, 33];
    for (const transposeA of [false, true])
      for (const transposeB of [false, true]) {
        // The tiles of a GPU take SwiftShader a second to compile, and treat A and B each for itself: two layouts are all four.
        if (traits.kind === 'gpu' && transposeA !== transposeB) continue;
        const a = await matrix(1, [2, ...(transposeA ? [k, m] : [m, k])]);
        const b = await matrix(2, transposeB ? [1, n, k] : [1, k, n]);
        const build = (): Tensor => matmul(a, b, { transposeA, transposeB }).add(1);
        cases.push({ expected: interpret([build()])[0]?.data as Float64Array, result: build(), terms: k });
      }
    pretend(traits);
    await realize(...cases.map(({ result }) => result));
    for (const { result, expected, terms } of cases) {
      const actual = await result.data();
      expect(actual.length).toBe(expected.length);
      // |error| <= gamma_k Σ|a||b|; the entries are normal, so Σ|a||b| is below 8 per term.
      for (let i = 0; i < actual.length; i++)
        expect(Math.abs((actual[i] as number) - (expected[i] as number))).toBeLessThan(
          (terms + 2) * 2 ** -23 * 8 * terms,
        );
    }
  }, 60_000);
}

test('few long sums of a gpu are shared by workgroups, and right', async () => {
  await init();
  const x = await matrix(4, [3, 9000]);
  const build = (): Tensor[] => [x.sum(1), x.max(1), x.min()];
  const expected = interpret(build());
  pretend({ kind: 'gpu', name: 'pretended' });
  const results = build();
  await realize(...results);
  for (const [k, result] of results.entries()) {
    const actual = await result.data();
    expected[k]?.data.forEach((value, i) =>
      expect(Math.abs((actual[i] as number) - value)).toBeLessThan(5e-3),
    );
  }
});

test('the reductions of a gpu, one workgroup for each result, are right', async () => {
  await init();
  const x = await matrix(3, [5, 1300]);
  const build = (): Tensor[] => [x.sum(1), x.max(1), x.min(), x.sum(), x.sum(0)];
  const expected = interpret(build());
  pretend({ kind: 'gpu', name: 'pretended' });
  for (const [k, result] of build().entries()) {
    const actual = await result.data();
    expected[k]?.data.forEach((value, i) =>
      expect(Math.abs((actual[i] as number) - value)).toBeLessThan(2e-3),
    );
  }
});

test('stored transposes of a gpu go through tiles, every element to its place', async () => {
  await init();
  const x = await matrix(5, [2, 37, 70]);
  const labels = tensor(
    Int32Array.from({ length: 33 * 20 }, (_, i) => i),
    [33, 20],
  );
  const build = (): Tensor[] => [transpose(x, [0, 2, 1]), transpose(labels)];
  const expected = interpret(build());
  pretend({ kind: 'gpu', name: 'pretended' });
  const results = build();
  await realize(...results);
  for (const [k, result] of results.entries())
    expect(Array.from(await result.data())).toEqual(Array.from(expected[k]?.data as Float64Array));
});
