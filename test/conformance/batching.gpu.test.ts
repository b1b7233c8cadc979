/** Batched operations on the device, against float64 within a bound composed from the bounds of their primitives. */
import { beforeAll, expect, test } from 'vitest';
import { currentBackend } from '../../engine/graph/backend.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import { init } from '../../engine/index.ts';
import { primitives } from '../../engine/ops/table.ts';
import { bothWays } from './batching.ts';
import { bounded } from './bound.ts';
import { compare, failures } from './checkers.ts';
import { table } from './table/index.ts';

beforeAll(() => init());

test('every primitive over a batch agrees with float64, all operands differing or the first alone', async () => {
  const cases = table.flatMap(({ primitive: name, samples }) => {
    const primitive = primitives.find((record) => record.name === name);
    const [sample] = samples;
    if (!primitive || !sample || sample.inputs.length === 0) return [];
    const all = sample.inputs.map(() => true);
    const first = sample.inputs.map((_, k) => k === 0);
    return (sample.inputs.length === 1 ? [all] : [all, first]).map((differs) => ({
      name: `${name} over ${differs.map((differing) => (differing ? 'a batch' : 'one')).join(', ')}`,
      graph: () => bothWays(primitive, sample, differs),
    }));
  });
  const batched = cases.map(({ graph }) => graph().batched);
  await currentBackend().realize(batched);
  const data = await Promise.all(batched.map((result) => result.data()));
  const deviations = cases.map(({ name, graph }, k) => {
    const { value, allowed } = bounded(graph().looped);
    const { shape, dtype } = value;
    return compare(name, value, { shape, dtype, data: data[k] as NdArray['data'] }, allowed);
  });
  expect(failures(deviations)).toEqual([]);
});
