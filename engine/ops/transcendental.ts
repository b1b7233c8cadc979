/**
 * Exponentials, logarithms, roots, sigmoids. Where the derivative is simplest in terms of the result, it
 * is written so: the forward value is then all that a training step keeps.
 * sqrt and rsqrt are WGSL's own (spec, "Floating Point Accuracy"); the others come from shaders/math.wgsl, since drivers
 * differ too much in theirs (docs/kernels.md has the measurements). The bounds leave room for division, 2.5 ulp in WGSL.
 */
import type { Primitive } from '../graph/primitive.ts';
import type { Tensor } from '../graph/tensor.ts';
import { add, div, mul, neg, sub } from './arithmetic.ts';
import { applyBroadcast, type TensorLike } from './broadcast.ts';
import { cast, greater } from './compare.ts';
import { unary } from './scalar.ts';
import { erfReference } from './special.ts';

type Elementwise = Primitive<Record<string, never>>;

export const expPrimitive: Elementwise = unary({
  name: 'exp',
  f: Math.exp,
  wgsl: (x) => `exponential(${x})`,
  uses: ['exponential'],
  expensive: true,
  partial: (_, y) => y,
  accuracy: { kind: 'ulp', ulp: 4 },
});

export const logPrimitive: Elementwise = unary({
  name: 'log',
  f: Math.log,
  wgsl: (x) => `logarithm(${x})`,
  uses: ['logarithm'],
  expensive: true,
  partial: (x) => div(1, x),
  accuracy: { kind: 'ulp', ulp: 4 },
});

export const log1pPrimitive: Elementwise = unary({
  name: 'log1p',
  f: Math.log1p,
  wgsl: (x) => `log1p(${x})`,
  uses: ['log1p'],
  expensive: true,
  partial: (x) => div(1, add(x, 1)),
  accuracy: { kind: 'ulp', ulp: 8 },
});

export const expm1Primitive: Elementwise = unary({
  name: 'expm1',
  f: Math.expm1,
  wgsl: (x) => `expm1(${x})`,
  uses: ['expm1'],
  expensive: true,
  partial: (_, y) => add(y, 1),
  accuracy: { kind: 'ulp', ulp: 8 },
});

export const sqrtPrimitive: Elementwise = unary({
  name: 'sqrt',
  f: Math.sqrt,
  wgsl: (x) => `sqrt(${x})`,
  partial: (_, y) => div(0.5, y),
  accuracy: { kind: 'ulp', ulp: 5 },
});

export const rsqrtPrimitive: Elementwise = unary({
  name: 'rsqrt',
  f: (x) => 1 / Math.sqrt(x),
  wgsl: (x) => `inverseSqrt(${x})`,
  partial: (x, y) => mul(-0.5, div(y, x)),
  accuracy: { kind: 'ulp', ulp: 3 },
});

export const tanhPrimitive: Elementwise = unary({
  name: 'tanh',
  f: Math.tanh,
  wgsl: (x) => `hyperbolicTangent(${x})`,
  uses: ['hyperbolicTangent'],
  expensive: true,
  partial: (_, y) => sub(1, mul(y, y)),
  accuracy: { kind: 'ulp', ulp: 8 },
});

export const sigmoidPrimitive: Elementwise = unary({
  name: 'sigmoid',
  f: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  wgsl: (x) => `sigmoid(${x})`,
  uses: ['sigmoid'],
  expensive: true,
  partial: (_, y) => mul(y, sub(1, y)),
  accuracy: { kind: 'ulp', ulp: 8 },
});

// d erf/dx = 2/√π · exp(-x²)
export const erfPrimitive: Elementwise = unary({
  name: 'erf',
  f: erfReference,
  wgsl: (x) => `erf(${x})`,
  uses: ['erf'],
  expensive: true,
  partial: (x) => mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x, x)))),
  accuracy: { kind: 'ulp', ulp: 8 },
});

export const sinPrimitive: Elementwise = unary({
  name: 'sin',
  f: Math.sin,
  wgsl: (x) => `sine(${x})`,
  uses: ['sine'],
  expensive: true,
  partial: (x) => cos(x),
  accuracy: { kind: 'ulp', ulp: 8, absolute: 2 ** -21 },
});

export const cosPrimitive: Elementwise = unary({
  name: 'cos',
  f: Math.cos,
  wgsl: (x) => `cosine(${x})`,
  uses: ['cosine'],
  expensive: true,
  partial: (x) => neg(sin(x)),
  accuracy: { kind: 'ulp', ulp: 8, absolute: 2 ** -21 },
});

/** NaN stays NaN, which `max` would not promise. The derivative at 0 is 0. It is read off the result (y > 0 exactly where x > 0). */
export const reluPrimitive: Elementwise = unary({
  name: 'relu',
  f: (x) => (x <= 0 ? 0 : x),
  wgsl: (x) => `select(${x}, 0.0, ${x} <= 0.0)`,
  partial: (_, y) => cast(greater(y, 0), 'f32'),
  accuracy: { kind: 'exact' },
});

export function exp(x: TensorLike): Tensor {
  return applyBroadcast(expPrimitive, [x]);
}

/** Natural logarithm: -inf at 0, NaN below. */
export function log(x: TensorLike): Tensor {
  return applyBroadcast(logPrimitive, [x]);
}

/** ln(1 + x), accurate near 0. */
export function log1p(x: TensorLike): Tensor {
  return applyBroadcast(log1pPrimitive, [x]);
}

/** exp(x) - 1, accurate near 0. */
export function expm1(x: TensorLike): Tensor {
  return applyBroadcast(expm1Primitive, [x]);
}

export function sqrt(x: TensorLike): Tensor {
  return applyBroadcast(sqrtPrimitive, [x]);
}

/** 1/√x. */
export function rsqrt(x: TensorLike): Tensor {
  return applyBroadcast(rsqrtPrimitive, [x]);
}

export function tanh(x: TensorLike): Tensor {
  return applyBroadcast(tanhPrimitive, [x]);
}

/** 1/(1 + exp(-x)), without overflow at any x. */
export function sigmoid(x: TensorLike): Tensor {
  return applyBroadcast(sigmoidPrimitive, [x]);
}

/** The error function, 2/√π ∫₀ˣ exp(-t²) dt. */
export function erf(x: TensorLike): Tensor {
  return applyBroadcast(erfPrimitive, [x]);
}

export function sin(x: TensorLike): Tensor {
  return applyBroadcast(sinPrimitive, [x]);
}

export function cos(x: TensorLike): Tensor {
  return applyBroadcast(cosPrimitive, [x]);
}

/** max(x, 0), with derivative 0 at 0. */
export function relu(x: TensorLike): Tensor {
  return applyBroadcast(reluPrimitive, [x]);
}
