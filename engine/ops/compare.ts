/**
 * Comparisons, logic, bits, selection and conversion. A bool is the word 0 or 1, so logic on bools and on
 * the bits of integers is one set of primitives.
 */
import type { DType } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { emptyArray } from '../graph/ndarray.ts';
import type { Primitive } from '../graph/primitive.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { withLeadingAxis } from './batching.ts';
import { applyBroadcast, asTensors, broadcastAll, zerosLike, type TensorLike } from './broadcast.ts';
import { binary, elementwise, none, unary } from './scalar.ts';

type Elementwise = Primitive<Record<string, never>>;
const exact = { kind: 'exact' } as const;
const all: readonly DType[] = ['f32', 'i32', 'u32', 'bool'];
const bits: readonly DType[] = ['i32', 'u32', 'bool'];

function comparison(name: string, f: (x: number, y: number) => boolean, operator: string): Elementwise {
  return binary({
    name,
    dtypes: all,
    result: 'bool',
    f: (x, y) => Number(f(x, y)),
    wgsl: (x, y) => `select(0u, 1u, ${x} ${operator} ${y})`,
    partials: [null, null],
    accuracy: exact,
  });
}

function bitwise(name: string, f: (x: number, y: number) => number, operator: string): Elementwise {
  return binary({
    name,
    dtypes: bits,
    f: (x, y, dtype) => (dtype === 'u32' ? f(x, y) >>> 0 : f(x, y)),
    wgsl: (x, y) => `(${x} ${operator} ${y})`,
    partials: [null, null],
    accuracy: exact,
  });
}

export const equalPrimitive: Elementwise = comparison('equal', (x, y) => x === y, '==');
export const lessPrimitive: Elementwise = comparison('less', (x, y) => x < y, '<');
export const lessEqualPrimitive: Elementwise = comparison('lessEqual', (x, y) => x <= y, '<=');
export const bitAndPrimitive: Elementwise = bitwise('bitAnd', (x, y) => x & y, '&');
export const bitOrPrimitive: Elementwise = bitwise('bitOr', (x, y) => x | y, '|');
export const bitXorPrimitive: Elementwise = bitwise('bitXor', (x, y) => x ^ y, '^');

/** Shift counts are taken modulo 32. */
export const shiftLeftPrimitive: Elementwise = binary({
  name: 'shiftLeft',
  dtypes: ['i32', 'u32'],
  f: (x, y, dtype) => (dtype === 'u32' ? (x << y) >>> 0 : x << y),
  wgsl: (x, y) => `(${x} << (u32(${y}) & 31u))`,
  partials: [null, null],
  accuracy: exact,
});

/** Arithmetic for i32, logical for u32; counts are taken modulo 32. */
export const shiftRightPrimitive: Elementwise = binary({
  name: 'shiftRight',
  dtypes: ['i32', 'u32'],
  f: (x, y, dtype) => (dtype === 'u32' ? x >>> y : x >> y),
  wgsl: (x, y) => `(${x} >> (u32(${y}) & 31u))`,
  partials: [null, null],
  accuracy: exact,
});

// The pullback selects rather than multiplies, so that an infinite derivative behind the branch not taken
// stays out: 0·∞ would be NaN.
export const wherePrimitive: Elementwise = {
  ...elementwise({
    name: 'where',
    arity: 3,
    dtypes: all,
    operands: ([condition, x, y]) => condition?.dtype === 'bool' && x?.dtype === y?.dtype,
    f: ([condition, x, y]) => (condition !== 0 ? (x as number) : (y as number)),
    wgsl: ([condition, x, y]) => `select(${y}, ${x}, ${condition} != 0u)`,
    partials: [null, null, null],
    accuracy: exact,
  }),
  vjp: (ct, [condition]) => [
    null,
    where(condition as Tensor, ct, zerosLike(ct)),
    where(condition as Tensor, zerosLike(ct), ct),
  ],
  jvp([, tx, ty], [condition]) {
    const some = tx ?? ty;
    if (!some) return null;
    return where(condition as Tensor, tx ?? zerosLike(some), ty ?? zerosLike(some));
  },
};

type CastAttributes = { readonly dtype: DType };

/** f32 to an integer truncates towards zero and saturates; integers keep their bits; anything but 0 is true. */
export const castPrimitive: Primitive<CastAttributes> = {
  name: 'cast',
  shape: ([x], { dtype }) => ({ shape: x?.shape ?? [], dtype }),
  vjp: (ct, [x], _, { dtype }) => [x?.dtype === 'f32' && dtype === 'f32' ? ct : null],
  jvp: ([t], _inputs, _output, { dtype }) => (dtype === 'f32' ? (t ?? null) : null),
  batch: withLeadingAxis,
  reference([x], { dtype }, output) {
    const result = emptyArray(output);
    const from = x?.data ?? [];
    for (let i = 0; i < result.data.length; i++)
      result.data[i] = convert(from[i] ?? 0, x?.dtype ?? dtype, dtype);
    return result;
  },
  kernel: {
    kind: 'scalar',
    expression: ([value], [x], { dtype }) => {
      if (x?.dtype === dtype) return value as string;
      if (dtype === 'bool')
        return `select(0u, 1u, ${value} != ${x?.dtype === 'f32' ? '0.0' : x?.dtype === 'i32' ? '0i' : '0u'})`;
      return `${dtype}(${value})`;
    },
  },
  accuracy: { kind: 'ulp', ulp: 1 },
};

/** Between integers the bits are kept. */
function convert(x: number, from: DType, to: DType): number {
  switch (to) {
    case 'f32':
      return x;
    case 'bool':
      return x === 0 ? 0 : 1;
    case 'i32':
      return from === 'f32' ? clampTo(x, -(2 ** 31), 2 ** 31 - 1) : x | 0;
    case 'u32':
      return from === 'f32' ? clampTo(x, 0, 2 ** 32 - 1) : x >>> 0;
  }
}

function clampTo(x: number, low: number, high: number): number {
  return Math.min(Math.max(Math.trunc(x), low), high);
}

/** Identity whose derivative is zero. */
export const stopGradientPrimitive: Elementwise = unary({
  name: 'stopGradient',
  dtypes: all,
  f: (x) => x,
  wgsl: (x) => x,
  partial: null,
  accuracy: exact,
});

/** Identity as a fresh node: what `grad` and `jvp` wrap their arguments in (autodiff/tape.ts). */
export const identityPrimitive: Elementwise = {
  ...stopGradientPrimitive,
  name: 'identity',
  vjp: (ct) => [ct],
  jvp: ([t]) => t ?? null,
};

export function equal(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(equalPrimitive, [x, y]);
}

export function notEqual(x: TensorLike, y: TensorLike): Tensor {
  return logicalNot(equal(x, y));
}

export function less(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(lessPrimitive, [x, y]);
}

export function lessEqual(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(lessEqualPrimitive, [x, y]);
}

export function greater(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(lessPrimitive, asTensors([x, y]).reverse());
}

export function greaterEqual(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(lessEqualPrimitive, asTensors([x, y]).reverse());
}

export function bitAnd(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(bitAndPrimitive, [x, y]);
}

export function bitOr(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(bitOrPrimitive, [x, y]);
}

export function bitXor(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(bitXorPrimitive, [x, y]);
}

/** All bits inverted; the negation of a bool. */
export function bitNot(x: Tensor): Tensor {
  return bitXor(x, x.dtype === 'bool' ? true : x.dtype === 'u32' ? 0xffffffff : -1);
}

export function shiftLeft(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(shiftLeftPrimitive, [x, y]);
}

export function shiftRight(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(shiftRightPrimitive, [x, y]);
}

function requireBool(operation: string, operands: readonly TensorLike[]): Tensor[] {
  const tensors = asTensors(operands, 'bool');
  for (const x of tensors)
    if (x.dtype !== 'bool')
      fail('DTYPE', `${operation}: takes bool, not ${x.dtype}: compare with 0, or cast to bool.`);
  return tensors;
}

export function logicalAnd(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(bitAndPrimitive, requireBool('logicalAnd', [x, y]));
}

export function logicalOr(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(bitOrPrimitive, requireBool('logicalOr', [x, y]));
}

export function logicalNot(x: TensorLike): Tensor {
  return bitNot(requireBool('logicalNot', [x])[0] as Tensor);
}

/**
 * `x` where `condition` holds, `y` elsewhere. An infinite value not taken leaves the gradient alone; an infinite
 * derivative behind it does not (0·∞ is NaN): choose its argument by `where` too, as in where(x > 0, √where(x > 0, x, 1), 0).
 */
export function where(condition: Tensor, x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = asTensors([x, y]) as [Tensor, Tensor];
  return apply(wherePrimitive, broadcastAll('where', [condition, a, b]), none);
}

/** Converts to another dtype; the same dtype returns `x` itself. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply(castPrimitive, [x], { dtype });
}

/** `x` as a constant of differentiation. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientPrimitive, [x], none);
}

/** True where x is neither infinite nor NaN, by its bits: WGSL may assume that neither occurs. */
export const isFinitePrimitive: Elementwise = unary({
  name: 'isFinite',
  result: 'bool',
  f: (x) => Number(Number.isFinite(x)),
  wgsl: (x) => `select(0u, 1u, finite(${x}))`,
  uses: ['finite'],
  partial: null,
  accuracy: exact,
});

export function isFinite(x: Tensor): Tensor {
  return apply(isFinitePrimitive, [x], none);
}
