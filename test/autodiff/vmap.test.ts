/** vmap as a user sees it: per-example gradients, nesting, randomness, replicas, refusals. */
/* oxlint-disable vitest/expect-expect -- the helpers assert */
import { beforeAll, describe, expect, test } from 'vitest';
import * as lv from '../../engine/index.ts';
import type { Tensor } from '../../engine/index.ts';
import { uniform } from '../conformance/draw.ts';

beforeAll(() => lv.init({ backend: 'reference' }));

function draw(name: string, shape: readonly number[]): Tensor {
  return lv.tensor(uniform(name, shape).data, shape);
}

async function expectClose(x: Tensor, y: Tensor): Promise<void> {
  expect([x.shape, x.dtype]).toEqual([y.shape, y.dtype]);
  const [a, b] = [await x.data(), await y.data()];
  a.forEach((value, k) => expect(Math.abs(value - (b[k] as number))).toBeLessThanOrEqual(1e-12));
}

const row = (x: Tensor, k: number): Tensor => lv.reshape(lv.slice(x, [k], [k + 1]), x.shape.slice(1));
const rows = (x: Tensor): Tensor[] => Array.from({ length: x.shape[0] as number }, (_, k) => row(x, k));

type Params = { readonly filter: Tensor; readonly weight: Tensor; readonly bias: Tensor };
const params: Params = {
  filter: draw('filter', [3, 3, 2, 3]),
  weight: draw('weight', [12, 4]),
  bias: draw('bias', [4]),
};
const images = draw('images', [5, 4, 4, 2]);
const labels = lv.tensor(Int32Array.of(0, 3, 1, 1, 2));

/** Mean cross-entropy of a small convolutional net: [B, 4, 4, 2] images. */
function loss(p: Params, x: Tensor, y: Tensor): Tensor {
  const features = lv.maxPool2d(lv.relu(lv.conv2d(x, p.filter, { padding: 'same' })), { size: 2 });
  const logits = lv.add(lv.matmul(lv.reshape(features, [x.shape[0] as number, 12]), p.weight), p.bias);
  return lv.mean(lv.crossEntropyPerExample(logits, y));
}
const lossOfOne = (p: Params, x: Tensor, y: Tensor): Tensor =>
  loss(p, lv.expandDims(x, 0), lv.expandDims(y, 0));

describe('vmap(grad(loss))', () => {
  const perExample = lv.vmap(lv.grad(lossOfOne), { in: [null, 0, 0] })(params, images, labels);

  test('is the gradient of every example', async () => {
    for (const [k, image] of rows(images).entries()) {
      const one = lv.grad(lossOfOne)(params, image, row(labels, k));
      for (const name of ['filter', 'weight', 'bias'] as const)
        await expectClose(row(perExample[name], k), one[name]);
    }
  });

  test('has the gradient of the batch as its mean', async () => {
    const whole = lv.grad(loss)(params, images, labels);
    for (const name of ['filter', 'weight', 'bias'] as const)
      await expectClose(lv.mean(perExample[name], 0), whole[name]);
  });

  test('does not depend on the order of the examples or on their number', async () => {
    const order = lv.tensor(Int32Array.of(4, 0, 2));
    const some = lv.vmap(lv.grad(lossOfOne), { in: [null, 0, 0] })(
      params,
      lv.take(images, order),
      lv.take(labels, order),
    );
    await expectClose(some.filter, lv.take(perExample.filter, order));
  });

  test('is the same when recorded', async () => {
    const recorded = lv.jit(lv.vmap(lv.grad(lossOfOne), { in: [null, 0, 0] }));
    await expectClose(recorded(params, images, labels).weight, perExample.weight);
  });
});

describe('vmap', () => {
  test('of a Hessian-vector product, and the Hessian-vector product of a sum over vmap, are those of the loop', async () => {
    const v: Params = {
      filter: draw('v', [3, 3, 2, 3]),
      weight: draw('v', [12, 4]),
      bias: draw('v', [4]),
    };
    const each = lv.vmap((x: Tensor, y: Tensor) => lv.hvp(lossOfOne)(params, v, x, y).filter)(images, labels);
    for (const [k, image] of rows(images).entries())
      await expectClose(row(each, k), lv.hvp(lossOfOne)(params, v, image, row(labels, k)).filter);
    const total = (p: Params): Tensor => lv.mean(lv.vmap(lossOfOne, { in: [null, 0, 0] })(p, images, labels));
    const whole = lv.hvp((p: Params) => loss(p, images, labels))(params, v);
    await expectClose(lv.hvp(total)(params, v).filter, whole.filter);
  });

  test('of a pushforward along each direction is the Jacobian', async () => {
    const f = (x: Tensor): Tensor => lv.mul(lv.exp(x), lv.sum(x));
    const x = draw('x', [3]);
    const identity = lv.cast(lv.equal(lv.iota([3, 3], 0), lv.iota([3, 3], 1)), 'f32');
    const byColumns = lv.vmap((t: Tensor) => lv.jvp(f, [x], [t])[1], { out: 1 })(identity);
    const byRows = lv.vmap((ct: Tensor) => lv.vjp(f, x)[1](ct)[0])(identity);
    await expectClose(byColumns, byRows);
  });

  test('maps over any axis and puts the batch anywhere', async () => {
    const x = draw('x', [2, 3, 4]);
    const f = (m: Tensor): Tensor => lv.transpose(lv.mul(m, 2));
    const expected = lv.mul(lv.transpose(x, [2, 1, 0]), 2);
    // Slices along the middle axis are [2, 4]; their transposes [4, 2] are put around it again.
    await expectClose(lv.vmap(f, { in: 1, out: 1 })(x), expected);
    await expectClose(lv.vmap(f, { in: -2, out: -2 })(x), expected);
  });

  test('spreads a result that does not depend on the batch', async () => {
    const result = lv.vmap((x: Tensor) => lv.arange(x.rank + 2))(draw('x', [3]));
    expect([result.shape, [...(await result.data())]]).toEqual([
      [3, 2],
      [0, 1, 0, 1, 0, 1],
    ]);
  });

  test('over keys draws for every key what it draws alone', async () => {
    const keys = lv.random.split(lv.random.key(7), 3);
    const drawn = lv.vmap((key: Tensor) => ({
      normal: lv.random.normal(key, [2, 2]),
      order: lv.random.permutation(key, 5),
      child: lv.random.foldIn(key, 9),
    }))(keys);
    for (const [k, key] of rows(keys).entries()) {
      await expectClose(row(drawn.normal, k), lv.random.normal(key, [2, 2]));
      await expectClose(row(drawn.order, k), lv.random.permutation(key, 5));
      await expectClose(row(drawn.child, k), lv.random.foldIn(key, 9));
    }
  });

  test('of a batch without elements is empty', async () => {
    const none = lv.vmap(lv.grad(lossOfOne), { in: [null, 0, 0] })(
      params,
      lv.zeros([0, 4, 4, 2]),
      lv.zeros([0], 'i32'),
    );
    expect([none.filter.shape, none.bias.shape]).toEqual([
      [0, 3, 3, 2, 3],
      [0, 4],
    ]);
    expect((await none.filter.data()).length).toBe(0);
  });

  test.each([
    {
      what: 'no argument that is mapped over',
      call: () => lv.vmap((x: Tensor) => x, { in: null })(lv.ones([2])),
      code: 'VMAP',
      says: 'axis for at least one',
    },
    {
      what: 'extents that differ',
      call: () => lv.vmap((x: Tensor, y: Tensor) => lv.add(x, y))(lv.ones([2]), lv.ones([3])),
      code: 'VMAP',
      says: 'argument 0 has 2 elements and argument 1 has 3',
    },
    {
      what: 'axes for another number of arguments',
      call: () => lv.vmap((x: Tensor) => x, { in: [0, 0] })(lv.ones([2])),
      code: 'VMAP',
      says: 'names 2 arguments, but the call has 1',
    },
    {
      what: 'a scalar',
      call: () => lv.vmap((x: Tensor) => x)(lv.tensor(1)),
      code: 'AXIS',
      says: 'argument 0 is a scalar',
    },
    {
      what: 'an axis that is not there',
      call: () => lv.vmap((x: Tensor) => x, { in: 2 })(lv.ones([2, 3])),
      code: 'AXIS',
      says: 'axis 2 is out of range for rank 2',
    },
  ])('refuses $what', ({ call, code, says }) => {
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringContaining(says) as string }));
  });

  test('says which argument has no value inside the mapped function', async () => {
    let value: Promise<unknown> = Promise.resolve();
    lv.vmap((x: Tensor) => {
      value = x.data();
      return x;
    })(lv.ones([2]));
    await expect(value).rejects.toThrow(expect.objectContaining({ code: 'PLACEHOLDER' }));
  });
});

test('vmap over a training step trains replicas as one program, each as it would be trained alone', async () => {
  const step = (p: Params, rate: Tensor, x: Tensor, y: Tensor): Params => {
    const gradient = lv.grad(loss)(p, x, y);
    return lv.tree.map((w, g) => lv.sub(w, lv.mul(rate, g)), p, gradient);
  };
  const rates = lv.tensor([0.1, 0.02, 0.5]);
  const replicas: Params = lv.tree.map((w) => lv.stack([w, lv.mul(w, 0.5), lv.mul(w, -1)]), params);
  const together = lv.jit(lv.vmap(step, { in: [0, 0, null, null] }))(replicas, rates, images, labels);
  for (let k = 0; k < 3; k++) {
    const alone = step(
      lv.tree.map((w) => row(w, k), replicas),
      row(rates, k),
      images,
      labels,
    );
    for (const name of ['filter', 'weight', 'bias'] as const)
      await expectClose(row(together[name], k), alone[name]);
  }
});
