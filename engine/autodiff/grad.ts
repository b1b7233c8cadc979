/** Gradients and second derivatives, all built from vjp and jvp. */
import { fail } from '../graph/errors.ts';
import { settle, Tensor } from '../graph/tensor.ts';
import { leaves, unflatten, type Tree } from '../graph/tree.ts';
import { ones, zerosLike } from '../ops/broadcast.ts';
import { cast, equal } from '../ops/compare.ts';
import { iota } from '../ops/indexing.ts';
import { reshape } from '../ops/movement.ts';
import { jvp } from './jvp.ts';
import { pullBack } from './vjp.ts';
import { checkDifferentiable, tape, trace } from './tape.ts';
import { vmap } from './vmap.ts';

function requireScalar(transformation: string, value: unknown): Tensor {
  if (!(value instanceof Tensor))
    return fail(
      'NOT_SCALAR',
      `${transformation}: the function must return one tensor; use { aux: true } to return more beside it.`,
    );
  if (value.rank !== 0 || value.dtype !== 'f32')
    fail(
      'NOT_SCALAR',
      `${transformation}: the function returned ${String(value)}, not a scalar of f32: reduce it with sum() or mean(), or use vjp.`,
    );
  return value;
}

/** What `f` returned, and the gradient of its (first) value with respect to the first argument. */
function differentiate<X extends Tree, R>(
  transformation: string,
  f: (x: X) => R,
  valueOf: (result: R) => unknown,
  x: X,
): [result: R, gradient: X] {
  checkDifferentiable(transformation, x);
  const { wrapped, result } = trace(f, [x]);
  const value = requireScalar(transformation, valueOf(result));
  const inputs = leaves(wrapped);
  const gradients = pullBack(tape(inputs, [value]), [value], [ones([])], inputs);
  settle([value, ...gradients]);
  return [result, unflatten(x, gradients)];
}

/**
 * The gradient of a scalar function with respect to its first argument, a tensor or a tree.
 *
 * @throws NOT_SCALAR if `f` does not return a scalar; NOT_DIFFERENTIABLE if the argument holds integers
 */
export function grad<X extends Tree, Rest extends unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, ...rest: Rest) => X {
  return (x, ...rest) =>
    differentiate(
      'grad',
      (inner: X) => f(inner, ...rest),
      (value) => value,
      x,
    )[1];
}

/** As {@link grad}, with the value. With `aux`, `f` returns `[value, aux]` and so does the result. */
export function valueAndGrad<X extends Tree, Rest extends unknown[], A>(
  f: (x: X, ...rest: Rest) => readonly [Tensor, A],
  options: { readonly aux: true },
): (x: X, ...rest: Rest) => [[value: Tensor, aux: A], gradient: X];
export function valueAndGrad<X extends Tree, Rest extends unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
  options?: { readonly aux?: false },
): (x: X, ...rest: Rest) => [value: Tensor, gradient: X];
export function valueAndGrad<X extends Tree, Rest extends unknown[]>(
  f: (x: X, ...rest: Rest) => unknown,
  { aux = false }: { readonly aux?: boolean } = {},
): (x: X, ...rest: Rest) => unknown {
  return (x, ...rest) =>
    differentiate(
      'valueAndGrad',
      (inner: X) => f(inner, ...rest),
      (result) => (aux ? (result as readonly unknown[])[0] : result),
      x,
    );
}

/**
 * The Hessian-vector product of a scalar function, exactly: the derivative of its gradient along `v`
 * (forward over reverse). Costs about two gradients.
 */
export function hvp<X extends Tree, Rest extends unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, v: X, ...rest: Rest) => X {
  return (x, v, ...rest) => jvp((inner: X) => grad(f)(inner, ...rest), [x], [v])[1];
}

/** A Hessian of a tree: for every leaf, a tree of blocks. */
export type HessianOf<X> = X extends Tensor
  ? Tensor
  : X extends readonly (infer E)[]
    ? HessianOf<E>[]
    : { [K in keyof X]: Tree };

/**
 * The Hessian of a scalar function. For a tensor of shape S the result has shape [...S, ...S]; for a tree, every
 * leaf a holds a tree whose leaf b is the block ∂²f/∂a∂b of shape [...a.shape, ...b.shape]. All
 * Hessian-vector products of a leaf at once: as many copies of the model's activations as it has elements.
 */
export function hessian<X extends Tree, Rest extends unknown[]>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, ...rest: Rest) => HessianOf<X> {
  return (x, ...rest) => {
    const xs = leaves(x);
    const zeros = xs.map(zerosLike);
    const rows = xs.map((leaf, k) => {
      const square = [leaf.size, leaf.size];
      const basis = cast(equal(iota(square, 0), iota(square, 1)), 'f32');
      // By symmetry the derivative of gradient b along direction i of leaf a is row i of block (a, b).
      const along = (direction: Tensor): X =>
        hvp(f)(x, unflatten(x, zeros.with(k, reshape(direction, leaf.shape))), ...rest);
      const blocks = leaves(vmap(along)(basis));
      return unflatten(
        x,
        blocks.map((block, b) => reshape(block, [...leaf.shape, ...(xs[b] as Tensor).shape])),
      );
    });
    const [only] = rows;
    return (x instanceof Tensor ? only : replaceLeaves(x, rows)) as HessianOf<X>;
  };
}

/** Like `unflatten`, with subtrees in place of leaves. */
function replaceLeaves(tree: Tree, subtrees: Tree[]): Tree {
  if (tree instanceof Tensor) return subtrees.shift() ?? fail('TREE', 'hessian: fewer blocks than leaves.');
  if (Array.isArray(tree)) return tree.map((child: Tree) => replaceLeaves(child, subtrees));
  const entries = Object.keys(tree).sort();
  return Object.fromEntries(
    entries.map((key) => [
      key,
      replaceLeaves((tree as Readonly<Record<string, Tree>>)[key] as Tree, subtrees),
    ]),
  );
}
