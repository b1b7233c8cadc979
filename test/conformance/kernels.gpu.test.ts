/**
 * Every kernel against its record's float64 reference, within the record's accuracy, and against itself: a second
 * run gives the same bits. All samples of a primitive are one realised graph, so that a device compiles few programs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentBackend } from '../../engine/graph/backend.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { Primitive } from '../../engine/graph/primitive.ts';
import { apply, hostTensor, type Tensor } from '../../engine/graph/tensor.ts';
import { init } from '../../engine/index.ts';
import { primitives } from '../../engine/ops/table.ts';
import { checkKernel, failures, sameBits, worst } from './checkers.ts';
import { table, type Entry } from './table/index.ts';

const described = table.flatMap((entry) =>
  primitives.flatMap((primitive): (readonly [string, Entry, Primitive])[] =>
    primitive.name === entry.primitive ? [[entry.primitive, entry, primitive]] : [],
  ),
);

/** Worst achieved / allowed error by primitive. */
const ratios = new Map<string, number>();

beforeAll(() => init());
afterAll(() => {
  const inexact = [...ratios].filter(([, ratio]) => ratio > 0).sort(([, a], [, b]) => b - a);
  console.log(
    `achieved / allowed: ${inexact.map(([name, ratio]) => `${name} ${ratio.toFixed(2)}`).join(', ')}`,
  );
});

/** Computes all samples in one graph and reads them back. */
async function compute(primitive: Primitive, entry: Entry): Promise<NdArray[]> {
  const results = [...entry.samples, ...entry.extended].map(({ inputs, attributes }): Tensor =>
    apply(
      primitive,
      inputs.map((x) => hostTensor(x, x.data)),
      attributes,
    ),
  );
  await currentBackend().realize(results);
  const data = await Promise.all(results.map((x) => x.data()));
  return results.map(({ shape, dtype }, k) => ({ shape, dtype, data: data[k] as NdArray['data'] }));
}

describe.each(described)('%s', (name, entry, primitive) => {
  test('agrees with the reference within its accuracy, and repeats bit for bit', async () => {
    const results = await compute(primitive, entry);
    const deviations = [...entry.samples, ...entry.extended].map((sample, k) =>
      checkKernel(primitive, sample, results[k] as NdArray, entry.tighten),
    );
    ratios.set(name, worst(deviations));
    expect(failures(deviations)).toEqual([]);
    const again = await compute(primitive, entry);
    expect(again.map((x, k) => sameBits(x.data, (results[k] as NdArray).data))).toEqual(
      results.map(() => true),
    );
  });
});
