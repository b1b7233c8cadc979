import { beforeAll, describe, expect, it } from 'vitest';
import { usesOf } from '../../engine/autodiff/uses.ts';
import {
  add,
  grad,
  init,
  jit,
  matmul,
  mul,
  random,
  square,
  sum,
  tensor,
  vmap,
  type Tensor,
} from '../../engine/index.ts';

beforeAll(() => init({ backend: 'reference' }));

type Params = { readonly b: Tensor; readonly w: Tensor };
const params: Params = { b: tensor([0.5, -1]), w: random.normal(random.key(1), [3, 2]) };
const x = random.normal(random.key(2), [4, 3]);
const f = (p: Params): Tensor => sum(square(add(matmul(x, p.w), p.b)));

describe('the uses of parameters', () => {
  it('are the operations that read them, with the cotangents of what these computed', async () => {
    const { value, gradient, uses } = usesOf(f, params);
    expect(await value.item()).toBe(await f(params).item());
    expect(await gradient.w.data()).toEqual(await grad(f)(params).w.data());
    expect(uses.map(({ leaf, operand, operation }) => [leaf, operand, operation.primitive.name])).toEqual([
      [1, 1, 'matmul'],
      [0, 0, 'broadcast'],
    ]);
    // y = x w + b: the cotangent of Σ y² is 2 y, for the product as for the stretched bias.
    const expected = await mul(add(matmul(x, params.w), params.b), 2).data();
    for (const { cotangent } of uses) expect(await cotangent.data()).toEqual(expected);
  });

  it('are one entry per operand, and none of what the value does not depend on', () => {
    const { uses } = usesOf(({ w }: Params) => sum(mul(w, w)), params);
    expect(uses.map(({ leaf, operand }) => [leaf, operand])).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  it('can be asked for inside a recording and for every element of a batch', async () => {
    // Of one row: |∂f/∂w|² = |row|² |ȳ|².
    const norms = jit((p: Params, rows: Tensor) =>
      vmap((row: Tensor) => {
        const { uses } = usesOf(({ w, b }: Params) => sum(square(add(matmul(row, w), b))), p);
        const [product] = uses as unknown as readonly [{ readonly cotangent: Tensor }];
        return mul(sum(square(row)), sum(square(product.cotangent)));
      })(rows),
    );
    const direct = vmap((row: Tensor) =>
      sum(square(grad(({ w, b }: Params) => sum(square(add(matmul(row, w), b))))(params).w)),
    )(x);
    const [found, expected] = [await norms(params, x).data(), await direct.data()];
    found.forEach((value, k) => expect(value).toBeCloseTo(expected[k]!, 12));
  });

  it('of a value that is no scalar are refused', () => {
    expect(() => usesOf(({ w }: Params) => w, params)).toThrow(
      expect.objectContaining({ code: 'NOT_SCALAR' }) as Error,
    );
  });
});
