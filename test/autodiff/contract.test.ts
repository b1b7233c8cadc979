/** What the transformations promise beside values: refusals, constants, auxiliary results, fan-out, depth. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  abs,
  concat,
  grad,
  hvp,
  init,
  jvp,
  LangevinError,
  max,
  maximum,
  minimum,
  relu,
  sqrt,
  stopGradient,
  tensor,
  valueAndGrad,
  vjp,
  where,
  zeros,
  type Tensor,
} from '../../engine/index.ts';

beforeAll(() => init({ backend: 'reference' }));

async function numbers(x: Tensor): Promise<number[]> {
  return [...(await x.data())].map((value) => value + 0);
}

/** The code and message of the error that a call throws. */
function refusal(call: () => unknown): LangevinError {
  try {
    call();
  } catch (error) {
    if (error instanceof LangevinError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('refusals', () => {
  const count = tensor(new Int32Array([1, 2]));

  test.each([
    ['grad', () => grad((x: Tensor) => x.sum())(count)],
    ['valueAndGrad', () => valueAndGrad((x: Tensor) => x.sum())(count)],
    ['vjp', () => vjp((x: Tensor) => x, count)],
    ['jvp', () => jvp((x: Tensor) => x, [count], [count])],
  ])('%s of integers is refused', (name, call) => {
    const error = refusal(call);
    expect(error.code).toBe('NOT_DIFFERENTIABLE');
    expect(error.message).toContain(`${name}: `);
    expect(error.message).toContain('i32[2]');
  });

  test('an integer inside a tree is named by its path', () => {
    const { message } = refusal(() =>
      grad((x: { a: Tensor; b: Tensor[] }) => x.a.sum())({ a: zeros([2]), b: [count] }),
    );
    expect(message).toContain("'b/0'");
  });

  test.each([
    ['a vector', (x: Tensor): Tensor => x],
    ['a vector of one element', (x: Tensor): Tensor => x.sum(0, true)],
    ['an integer', (x: Tensor): Tensor => x.sum().cast('i32')],
    ['no tensor', (): Tensor => 3 as unknown as Tensor],
  ])('grad of a function that returns %s is refused', (_what, f) => {
    expect(refusal(() => grad(f)(zeros([3]))).code).toBe('NOT_SCALAR');
  });

  test('a cotangent or tangent that does not fit is refused', () => {
    const [, pullback] = vjp((x: Tensor) => x.mul(2), zeros([3]));
    expect(refusal(() => pullback(zeros([2]))).code).toBe('SHAPE');
    expect(refusal(() => pullback(zeros([3], 'i32'))).code).toBe('SHAPE');
    expect(refusal(() => pullback([zeros([3])] as unknown as Tensor)).code).toBe('TREE');
    expect(refusal(() => jvp((x: Tensor) => x, [zeros([3])], [zeros([2])])).code).toBe('SHAPE');
    expect(refusal(() => jvp((x: Tensor) => x, [zeros([3])], [[zeros([3])] as unknown as Tensor])).code).toBe(
      'TREE',
    );
    expect(refusal(() => hvp((x: Tensor) => x.sum())(zeros([3]), zeros([2]))).code).toBe('SHAPE');
  });
});

describe('constants', () => {
  test('what does not depend on the argument has gradient zero', async () => {
    expect(await numbers(grad((_x: Tensor) => tensor(3))(zeros([2])))).toEqual([0, 0]);
    expect(
      await numbers(grad((x: { a: Tensor; b: Tensor }) => x.a.sum())({ a: zeros([1]), b: zeros([2]) }).b),
    ).toEqual([0, 0]);
  });

  test('the identity has gradient one', async () => {
    expect(await numbers(grad((x: Tensor) => x)(tensor(5)))).toEqual([1]);
  });

  test('stopGradient is a constant in both modes and at every order', async () => {
    const f = (x: Tensor): Tensor => x.mul(stopGradient(x));
    expect(await numbers(grad(f)(tensor(3)))).toEqual([3]);
    expect(await numbers(jvp(f, [tensor(3)], [tensor(1)])[1])).toEqual([3]);
    expect(await numbers(grad(grad(f))(tensor(3)))).toEqual([0]);
  });

  test('further arguments of grad are constants, integers among them', async () => {
    const g = grad((x: Tensor, index: Tensor) => x.take(index).square().sum());
    expect(await numbers(g(tensor([1, 2, 3]), tensor(new Int32Array([2, 2]))))).toEqual([0, 0, 12]);
  });

  test('no derivative flows through integers and truth values', async () => {
    const f = (x: Tensor): Tensor => x.cast('i32').cast('f32').add(x.greater(0).cast('f32')).add(x).sum();
    expect(await numbers(grad(f)(tensor([1.5, -2])))).toEqual([1, 1]);
  });
});

describe('values and auxiliary results', () => {
  test('valueAndGrad returns the value that the function returned', async () => {
    const [value, gradient] = valueAndGrad((x: Tensor) => x.square().sum())(tensor([1, 2]));
    expect([await value.item(), await numbers(gradient)]).toEqual([5, [2, 4]]);
  });

  test('aux passes anything through beside the value', async () => {
    const f = (x: Tensor): readonly [Tensor, { twice: Tensor; note: string }] => [
      x.sum(),
      { twice: x.mul(2), note: 'kept' },
    ];
    const [[value, aux], gradient] = valueAndGrad(f, { aux: true })(tensor([1, 2]));
    expect([await value.item(), await numbers(aux.twice), aux.note, await numbers(gradient)]).toEqual([
      3,
      [2, 4],
      'kept',
      [1, 1],
    ]);
  });

  test('a pullback still works after the value was realised, as often as one likes', async () => {
    const [value, pullback] = vjp((x: Tensor) => x.mul(x).exp(), tensor([0.5, 1]));
    const first = await value.data();
    const [once] = pullback(tensor([1, 1]));
    const [again] = pullback(tensor([1, 1]));
    const [scaled] = pullback(tensor([2, 0]));
    expect(await numbers(once)).toEqual([2 * 0.5 * first[0]!, 2 * first[1]!]);
    expect(await numbers(again)).toEqual(await numbers(once));
    expect(await numbers(scaled)).toEqual([2 * first[0]!, 0]);
  });

  test('vjp takes several arguments and returns several results, as trees', async () => {
    const f = (a: Tensor, { b }: { b: Tensor }): { product: Tensor; sum: Tensor } => ({
      product: a.mul(b),
      sum: a.add(b),
    });
    const [value, pullback] = vjp(f, tensor(3), { b: tensor(5) });
    expect([await value.product.item(), await value.sum.item()]).toEqual([15, 8]);
    const [da, db] = pullback({ product: tensor(1), sum: tensor(10) });
    expect([await da.item(), await db.b.item()]).toEqual([15, 13]);
  });
});

describe('fan-out', () => {
  test('a value used k times accumulates k contributions', async () => {
    expect(await numbers(grad((x: Tensor) => x.add(x).sum())(tensor([1, 2])))).toEqual([2, 2]);
    expect(await numbers(grad((x: Tensor) => concat([x, x, x]).sum())(tensor([1, 2])))).toEqual([3, 3]);
    const shared = (x: Tensor): Tensor => {
      const y = x.square();
      return y.mul(y).add(y).sum();
    };
    expect(await numbers(grad(shared)(tensor([2])))).toEqual([4 * 8 + 2 * 2]);
  });

  test('a result returned twice receives both cotangents', async () => {
    const [, pullback] = vjp((x: Tensor): Tensor[] => {
      const y = x.mul(3);
      return [y, y, x];
    }, tensor(1));
    expect(await pullback([tensor(1), tensor(10), tensor(100)])[0].item()).toBe(133);
  });

  test('the gradient does not depend on the order in which the graph was built', async () => {
    const terms = (order: readonly number[]) => (x: Tensor) => {
      const parts = [x.exp(), x.sin(), x.square(), x.mul(3)];
      return order
        .map((k) => parts[k] as Tensor)
        .reduce((a, b) => a.add(b))
        .sum();
    };
    const [g, h] = await Promise.all(
      [
        [0, 1, 2, 3],
        [3, 1, 0, 2],
      ].map((o) => numbers(grad(terms(o))(tensor([0.3, 1.7])))),
    );
    g!.forEach((value, k) => expect(value).toBeCloseTo(h![k]!, 14));
  });
});

describe('points without a derivative', () => {
  test('the documented subgradient is used', async () => {
    const at = (f: (x: Tensor) => Tensor, ...x: number[]): Promise<number[]> =>
      numbers(grad((v: Tensor) => f(v).sum())(tensor(x)));
    expect(await at(relu, 0, -0)).toEqual([0, 0]);
    expect(await at(abs, 0)).toEqual([0]);
    expect(await at((x) => maximum(x, 1), 1)).toEqual([0.5]);
    expect(await at((x) => minimum(x, 1), 1)).toEqual([0.5]);
    expect(await at((x) => max(x), 2, 1, 2)).toEqual([0.5, 0, 0.5]);
  });

  test('an infinite value in the branch not taken leaves gradients alone', async () => {
    const f = (x: Tensor): Tensor => where(tensor([true, false]), x, tensor([-Infinity, 1]).mul(2)).sum();
    expect(await numbers(grad(f)(tensor([3, 4])))).toEqual([1, 0]);
    // An infinite derivative does not (0·∞), so its argument is chosen too.
    const root = (x: Tensor): Tensor => where(x.greater(0), sqrt(where(x.greater(0), x, 1)), 0).sum();
    expect(await numbers(grad(root)(tensor([4, 0])))).toEqual([0.25, 0]);
  });

  test('powers have the derivatives of their formula at zero', async () => {
    const power = (p: number) => grad((x: Tensor) => x.pow(p));
    expect(await power(2)(tensor(0)).item()).toBe(0);
    expect(await power(1)(tensor(0)).item()).toBe(1);
    expect(await power(0)(tensor(0)).item()).toBe(0);
    expect(await grad(power(2))(tensor(0)).item()).toBe(2);
    // Mixed, ∂²(x^y)/∂x∂y = x^(y-1) (1 + y ln x): at y = 0 it is 1/x from either side.
    const mixed = grad((y: Tensor) => grad((x: Tensor) => x.pow(y))(tensor(2)));
    expect(await mixed(tensor(0)).item()).toBe(0.5);
    const other = grad((x: Tensor) => grad((y: Tensor) => tensor(1).mul(x).pow(y))(tensor(0)));
    expect(await other(tensor(2)).item()).toBe(0.5);
  });
});

describe('depth', () => {
  /** x·(1 + 1/n)^n, one factor at a time. */
  const compound = (steps: number) => (x: Tensor) => {
    let y = x;
    for (let i = 0; i < steps; i++) y = y.mul(1 + 1 / steps);
    return y;
  };

  test.each([999, 1000, 1001, 5000])('a loop of %i steps inside grad is computed once', async (steps) => {
    const start = performance.now();
    expect(await grad(compound(steps))(tensor(1)).item()).toBeCloseTo((1 + 1 / steps) ** steps, 10);
    // Quadratic work would take a minute at 5000 steps.
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('deep loops differentiate in every mode, with values that depend on the way', async () => {
    const logistic = (steps: number) => (x: Tensor) => {
      let y = x;
      for (let i = 0; i < steps; i++) y = y.mul(y.neg().add(1)).mul(2);
      return y;
    };
    const [steps, x] = [1500, 0.49];
    let [y, dy] = [x, 1];
    for (let i = 0; i < steps; i++) [y, dy] = [2 * y * (1 - y), 2 * (1 - 2 * y) * dy];
    const f = logistic(steps);
    const [value, gradient] = valueAndGrad(f)(tensor(x));
    expect([await value.item(), await gradient.item()]).toEqual([y, dy]);
    expect(await jvp(f, [tensor(x)], [tensor(1)])[1].item()).toBe(dy);
    expect(Math.abs(await hvp(f)(tensor(x), tensor(1)).item())).toBe(0);
    const [, pullback] = vjp(f, tensor(x));
    expect(await pullback(tensor(1))[0].item()).toBe(dy);
  });

  test('a loop without any transformation stays flat: what is deep is realised by itself', async () => {
    const y = compound(10_000)(tensor(1));
    expect(y.depth).toBeLessThanOrEqual(1001);
    expect(await y.item()).toBeCloseTo(Math.E, 3);
  });

  test('the gradient of a deep argument does not enter the argument', async () => {
    const x = compound(999)(tensor(1));
    expect(await grad((v: Tensor) => v.mul(v))(x).item()).toBeCloseTo(2 * (await x.item()), 12);
  });
});
