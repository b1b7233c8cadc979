/** The batching rule of every primitive, in float64: the same as the operation on each element, and so are its derivatives. */
/* oxlint-disable vitest/expect-expect -- the helpers assert */
import { beforeAll, describe, expect, test } from 'vitest';
import { isFloat } from '../../engine/graph/dtype.ts';
import { apply, hostTensor } from '../../engine/graph/tensor.ts';
import { grad, init, mul, stack, sum, vmap, type Tensor } from '../../engine/index.ts';
import { primitives } from '../../engine/ops/table.ts';
import { bothWays, choices, SIZE } from './batching.ts';
import { table } from './table/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const described = table.flatMap((entry) =>
  primitives.flatMap((primitive) =>
    primitive.name === entry.primitive ? [[entry.primitive, entry, primitive] as const] : [],
  ),
);

/** Sums may be taken in another order. */
async function expectClose(x: Tensor, y: Tensor): Promise<void> {
  expect([x.shape, x.dtype]).toEqual([y.shape, y.dtype]);
  const [a, b] = [await x.data(), await y.data()];
  const apart = Array.from(a, (value, k) => {
    const other = b[k] as number;
    return Object.is(value, other) ? 0 : Math.abs(value - other) / Math.max(1, Math.abs(other));
  });
  expect(Math.max(0, ...apart)).toBeLessThanOrEqual(1e-12);
}

describe.each(described)('%s', (_name, entry, primitive) => {
  test('over a batch is itself on every element, whichever operands differ', async () => {
    for (const sample of entry.samples)
      for (const differs of choices(sample.inputs.length)) {
        const { batched, looped } = bothWays(primitive, sample, differs);
        await expectClose(batched, looped);
      }
  });

  test('over a batch of batches is itself on every element', async () => {
    for (const { inputs, attributes } of entry.samples.slice(0, 1)) {
      if (inputs.length === 0) continue;
      const operands = inputs.map((input) => hostTensor(input, input.data));
      const twice = (x: Tensor): Tensor => stack([stack([x, x]), stack([x, x]), stack([x, x])]);
      const operation = (...args: readonly Tensor[]): Tensor => apply(primitive, args, attributes);
      await expectClose(vmap(vmap(operation))(...operands.map(twice)), twice(operation(...operands)));
    }
  });
});

describe.each(described.filter(([, entry]) => entry.first.length > 0))('%s', (_name, entry, primitive) => {
  test('over a batch has the derivatives of the loop over elements', async () => {
    for (const { inputs, attributes } of entry.samples.slice(0, 2)) {
      const operands = inputs.map((input) => hostTensor(input, input.data));
      for (const k of entry.first) {
        const x = operands[k];
        if (!x || !isFloat(x.dtype)) continue;
        const spread = stack(Array.from({ length: SIZE }, (_, element) => mul(x, 1 - element / 8)));
        const one = (at: Tensor): Tensor => {
          const y = apply(primitive, operands.with(k, at), attributes);
          return sum(mul(y, y));
        };
        const looped = stack(
          Array.from({ length: SIZE }, (_, element) => grad(one)(mul(x, 1 - element / 8))),
        );
        // The derivative of a batch, and a batch of derivatives.
        await expectClose(grad((all: Tensor) => sum(vmap(one)(all)))(spread), looped);
        await expectClose(vmap(grad(one))(spread), looped);
      }
    }
  });
});
