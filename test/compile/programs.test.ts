/** What the compiler makes of graphs, without a device. */
import { expect, test } from 'vitest';
import { captureGraph } from '../../engine/compile/capture.ts';
import { compile, type Target } from '../../engine/compile/compile.ts';
import type { BufferRef, Program } from '../../engine/compile/program.ts';
import { placeholder, type Tensor } from '../../engine/graph/tensor.ts';
import {
  arange,
  concat,
  crossEntropy,
  isFinite,
  matmul,
  relu,
  take,
  tree,
  valueAndGrad,
  vmap,
  where,
} from '../../engine/index.ts';

const target: Target = { adapter: { kind: 'cpu', name: 'test' }, maxBuffers: 10 };

function argument(shape: readonly number[], dtype: Tensor['dtype'] = 'f32'): Tensor {
  return placeholder({ shape, dtype }, 'x');
}

function program(
  outputs: readonly Tensor[],
  args: readonly Tensor[],
  donated: readonly boolean[] = [],
): Program {
  return compile(
    captureGraph(outputs, args, 'constants'),
    args.map((_, k) => donated[k] ?? false),
    target,
  );
}

const shadersOf = ({ dispatches }: Program): string[] => dispatches.map(({ shader }) => shader);
const show = (ref: BufferRef): string => `${ref.kind}${'index' in ref ? ref.index : ''}`;

test('an elementwise chain with broadcasting is one kernel', () => {
  const [x, b] = [argument([8, 4]), argument([4])];
  expect(shadersOf(program([relu(x.mul(2).add(b)).exp()], [x, b]))).toEqual(['map']);
});

test('a matrix product takes its bias and activation as an epilogue', () => {
  const [x, w, b] = [argument([8, 4]), argument([4, 6]), argument([6])];
  const { dispatches } = program([relu(matmul(x, w).add(b))], [x, w, b]);
  expect(dispatches).toHaveLength(1);
  expect(dispatches[0]?.label).toBe('matmul+broadcast+add+relu f32[8, 6]');
});

test('a transposed operand is read in place', () => {
  const [x, w] = [argument([8, 4]), argument([6, 4])];
  const { dispatches } = program([matmul(x, w.transpose())], [x, w]);
  expect(dispatches).toHaveLength(1);
  expect(dispatches[0]?.constants).toMatchObject({ TRANSPOSE_A: 0, TRANSPOSE_B: 1 });
});

test('one matrix that serves a batch is not copied', () => {
  const [x, w] = [argument([3, 8, 4]), argument([1, 4, 6])];
  const { dispatches } = program([matmul(x, w)], [x, w]);
  expect(dispatches).toHaveLength(1);
  expect(dispatches[0]?.constants).toMatchObject({ A_BATCH: 32, B_BATCH: 0 });
});

test('a sum of two matrix products is the epilogue of one of them', () => {
  const [x, y] = [argument([8, 8]), argument([8, 8])];
  expect(shadersOf(program([matmul(x, y).add(matmul(y, x)).relu()], [x, y]))).toEqual([
    'matmul_small',
    'matmul_small',
  ]);
});

test('movement costs no kernel of its own', () => {
  const x = argument([4, 6]);
  const moved = concat([x.transpose().slice([1, 0], [4, 4]), x.flip(0).reshape([6, 4])]).pad([
    [1, 0],
    [0, 2],
  ]);
  expect(shadersOf(program([moved.mul(3)], [x]))).toEqual(['map']);
});

test('equal subexpressions are computed once', () => {
  const x = argument([4, 4]);
  expect(shadersOf(program([matmul(x, x).add(matmul(x, x))], [x]))).toEqual(['matmul_small']);
});

test('costly work that two kernels need is stored, cheap work repeated', () => {
  const [x, y] = [argument([64, 64]), argument([64, 64])];
  const costly = program([matmul(x.exp(), y), x.exp().sum()], [x, y]);
  expect(shadersOf(costly)).toEqual(['map', 'matmul_registers', 'reduce', 'reduce']);
  const cheap = program([x.mul(2).sum(0), x.mul(2).sum(1)], [x]);
  expect(shadersOf(cheap)).toEqual(['reduce', 'reduce']);
});

test('a costly scalar is not computed again at every position it is stretched to', () => {
  const [x, t] = [argument([1000]), argument([])];
  const { dispatches } = program([x.mul(t.exp())], [x, t]);
  expect(dispatches.map(({ label }) => label)).toEqual(['exp f32[]', 'broadcast+mul f32[1000]']);
});

test('a costly scalar is stored once, not at the size it is stretched to', () => {
  const [x, y, t] = [argument([100, 50]), argument([70, 30]), argument([])];
  const factor = t.exp().add(1).log();
  const { dispatches } = program([x.mul(factor), y.mul(factor)], [x, y, t]);
  expect(dispatches.map(({ label }) => label)).toEqual([
    'exp+add+log f32[]',
    'broadcast+mul f32[100, 50]',
    'broadcast+mul f32[70, 30]',
  ]);
});

test('a donated argument is updated in place, its moments in the same pass', () => {
  const [p, m, g] = [argument([100]), argument([100]), argument([100])];
  const next = m.mul(0.9).add(g);
  const result = program([p.sub(next.mul(0.1)), next], [p, m, g], [true, true, false]);
  expect(result.dispatches).toHaveLength(1);
  expect(result.outputs).toMatchObject([{ donor: 0 }, { donor: 1 }]);
  expect(result.outputs.every(({ from }) => from === undefined)).toBe(true);
  expect(result.dispatches[0]?.bindings.map(({ buffer, access }) => `${show(buffer)} ${access}`)).toEqual([
    'input1 write',
    'input0 write',
    'input2 read',
  ]);
});

test('a donated argument that its successor does not read at the same place is copied to at the end', () => {
  const x = argument([4, 4]);
  const result = program([x.transpose().add(1)], [x], [true]);
  expect(result.outputs).toMatchObject([{ donor: 0, from: { kind: 'slot' } }]);
});

test('donated arguments that exchange places are copied where order cannot help', () => {
  const [x, y] = [argument([4]), argument([4])];
  const result = program([y.add(1), x.add(1)], [x, y], [true, true]);
  // y + 1 goes over y and x + 1 over x, position by position: no copy is needed after all.
  expect(result.outputs.map(({ donor }) => donor)).toEqual([1, 0]);
});

test('every kernel keeps to the number of buffers that the adapter binds', () => {
  const many = Array.from({ length: 40 }, () => argument([16]));
  const { dispatches } = program([many.reduce((a, b) => a.mul(b)), concat(many)], many);
  expect(Math.max(...dispatches.map(({ bindings }) => bindings.length))).toBeLessThanOrEqual(
    target.maxBuffers,
  );
});

test('scratch memory is shared between values that do not live at once', () => {
  const x = argument([64, 64]);
  let y = x;
  for (let k = 0; k < 10; k++) y = matmul(y, x);
  const { slots } = program([y], [x]);
  expect(slots).toEqual([64 * 64 * 4, 64 * 64 * 4]);
});

test('a training step of the 784-64-10 network is 14 kernels, and updates its state in place', () => {
  const sizes = [784, 64, 10];
  const params = sizes.slice(1).map((n, k) => ({ w: argument([sizes[k] as number, n]), b: argument([n]) }));
  const moments = [0, 1].map(() => tree.map((p) => argument(p.shape), params));
  const [m, v] = moments as [typeof params, typeof params];
  const [x, y, t] = [argument([32, 784]), argument([32], 'i32'), argument([])];
  const [value, gradient] = valueAndGrad((layers: typeof params) => {
    const logits = layers.reduce(
      (h, { w, b }, k) => (k === 0 ? relu(matmul(h, w).add(b)) : matmul(h, w).add(b)),
      x,
    );
    return crossEntropy(logits, y);
  })(params);
  const step = t.add(1);
  const first = tree.map((a, g) => a.mul(0.9).add(g.mul(0.1)), m, gradient);
  const second = tree.map((a, g) => a.mul(0.999).add(g.mul(g).mul(0.001)), v, gradient);
  const correction = (beta: number): Tensor => step.mul(Math.log(beta)).expm1().neg();
  const next = tree.map(
    (p, a, b) =>
      p.sub(
        a
          .div(correction(0.9))
          .mul(1e-3)
          .div(b.div(correction(0.999)).sqrt().add(1e-7)),
      ),
    params,
    first,
    second,
  );
  const state = tree.leaves([params, m, v, t]);
  const result = program(
    [...tree.leaves([next, first, second, step]), value],
    [...state, x, y],
    state.map(() => true),
  );
  expect(result.dispatches).toHaveLength(14);
  expect(result.outputs.filter(({ donor }) => donor !== undefined)).toHaveLength(13);
  expect(result.outputs.some(({ from }) => from !== undefined)).toBe(false);
});

test('sums that go through one tensor go through it together', () => {
  const [x, dy] = [argument([20_000, 8]), argument([20_000, 8])];
  const result = program([dy.sum(0), dy.mul(x).sum(0).mul(3)], [x, dy]);
  expect(shadersOf(result)).toEqual(['reduce', 'reduce']);
  expect(result.dispatches[0]?.code).toContain('alias T = vec2f;');
});

test('a sum that depends on another is not joined with it', () => {
  const x = argument([20_000, 8]);
  const centred = x.sub(x.mean(0));
  expect(shadersOf(program([centred.mul(centred).sum(0)], [x]))).toHaveLength(4);
});

test('a reduction of one element costs nothing', () => {
  const x = argument([1, 8]);
  expect(shadersOf(program([x.sum(0).add(1)], [x]))).toEqual(['map']);
});

test('small maps of one size share a kernel, large ones only if they share what they read', () => {
  const small = [argument([64]), argument([64])];
  expect(
    shadersOf(
      program(
        small.map((x) => x.mul(2)),
        small,
      ),
    ),
  ).toEqual(['map']);
  const large = [argument([20_000]), argument([20_000])];
  expect(
    shadersOf(
      program(
        large.map((x) => x.mul(2)),
        large,
      ),
    ),
  ).toEqual(['map', 'map']);
});

test.each([
  [8, 8],
  [16, 8],
])('replicas of a network compile: batches of %i, %i hidden units', (batch, hidden) => {
  const [x, labels] = [argument([3, batch, 20]), argument([3, batch], 'i32')];
  const params = {
    w: argument([3, 20, hidden]),
    b: argument([3, hidden]),
    out: argument([3, hidden, 10]),
  };
  const velocity = tree.map((p) => argument(p.shape), params);
  type Params = typeof params;
  const step = (p: Params, v: Params, inputs: Tensor, targets: Tensor): readonly [Params, Params, Tensor] => {
    const loss = (q: Params): Tensor =>
      crossEntropy(matmul(relu(matmul(inputs, q.w).add(q.b)), q.out), targets);
    const [value, gradients] = valueAndGrad(loss)(p);
    const next = tree.map((m, g) => m.mul(0.9).add(g), v, gradients);
    const accept = (after: Tensor, before: Tensor): Tensor => where(isFinite(value), after, before);
    return [
      tree.map((q, m) => accept(q.sub(m.mul(0.1)), q), p, next),
      tree.map((after, before) => accept(after, before), next, v),
      value,
    ];
  };
  const results = tree.leaves(vmap(step)(params, velocity, x, labels));
  const args = tree.leaves([params, velocity, x, labels]);
  const result = program(
    results,
    args,
    args.map((_, k) => k < 6),
  );
  expect(result.dispatches.length).toBeLessThan(14);
});

test('a batch gathered by index from packed bytes is one kernel', () => {
  const [words, indices] = [argument([100, 196], 'u32'), argument([32], 'i32')];
  const rows = take(words, indices).reshape([32, 196, 1]);
  const bytes = rows
    .shiftRight(arange(4, 'u32').mul(8))
    .bitAnd(255)
    .cast('f32')
    .mul(1 / 255);
  expect(shadersOf(program([bytes.reshape([32, 784])], [words, indices]))).toEqual(['map']);
});

test('a kernel binds no more buffers than it may, those that its epilogue reads included', () => {
  const [big, small] = [6, 20].map((count, k) =>
    Array.from({ length: count }, () => argument(k === 0 ? [8, 4] : [4])),
  ) as [Tensor[], Tensor[]];
  const product = big.reduce((a, b) => a.mul(b));
  const total = small.reduce((a, b) => a.add(b), product.sum(0));
  const { dispatches } = program([total], [...big, ...small]);
  expect(dispatches.map(({ label }) => label)).toEqual([
    'sum+mul+add f32[4]',
    'add f32[4]',
    'add f32[4]',
    'add f32[4]',
  ]);
  for (const { bindings } of dispatches) expect(bindings.length).toBeLessThanOrEqual(target.maxBuffers);
});
