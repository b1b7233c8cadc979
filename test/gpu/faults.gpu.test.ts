/** What a device does when things go wrong: errors with codes, and never made-up numbers. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { apply } from '../../engine/graph/tensor.ts';
import { sqrtPrimitive } from '../../engine/ops/transcendental.ts';
import {
  currentDevice,
  init,
  jit,
  realize,
  scatterAdd,
  take,
  tensor,
  zeros,
  type Tensor,
} from '../../engine/index.ts';

beforeAll(() => init());
beforeEach(() => init());

test('an index outside its axis, known only on the device, is reported at the next readback and not after', async () => {
  const x = tensor([10, 20, 30]);
  const indices = tensor(new Int32Array([0, 5]), [2]).add(0);
  await expect(take(x, indices).data()).rejects.toMatchObject({
    code: 'INDEX_OUT_OF_RANGE',
    message: expect.stringContaining('index 5') as string,
  });
  await expect(take(x, tensor(new Int32Array([-1]), [1]).add(0)).data()).rejects.toThrow(
    /index -1.*extent 3/,
  );
  expect([...(await take(x, tensor(new Int32Array([2]), [1]).add(0)).data())]).toEqual([30]);
  await expect(scatterAdd(indices, tensor([1, 1]), 0, 3).data()).rejects.toMatchObject({
    code: 'INDEX_OUT_OF_RANGE',
  });
});

test('a wrong index fails every value that it may have gone into, and what was made of them', async () => {
  const x = tensor([10, 20, 30]);
  const bad = take(x, tensor(new Int32Array([9]), [1]).add(0));
  const beside = x.mul(2);
  await realize(bad, beside);
  const later = bad.mul(2);
  const outcomes = await Promise.allSettled([beside.data(), later.data(), bad.data()]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(bad.data()).rejects.toMatchObject({ code: 'INDEX_OUT_OF_RANGE' });
  expect([...(await x.mul(2).data())]).toEqual([20, 40, 60]);
});

test('an index outside its axis that the host knows is refused when the graph is built', () => {
  expect(() => take(tensor([1, 2]), tensor(new Int32Array([2]), [1]))).toThrow(
    expect.objectContaining({ code: 'INDEX_OUT_OF_RANGE' }),
  );
});

test('a wrong index inside a recorded step is reported by the step’s loss', async () => {
  const x = tensor([1, 2, 3]);
  const f = jit((i: Tensor) => take(x, i).sum());
  await expect(f(tensor(new Int32Array([7, 0]), [2])).data()).rejects.toMatchObject({
    code: 'INDEX_OUT_OF_RANGE',
  });
  expect(await f(tensor(new Int32Array([2, 0]), [2])).item()).toBe(4);
});

test('a tensor above what the adapter binds at once is refused with both numbers', async () => {
  const { limits } = (currentDevice() as NonNullable<ReturnType<typeof currentDevice>>).gpu;
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const words = most / 4 + 1024;
  await expect(
    zeros([words])
      .add(tensor([1]))
      .data(),
  ).rejects.toMatchObject({
    code: 'BUFFER_TOO_LARGE',
    message: expect.stringContaining(String(most)) as string,
  });
});

test('a lost device rejects pending reads, makes later calls throw, and init() brings a new one', async () => {
  const old = tensor([1, 2]).add(1);
  await old.data();
  const pending = old.mul(2).data();
  const outcome = pending.then(
    () => 'a value',
    (error: { code: string }) => error.code,
  );
  currentDevice()?.destroy();
  expect(await outcome).toBe('DEVICE_LOST');
  await expect(tensor([1]).add(1).data()).rejects.toMatchObject({ code: 'DEVICE_LOST' });
  expect(() => jit((x: Tensor) => x.add(1))(tensor([1]))).toThrow(
    expect.objectContaining({ code: 'DEVICE_LOST' }),
  );
  await init();
  expect([...(await tensor([1]).add(1).data())]).toEqual([2]);
  await expect(old.add(1).data()).rejects.toMatchObject({ code: 'STALE_DEVICE' });
});

test('a shader that does not compile fails the values computed with it, and no others', async () => {
  const broken = {
    ...sqrtPrimitive,
    name: 'broken',
    kernel: { kind: 'scalar' as const, expression: () => 'nonsense(1.0)' },
  };
  const bad = apply(broken, [tensor([1, 2])], {});
  const [outcome, good] = await Promise.allSettled([bad.data(), tensor([4]).sqrt().data()]);
  expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SHADER' } });
  expect(String((outcome as PromiseRejectedResult).reason)).toMatch(/shaders\/map\.wgsl.*nonsense/s);
  expect(good).toMatchObject({ status: 'fulfilled' });
  await expect(bad.mul(2).add(1).data()).rejects.toMatchObject({ code: 'SHADER' });
  await expect(jit((x: Tensor) => x.sum())(bad).data()).rejects.toMatchObject({ code: 'SHADER' });
  expect([...(await tensor([4]).sqrt().data())]).toEqual([2]);
});
