/** Derivatives of derivatives: nesting to third order, Hessians against dense differences, Hessian-vector products. */
import { beforeAll, describe, expect, test } from 'vitest';
import { fc } from '../property.ts';
import {
  cos,
  crossEntropy,
  grad,
  hessian,
  hvp,
  init,
  jvp,
  matmul,
  relu,
  sin,
  tanh,
  tensor,
  tree,
  vjp,
  type Tensor,
} from '../../engine/index.ts';
import { uniforms } from '../conformance/draw.ts';

beforeAll(() => init({ backend: 'reference' }));

async function numbers(x: Tensor): Promise<number[]> {
  return [...(await x.data())];
}

const draw = (seed: string, ...shape: number[]): Tensor =>
  tensor(
    Float64Array.from(
      uniforms(
        seed,
        shape.reduce((a, b) => a * b, 1),
      ),
    ),
    shape,
  );

describe('nesting', () => {
  test('reaches the third derivative and beyond', async () => {
    const derivatives = [sin, cos, (x: Tensor) => sin(x).neg(), (x: Tensor) => cos(x).neg()];
    let f: (x: Tensor) => Tensor = sin;
    for (let order = 0; order <= 4; order++) {
      const [have, want] = [await f(tensor(0.7)).item(), await derivatives[order % 4]!(tensor(0.7)).item()];
      expect(have).toBeCloseTo(want, 14);
      f = grad(f);
    }
  });

  test('mixes modes: forward over reverse, reverse over forward, forward over forward agree', async () => {
    const f = (x: Tensor): Tensor => x.mul(x).mul(sin(x));
    const x = tensor(1.3);
    const one = tensor(1);
    const forward = (g: (x: Tensor) => Tensor) => (at: Tensor) => jvp(g, [at], [one])[1];
    const reverse = (g: (x: Tensor) => Tensor) => (at: Tensor) => vjp(g, at)[1](one)[0];
    const values = await Promise.all(
      [forward(reverse(f)), reverse(forward(f)), forward(forward(f)), reverse(reverse(f))].map((g) =>
        g(x).item(),
      ),
    );
    const exact = 2 * Math.sin(1.3) + 4 * 1.3 * Math.cos(1.3) - 1.3 ** 2 * Math.sin(1.3);
    for (const value of values) expect(value).toBeCloseTo(exact, 13);
  });

  test('an inner derivative does not see the outer argument as its own', async () => {
    // d/dx [x · d/dy (x + y)] = 1, and d/dx [x · d/dy (x·y)] = 2x.
    const sum = grad((x: Tensor) => x.mul(grad((y: Tensor) => x.add(y))(tensor(1))));
    const product = grad((x: Tensor) => x.mul(grad((y: Tensor) => x.mul(y))(tensor(1))));
    expect(await sum(tensor(3)).item()).toBe(1);
    expect(await product(tensor(3)).item()).toBe(6);
    // The same for forward mode inside forward mode.
    const one = tensor(1);
    const inner = (x: Tensor): Tensor => jvp((y: Tensor) => x.mul(y), [one], [one])[1];
    expect(await jvp((x: Tensor) => x.mul(inner(x)), [tensor(3)], [one])[1].item()).toBe(6);
  });

  test('an inner derivative at the outer argument differentiates through the point', async () => {
    const f = (x: Tensor): Tensor => grad((y: Tensor) => y.mul(y).mul(y))(x.mul(2));
    // f(x) = 3 (2x)² = 12 x², so f' = 24 x.
    expect(await grad(f)(tensor(0.5)).item()).toBe(12);
  });
});

/** Second derivatives by central differences of the gradient. */
async function denseHessian(f: (x: Tensor) => Tensor, at: readonly number[]): Promise<number[][]> {
  const h = 1e-5;
  const gradient = async (point: number[]): Promise<number[]> =>
    numbers(grad(f)(tensor(Float64Array.from(point))));
  return Promise.all(
    at.map(async (_, i) => {
      const [up, down] = await Promise.all(
        [1, -1].map((sign) => gradient(at.map((x, k) => (k === i ? x + sign * h : x)))),
      );
      return up!.map((value, k) => (value - down![k]!) / (2 * h));
    }),
  );
}

const inputs = draw('inputs', 4, 3);
const labels = tensor(new Int32Array([0, 1, 1, 0]), [4]);
const part = (v: Tensor, from: number, ...shape: number[]): Tensor =>
  v.slice([from], [from + shape.reduce((a, b) => a * b, 1)]).reshape(shape);
const networks: readonly (readonly [string, number, (v: Tensor) => Tensor])[] = [
  [
    'a product of matrices',
    12,
    (v) =>
      matmul(part(v, 0, 2, 3), part(v, 6, 3, 2))
        .square()
        .sum(),
  ],
  [
    'a tanh network with softmax cross-entropy',
    3 * 2 + 2 + 2 * 2,
    (v) =>
      crossEntropy(tanh(inputs.matmul(part(v, 0, 3, 2)).add(part(v, 6, 2))).matmul(part(v, 8, 2, 2)), labels),
  ],
  [
    'a relu network with softmax cross-entropy',
    3 * 2 + 2 * 2,
    (v) => crossEntropy(relu(inputs.matmul(part(v, 0, 3, 2))).matmul(part(v, 6, 2, 2)), labels),
  ],
  [
    'a softmax',
    4,
    (v) =>
      v
        .softmax()
        .mul(tensor([1, -2, 3, 0.5]))
        .sum(),
  ],
  ['a log-sum-exp', 4, (v) => v.mul(3).logsumexp()],
  [
    'a product at a zero',
    4,
    (v) => v.sub(tensor([0, uniforms('hessian a product at a zero', 4)[1] as number, 0, 0])).prod(),
  ],
  ['a variance', 5, (v) => v.variance()],
  ['a maximum of squares', 4, (v) => v.square().max()],
];

describe.each(networks)('the Hessian of %s', (name, size, f) => {
  const at = uniforms(`hessian ${name}`, size);
  const x = tensor(Float64Array.from(at));

  test('agrees with differences of the gradient, and is symmetric', async () => {
    const rows = await denseHessian(f, at);
    const exact = await numbers(hessian(f)(x));
    const scale = Math.max(...exact.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        expect(Math.abs(exact[i * size + j]! - rows[i]![j]!)).toBeLessThanOrEqual(1e-6 * scale);
        expect(Math.abs(exact[i * size + j]! - exact[j * size + i]!)).toBeLessThanOrEqual(1e-12 * scale);
      }
  });

  test('times a vector is the Hessian-vector product, linear and symmetric in its vectors', async () => {
    const exact = await numbers(hessian(f)(x));
    const times = async (v: readonly number[]): Promise<number[]> =>
      numbers(hvp(f)(x, tensor(Float64Array.from(v))));
    const [u, v] = [uniforms('u', size), uniforms('v', size)];
    const [hu, hv, both] = await Promise.all([times(u), times(v), times(u.map((a, k) => 2 * a - 3 * v[k]!))]);
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, k) => sum + value * b[k]!, 0);
    const scale = Math.max(...hu.map(Math.abs), ...hv.map(Math.abs));
    for (let i = 0; i < size; i++) {
      expect(Math.abs(hu[i]! - dot(exact.slice(i * size, (i + 1) * size), u))).toBeLessThanOrEqual(
        1e-12 * scale * size,
      );
      expect(Math.abs(both[i]! - 2 * hu[i]! + 3 * hv[i]!)).toBeLessThanOrEqual(1e-12 * scale);
    }
    expect(Math.abs(dot(u, hv) - dot(v, hu))).toBeLessThanOrEqual(1e-11 * scale * size);
  });
});

describe('over trees', () => {
  const f = ({ a, b }: { a: Tensor; b: Tensor[] }): Tensor =>
    a
      .mul(a)
      .sum()
      .mul(b[0] as Tensor)
      .add(
        (b[1] as Tensor)
          .square()
          .mul((b[0] as Tensor).square())
          .sum(),
      );
  const x = { a: tensor([1, 2]), b: [tensor(3), tensor([4, 5, 6])] };

  test('the gradient has the structure of the argument', async () => {
    const g = grad(f)(x);
    expect(tree.structure(g)).toBe(tree.structure(x));
    expect(await numbers(g.a)).toEqual([6, 12]);
    expect(await numbers(g.b[0] as Tensor)).toEqual([5 + 2 * 3 * 77]);
    expect(await numbers(g.b[1] as Tensor)).toEqual([72, 90, 108]);
  });

  test('the Hessian has a block for every pair of leaves', async () => {
    const h = hessian(f)(x) as { a: typeof x; b: (typeof x)[] };
    expect(await numbers(h.a.a)).toEqual([6, 0, 0, 6]);
    expect(h.a.b[0]?.shape).toEqual([2]);
    expect(await numbers(h.a.b[0] as Tensor)).toEqual([2, 4]);
    expect(await numbers(h.b[0]!.a)).toEqual([2, 4]);
    expect(h.b[1]!.a.shape).toEqual([3, 2]);
    expect(await numbers(h.b[1]!.a)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await numbers(h.b[1]!.b[0] as Tensor)).toEqual([48, 60, 72]);
    expect(await numbers(h.b[1]!.b[1] as Tensor)).toEqual([18, 0, 0, 0, 18, 0, 0, 0, 18]);
  });

  test('the Hessian-vector product takes and gives trees', async () => {
    const v = { a: tensor([1, 0]), b: [tensor(0), tensor([0, 1, 0])] };
    const hv = hvp(f)(x, v);
    expect(await numbers(hv.a)).toEqual([6, 0]);
    expect(await numbers(hv.b[0] as Tensor)).toEqual([2 + 60]);
    expect(await numbers(hv.b[1] as Tensor)).toEqual([0, 18, 0]);
  });
});

test('the Hessian of a random cubic form is symmetric', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(1000), async (size, seed) => {
      const [a, b] = [draw(`cubic a ${seed}`, size, size), draw(`cubic b ${seed}`, size)];
      const h = await numbers(
        hessian((x: Tensor) => x.matmul(a).matmul(x).mul(x.matmul(b)))(draw(`cubic ${seed}`, size)),
      );
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) expect(h[i * size + j]).toBeCloseTo(h[j * size + i]!, 10);
    }),
    { seed: 7, numRuns: 30 },
  );
});
