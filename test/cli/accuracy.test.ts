import { beforeAll, expect, test } from 'vitest';
import { measureAccuracy, ulpOf } from '../../cli/accuracy.ts';
import { init } from '../../engine/index.ts';

beforeAll(() => init({ backend: 'reference' }));

test('a unit in the last place is the distance to the next f32 number', () => {
  for (const x of [1, 1.5, 2 - 2 ** -23, 2, -3, 1e-30, 8388607, 3.4e38]) {
    const word = new Uint32Array(Float32Array.of(Math.abs(x)).buffer);
    const here = new Float32Array(word.buffer)[0] ?? NaN;
    word[0] = (word[0] ?? 0) + 1;
    const next = new Float32Array(word.buffer)[0] ?? NaN;
    expect(ulpOf(here)).toBe(Number.isFinite(next) ? next - here : 2 ** 104);
  }
  expect(ulpOf(0)).toBe(2 ** -149);
});

test('the float64 reference has no error against float64', async () => {
  for (const { worst, share } of await measureAccuracy()) expect([worst, share]).toEqual([0, 0]);
});
