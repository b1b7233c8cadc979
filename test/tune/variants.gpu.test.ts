/** Any choice is right: each kernel of an operation in turn, against float64. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Device } from '../../engine/gpu/device.ts';
import { currentDevice, init } from '../../engine/index.ts';
import { matmulPrimitive } from '../../engine/ops/contraction.ts';
import { sumPrimitive } from '../../engine/ops/reduction.ts';
import { failures } from '../conformance/checkers.ts';
import { uniform } from '../conformance/draw.ts';
import { deviationsOf } from './forced.ts';

beforeAll(() => init());
afterAll(() => init());

test('each kernel of a matrix product gives it within the bound', async () => {
  const inputs = [uniform('left', [2, 33, 41]), uniform('right', [2, 41, 67])];
  const attributes = { transposeA: false, transposeB: false };
  const { traits } = currentDevice() as Device;
  const found = await deviationsOf({ primitive: matmulPrimitive, inputs, attributes }, traits);
  expect(found.size).toBeGreaterThan(1);
  for (const [name, deviation] of found) expect(failures([deviation]), name).toEqual([]);
}, 30_000);

test('each kernel of a sum gives it within the bound', async () => {
  const inputs = [uniform('terms', [3, 2000])];
  const { traits } = currentDevice() as Device;
  const found = await deviationsOf({ primitive: sumPrimitive, inputs, attributes: { axes: [1] } }, traits);
  expect([...found.keys()].sort()).toEqual(['reduce', 'reduce in chunks', 'reduce_workgroup']);
  for (const [name, deviation] of found) expect(failures([deviation]), name).toEqual([]);
});
