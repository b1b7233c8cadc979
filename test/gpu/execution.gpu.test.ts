/** Execution: recorded programs, donation, memory, order. */
import { beforeAll, expect, test } from 'vitest';
import {
  add,
  counters,
  crossEntropy,
  grad,
  init,
  jit,
  matmul,
  random,
  realize,
  relu,
  scope,
  take,
  tensor,
  tree,
  valueAndGrad,
  zeros,
  type Counters,
  type Tensor,
} from '../../engine/index.ts';

beforeAll(() => init());

const count = (): Counters => counters() as Counters;
const values = async (x: Tensor): Promise<number[]> => [...(await x.data())];

interface Model {
  readonly [name: string]: Tensor;
}

function model(seed: number): Model {
  const [k1, k2] = [random.foldIn(random.key(seed), 1), random.foldIn(random.key(seed), 2)];
  return {
    w1: random.normal(k1, [12, 16]).mul(0.3),
    b1: zeros([16]),
    w2: random.normal(k2, [16, 5]).mul(0.3),
    b2: zeros([5]),
  };
}

/** A training step with momentum on a two-layer network; the batch is gathered by index. */
function trainingStep() {
  const data = random.normal(random.key(9), [64, 12]);
  const labels = random.bits(random.key(10), [64]).bitAnd(3).cast('i32');
  const loss = ({ w1, b1, w2, b2 }: Model, x: Tensor, y: Tensor): Tensor =>
    crossEntropy(matmul(relu(matmul(x, w1 as Tensor).add(b1 as Tensor)), w2 as Tensor).add(b2 as Tensor), y);
  return jit(
    (state: { params: Model; velocity: Model }, indices: Tensor) => {
      const [value, gradient] = valueAndGrad(loss)(state.params, take(data, indices), take(labels, indices));
      const velocity = tree.map((v, g) => v.mul(0.9).add(g), state.velocity, gradient);
      const params = tree.map((p, v) => p.sub(v.mul(0.05)), state.params, velocity);
      return { state: { params, velocity }, value };
    },
    { donate: [0] },
  );
}

const indicesAt = (step: number): Tensor =>
  tensor(
    Int32Array.from({ length: 8 }, (_, k) => (step * 13 + k * 7) % 64),
    [8],
  );

async function train(steps: number): Promise<{ bytes: number[]; losses: number[] }> {
  const step = trainingStep();
  const params = model(1);
  let state = { params, velocity: tree.map((p) => zeros(p.shape), params) };
  const losses: number[] = [];
  for (let k = 0; k < steps; k++) {
    const result = step(state, indicesAt(k));
    state = result.state;
    if (k % 50 === 0 || k === steps - 1) losses.push(await result.value.item());
    result.value.dispose();
  }
  const bytes: number[] = [];
  for (const leaf of tree.leaves(state)) {
    bytes.push(...new Uint8Array((await leaf.data()).buffer));
    leaf.dispose();
  }
  step.dispose();
  return { bytes, losses };
}

test('replaying a training step creates no buffer, no bind group and no pipeline, and submits once', async () => {
  const step = trainingStep();
  const params = model(1);
  let state = { params, velocity: tree.map((p) => zeros(p.shape), params) };
  for (let k = 0; k < 3; k++) {
    const result = step(state, indicesAt(k));
    state = result.state;
    await result.value.item();
    result.value.dispose();
  }
  const before = count();
  for (let k = 3; k < 13; k++) {
    const result = step(state, indicesAt(k));
    state = result.state;
    result.value.dispose();
  }
  const after = count();
  expect(after.buffers - before.buffers).toBe(0);
  expect(after.bindGroups - before.bindGroups).toBe(0);
  expect(after.pipelines - before.pipelines).toBe(0);
  expect(after.submits - before.submits).toBe(10);
  expect(after.liveTensors - before.liveTensors).toBe(0);
  expect(after.allocatedBytes - before.allocatedBytes).toBe(0);
  for (const leaf of tree.leaves(state)) leaf.dispose();
  step.dispose();
});

test('2,000 training steps leave live and allocated bytes flat, and learn', async () => {
  const step = trainingStep();
  const params = model(1);
  let state = { params, velocity: tree.map((p) => zeros(p.shape), params) };
  let first = Number.NaN;
  let last = Number.NaN;
  let warm: Counters | undefined;
  for (let k = 0; k < 2000; k++) {
    const result = step(state, indicesAt(k % 8));
    state = result.state;
    if (k % 200 === 0 || k === 1999) last = await result.value.item();
    if (k === 0) first = last;
    result.value.dispose();
    if (k === 200) warm = count();
  }
  const end = count();
  // Tensors that earlier tests left behind may be collected meanwhile: the counts may fall, never rise.
  expect(end.liveTensors).toBeLessThanOrEqual(warm?.liveTensors ?? 0);
  expect(end.liveBytes).toBeLessThanOrEqual(warm?.liveBytes ?? 0);
  expect(end.allocatedBytes).toBeLessThanOrEqual(warm?.allocatedBytes ?? 0);
  expect(last).toBeLessThan(first / 4);
  step.dispose();
}, 60_000);

test('the same seed gives the same bytes of parameters after 200 steps', async () => {
  const [one, two] = [await train(200), await train(200)];
  expect(one.bytes).toEqual(two.bytes);
  expect(one.losses).toEqual(two.losses);
}, 60_000);

test('a donated tensor cannot be used again', async () => {
  const double = jit((x: Tensor) => x.mul(2), { donate: [0] });
  const x = tensor([1, 2, 3]);
  expect(await values(double(x))).toEqual([2, 4, 6]);
  await expect(x.data()).rejects.toMatchObject({ code: 'RELEASED' });
  expect(() => double(x)).toThrow(expect.objectContaining({ code: 'RELEASED' }));
});

test('donated arguments may be exchanged', async () => {
  const swap = jit((x: Tensor, y: Tensor) => [y, x.add(0).mul(1)], { donate: [0, 1] });
  const [p, q] = swap(tensor([1, 2]), tensor([3, 4])) as [Tensor, Tensor];
  expect([await values(p), await values(q)]).toEqual([
    [3, 4],
    [1, 2],
  ]);
});

test('a donated argument that others still read is overwritten last', async () => {
  const f = jit((x: Tensor, y: Tensor) => [x.add(y), matmul(x.reshape([2, 2]), y.reshape([2, 2])), x.sum()], {
    donate: [0],
  });
  const [a, b, c] = f(tensor([1, 2, 3, 4]), tensor([1, 0, 0, 1])) as [Tensor, Tensor, Tensor];
  expect([await values(a), await values(b), await c.item()]).toEqual([[2, 2, 3, 5], [1, 2, 3, 4], 10]);
});

test('an argument donated in two places of one call is refused', () => {
  const f = jit((x: Tensor, y: Tensor) => [x.add(1), y.add(2)], { donate: [0] });
  const x = tensor(new Float32Array(40_000), [40_000]);
  expect(() => f(x, x)).toThrow(expect.objectContaining({ code: 'DONATED_TWICE' }));
});

test('a donated argument that the function captured is refused', async () => {
  const w = tensor([1, 2]).add(0);
  await realize(w);
  const f = jit((x: Tensor) => x.add(w), { donate: [0] });
  expect(() => f(w)).toThrow(expect.objectContaining({ code: 'DONATED_TWICE' }));
});

test('a recorded function is its operations inside a derivative and inside another recording', async () => {
  const f = jit((x: Tensor) => x.mul(x).sum());
  expect(await values(grad(f)(tensor([1, 2])))).toEqual([2, 4]);
  expect(await values(jit((x: Tensor) => grad(f)(x).add(1))(tensor([1, 2])))).toEqual([3, 5]);
});

test('infinities, NaN and numbers beyond f32 pass through constants, padding, relu and extrema', async () => {
  const x = tensor([1, Number.NaN, 3]);
  expect(await values(x.relu())).toEqual([1, Number.NaN, 3]);
  expect(await values(x.maximum(2))).toEqual([2, Number.NaN, 3]);
  expect(await x.max().item()).toBeNaN();
  expect(await values(tensor([2]).pad([[1, 1]], -Infinity))).toEqual([-Infinity, 2, -Infinity]);
  expect(await values(tensor([2, -1]).mul(1e39))).toEqual([Infinity, -Infinity]);
});

test('host values read back as the device holds them', async () => {
  expect(await tensor([0.1]).data()).toEqual(Float32Array.of(0.1));
});

test('one function records one program for each signature, and all stay alive', async () => {
  const f = jit((x: Tensor) => x.mul(3).sum());
  expect(await f(tensor([1, 2])).item()).toBe(9);
  expect(await f(tensor([[1], [2], [3]])).item()).toBe(18);
  const before = count().pipelines;
  expect(await f(tensor([3, 4])).item()).toBe(21);
  expect(await f(tensor([[4], [5], [6]])).item()).toBe(45);
  expect(count().pipelines).toBe(before);
});

test('a recorded function reads what it captured, host or device', async () => {
  const onDevice = tensor(new Float32Array([1, 2, 3]), [3]).add(0);
  await onDevice.data();
  const onHost = tensor([10, 20, 30]);
  const f = jit((x: Tensor) => x.mul(onDevice).add(onHost));
  expect(await values(f(tensor([1, 1, 1])))).toEqual([11, 22, 33]);
  expect(await values(f(tensor([2, 2, 2])))).toEqual([12, 24, 36]);
});

test('arguments of a recorded function may be pending', async () => {
  const f = jit((x: Tensor) => x.add(1));
  expect(await values(f(f(tensor([1, 2]).mul(2))))).toEqual([4, 6]);
});

test('asking for a value while a function is recorded is refused, naming the argument', () => {
  const f = jit((x: Tensor) => {
    void x
      .mul(2)
      .data()
      .catch(() => undefined);
    return x;
  });
  expect(f).toBeTypeOf('function');
  expect(() => jit((x: Tensor) => leak(x))(tensor(1))).not.toThrow();
  expect(() => jit((x: Tensor) => x.add(leaked as Tensor))(tensor(1))).toThrow(/argument 0/);
});
let leaked: Tensor | undefined;
function leak(x: Tensor): Tensor {
  leaked = x.add(1);
  return x;
}

test('results that are arguments, constants or each other have memory of their own', async () => {
  const f = jit((x: Tensor) => [x, x, zeros([2]), x.reshape([2, 1])]);
  const results = f(tensor([5, 6]));
  results[0]?.dispose();
  expect(await values(results[1] as Tensor)).toEqual([5, 6]);
  expect(await values(results[2] as Tensor)).toEqual([0, 0]);
  expect(await values(results[3] as Tensor)).toEqual([5, 6]);
});

test('a loop whose scalars change compiles once', async () => {
  const w = tensor([1, 2, 3]);
  await w.mul(0.3).add(0.7).data();
  const before = count().pipelines;
  for (const rate of [0.11, 0.12, 0.13])
    expect((await values(w.mul(rate).add(rate)))[0]).toBeCloseTo(2 * rate, 6);
  expect(count().pipelines).toBe(before);
});

test('a pending graph that grows without bound is realised by itself', async () => {
  let x = tensor([1, 2]).add(0);
  for (let k = 0; k < 2500; k++) x = x.add(1);
  expect(x.depth).toBeLessThan(1001);
  expect(await values(x)).toEqual([2501, 2502]);
});

test('a scope frees what it made and does not return, and everything if it throws', async () => {
  await tensor([1]).add(1).data();
  const before = count();
  const f = jit((x: Tensor) => [x.add(1), x.add(2)]);
  const kept = scope(() => f(tensor([1, 2]))[0] as Tensor);
  // Garbage of earlier tests may be collected meanwhile: counts may fall, never rise.
  expect(count().liveTensors).toBeLessThanOrEqual(before.liveTensors + 1);
  expect(await values(kept)).toEqual([2, 3]);
  kept.dispose();
  expect(() =>
    scope(() => {
      f(tensor([1, 2]));
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(count().liveTensors).toBeLessThanOrEqual(before.liveTensors);
  let inside: Tensor | undefined;
  scope(() => {
    inside = f(tensor([1, 2]))[1];
  });
  await expect(inside?.data()).rejects.toMatchObject({ code: 'RELEASED' });
});

test('a scope leaves older tensors that it merely realised', async () => {
  const host = tensor(new Float32Array(40_000).fill(2), [40_000]);
  const pending = tensor([1, 2]).add(1);
  const f = jit((x: Tensor, y: Tensor) => [x.sum(), y.sum()]);
  scope(() => {
    f(host, pending);
  });
  expect(await host.sum().item()).toBe(80_000);
  expect(await values(pending)).toEqual([2, 3]);
});

test('two concurrent reads of one tensor are both right', async () => {
  const x = add(tensor([1, 2, 3]), 1);
  const [a, b] = await Promise.all([x.data(), x.data()]);
  expect([[...a], [...b]]).toEqual([
    [2, 3, 4],
    [2, 3, 4],
  ]);
});

test('using a disposed tensor throws, and disposing twice does nothing', async () => {
  const x = tensor([1]).add(1);
  await x.data();
  x.dispose();
  x.dispose();
  await expect(x.add(1).data()).rejects.toMatchObject({ code: 'RELEASED' });
});
