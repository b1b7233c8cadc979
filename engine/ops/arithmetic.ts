/** Arithmetic on numbers: +, -, ·, /, powers, extrema, and the piecewise constants. */
import type { DType } from '../graph/dtype.ts';
import type { Primitive } from '../graph/primitive.ts';
import type { Tensor } from '../graph/tensor.ts';
import { applyBroadcast, asTensors, onesLike, scalar, zerosLike, type TensorLike } from './broadcast.ts';
import { equal, greater, less, logicalAnd, notEqual, where } from './compare.ts';
import { binary, unary } from './scalar.ts';
import { log } from './transcendental.ts';

const numbers: readonly DType[] = ['f32', 'i32', 'u32'];
type Elementwise = Primitive<Record<string, never>>;

const exactInterval = { kind: 'ulp', ulp: 1 } as const;

export const addPrimitive: Elementwise = binary({
  name: 'add',
  dtypes: numbers,
  f: (x, y) => x + y,
  wgsl: (x, y) => `(${x} + ${y})`,
  partials: [(x) => onesLike(x), (_, y) => onesLike(y)],
  accuracy: exactInterval,
});

export const subPrimitive: Elementwise = binary({
  name: 'sub',
  dtypes: numbers,
  f: (x, y) => x - y,
  wgsl: (x, y) => `(${x} - ${y})`,
  partials: [(x) => onesLike(x), (_, y) => neg(onesLike(y))],
  accuracy: exactInterval,
});

export const mulPrimitive: Elementwise = binary({
  name: 'mul',
  dtypes: numbers,
  f: (x, y, dtype) => (dtype === 'f32' ? x * y : Math.imul(x, y)),
  wgsl: (x, y) => `(${x} * ${y})`,
  partials: [(_, y) => y, (x) => x],
  accuracy: exactInterval,
});

/** Integers truncate towards zero; an integer divided by zero is itself, as WGSL has it. */
export const divPrimitive: Elementwise = binary({
  name: 'div',
  dtypes: numbers,
  f: (x, y, dtype) => (dtype === 'f32' ? x / y : y === 0 ? x : Math.trunc(x / y)),
  wgsl: (x, y) => `(${x} / ${y})`,
  partials: [(_, y) => div(1, y), (_, y, out) => neg(div(out, y))],
  accuracy: { kind: 'ulp', ulp: 2.5 },
});

// ∂(x^y)/∂x = y·x^(y-1), which at x = y = 0 would be 0·∞: there 1 stands in for x, so that it is 0 (elsewhere at
// y = 0 the formula stays, since its own derivative in y is 1/x); ∂/∂y = x^y·ln x where x > 0 and 0 elsewhere (x^y is
// defined there for integer y only, so it has no derivative in y).
export const powPrimitive: Elementwise = binary({
  name: 'pow',
  dtypes: ['f32'],
  f: (x, y) => x ** y,
  wgsl: (x, y) => `power(${x}, ${y})`,
  uses: ['power'],
  expensive: true,
  partials: [
    (x, y) => mul(y, pow(where(logicalAnd(equal(x, 0), equal(y, 0)), 1, x), sub(y, 1))),
    (x, _, out) => where(greater(x, 0), mul(out, log(where(greater(x, 0), x, 1))), 0),
  ],
  accuracy: { kind: 'ulp', ulp: 8 },
});

/** At a tie both operands receive half: the subgradient symmetric in its arguments. */
function share(winner: (x: Tensor, y: Tensor) => Tensor) {
  return (x: Tensor, y: Tensor): Tensor => where(equal(x, y), 0.5, where(winner(x, y), 1, zerosLike(x)));
}

export const maximumPrimitive: Elementwise = binary({
  name: 'maximum',
  dtypes: numbers,
  f: (x, y) => Math.max(x, y),
  wgsl: (x, y, dtype) => (dtype === 'f32' ? `larger(${x}, ${y})` : `max(${x}, ${y})`),
  uses: ['larger'],
  partials: [share(greater), share(less)],
  accuracy: { kind: 'exact' },
});

export const minimumPrimitive: Elementwise = binary({
  name: 'minimum',
  dtypes: numbers,
  f: (x, y) => Math.min(x, y),
  wgsl: (x, y, dtype) => (dtype === 'f32' ? `smaller(${x}, ${y})` : `min(${x}, ${y})`),
  uses: ['smaller'],
  partials: [share(less), share(greater)],
  accuracy: { kind: 'exact' },
});

export const negPrimitive: Elementwise = unary({
  name: 'neg',
  dtypes: ['f32', 'i32'],
  f: (x) => -x,
  wgsl: (x) => `(-${x})`,
  partial: (x) => neg(onesLike(x)),
  accuracy: { kind: 'exact' },
});

/** The derivative at 0 is 0. */
export const absPrimitive: Elementwise = unary({
  name: 'abs',
  dtypes: ['f32', 'i32'],
  f: Math.abs,
  wgsl: (x) => `abs(${x})`,
  partial: (x) => sign(x),
  accuracy: { kind: 'exact' },
});

export const signPrimitive: Elementwise = unary({
  name: 'sign',
  dtypes: ['f32', 'i32'],
  f: (x) => Math.sign(x) + 0,
  wgsl: (x) => `sign(${x})`,
  partial: null,
  accuracy: { kind: 'exact' },
});

export const floorPrimitive: Elementwise = unary({
  name: 'floor',
  f: Math.floor,
  wgsl: (x) => `floor(${x})`,
  partial: null,
  accuracy: { kind: 'exact' },
});

export function add(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(addPrimitive, [x, y]);
}

export function sub(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(subPrimitive, [x, y]);
}

export function mul(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(mulPrimitive, [x, y]);
}

/** Quotient; integers truncate towards zero. */
export function div(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(divPrimitive, [x, y]);
}

/** x^y for f32, negative bases with integer exponents included. */
export function pow(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(powPrimitive, [x, y]);
}

/** The larger of two values; a tie passes half the cotangent to each operand. */
export function maximum(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(maximumPrimitive, [x, y]);
}

/** The smaller of two values; a tie passes half the cotangent to each operand. */
export function minimum(x: TensorLike, y: TensorLike): Tensor {
  return applyBroadcast(minimumPrimitive, [x, y]);
}

export function neg(x: TensorLike): Tensor {
  return applyBroadcast(negPrimitive, [x]);
}

export function abs(x: TensorLike): Tensor {
  return applyBroadcast(absPrimitive, [x]);
}

/** -1, 0 or 1. Its derivative is zero wherever it exists. */
export function sign(x: TensorLike): Tensor {
  return applyBroadcast(signPrimitive, [x]);
}

/** The largest integer not above x. Its derivative is zero wherever it exists. */
export function floor(x: TensorLike): Tensor {
  return applyBroadcast(floorPrimitive, [x]);
}

/** The smallest integer not below x. */
export function ceil(x: TensorLike): Tensor {
  return neg(floor(neg(x)));
}

export function square(x: TensorLike): Tensor {
  return mul(x, x);
}

/** min(max(x, low), high). */
export function clamp(x: TensorLike, low: TensorLike, high: TensorLike): Tensor {
  return minimum(maximum(x, low), high);
}

/** The remainder with the sign of the divisor, as the array API defines it. */
export function remainder(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = asTensors([x, y]) as [Tensor, Tensor];
  if (a.dtype === 'f32') return sub(a, mul(floor(div(a, b)), b));
  const truncated = sub(a, mul(div(a, b), b));
  if (a.dtype === 'u32') return truncated;
  const zero = scalar(0, a.dtype);
  const opposite = notEqual(less(truncated, zero), less(b, zero));
  return where(logicalAnd(notEqual(truncated, zero), opposite), add(truncated, b), truncated);
}
