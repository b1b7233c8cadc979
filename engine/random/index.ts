/**
 * Random tensors as pure functions of a key. A key is two words (u32[2]); nothing hides and nothing
 * advances: the same key gives the same numbers, so split it, or fold a number in, for every use.
 */
import { fail } from '../graph/errors.ts';
import type { Shape } from '../graph/shape.ts';
import { apply, hostTensor, type Tensor } from '../graph/tensor.ts';
import { add, mul, neg, sub } from '../ops/arithmetic.ts';
import { scalar } from '../ops/broadcast.ts';
import { cast, less, shiftRight, where } from '../ops/compare.ts';
import { take } from '../ops/indexing.ts';
import { reshape } from '../ops/movement.ts';
import { randomBitsPrimitive } from '../ops/random-bits.ts';
import { slice } from '../ops/slice.ts';
import { argsort } from '../ops/sort.ts';
import { log1p, sqrt } from '../ops/transcendental.ts';
import { seedWords } from './threefry.ts';

/** The key of a seed, a natural number below 2^53. */
export function key(seed: number): Tensor {
  if (!Number.isSafeInteger(seed) || seed < 0)
    fail('SEED', `random.key: ${seed} is not a seed: use a natural number below 2^53.`);
  return hostTensor({ shape: [2], dtype: 'u32' }, Uint32Array.from(seedWords(seed)));
}

/** `count` independent keys: u32[count, 2]. */
export function split(parent: Tensor, count = 2): Tensor {
  return apply(randomBitsPrimitive, [parent, scalar(0, 'u32')], { shape: [count], form: 'block' });
}

/** The keys of {@link split} as a list. */
export function splitList(parent: Tensor, count: number): Tensor[] {
  const keys = split(parent, count);
  return Array.from({ length: count }, (_, k) => reshape(slice(keys, [k, 0], [k + 1, 2]), [2]));
}

/** A key that also depends on `data`: a step, an epoch, a layer. A tensor (u32 or i32 scalar) or a natural number. */
export function foldIn(parent: Tensor, data: Tensor | number): Tensor {
  const counter = typeof data === 'number' ? scalar(data, 'u32') : cast(data, 'u32');
  return apply(randomBitsPrimitive, [parent, counter], { shape: [], form: 'block' });
}

/** Uniform 32-bit words. */
export function bits(source: Tensor, shape: Shape = []): Tensor {
  return apply(randomBitsPrimitive, [source, scalar(0, 'u32')], { shape: [...shape], form: 'xor' });
}

/** Uniform on [low, high): 24 random bits, so every value is exact in f32 and high is never reached for [0, 1). */
export function uniform(source: Tensor, shape: Shape = [], low = 0, high = 1): Tensor {
  const unit = mul(cast(shiftRight(bits(source, shape), 8), 'f32'), 2 ** -24);
  return low === 0 && high === 1 ? unit : add(mul(unit, high - low), low);
}

/**
 * Standard normal: √2 · erf⁻¹(u), u uniform on the odd multiples of 2^-23 in (-1, 1), which f32 holds exactly.
 * Largest magnitude √2 · erf⁻¹(1 - 2^-23) = 5.29.
 */
export function normal(source: Tensor, shape: Shape = []): Tensor {
  const odd = add(mul(cast(shiftRight(bits(source, shape), 9), 'i32'), 2), 1 - 2 ** 23);
  return mul(erfInverse(mul(cast(odd, 'f32'), 2 ** -23)), Math.SQRT2);
}

// M. Giles, "Approximating the erfinv function", GPU Computing Gems (2011), single precision: relative error
// below 3e-7. Uses log1p and sqrt only; their WGSL accuracy is proven (shaders/math.wgsl), unlike sin and cos,
// which a Box-Muller transform would need.
const CENTRAL = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

function erfInverse(x: Tensor): Tensor {
  const w = neg(log1p(neg(mul(x, x))));
  const horner = (coefficients: readonly number[], t: Tensor): Tensor =>
    coefficients.reduce<Tensor>((p, c) => add(mul(p, t), c), scalar(0, 'f32'));
  const central = horner(CENTRAL, sub(w, 2.5));
  const tail = horner(TAIL, sub(sqrt(w), 3));
  return mul(where(less(w, 5), central, tail), x);
}

/** Bernoulli(p): true with probability `probability`. */
export function bernoulli(source: Tensor, probability: number, shape: Shape = []): Tensor {
  return less(uniform(source, shape), probability);
}

/**
 * A uniform permutation of 0 … count - 1 (i32): positions sorted by random words, twice with fresh words, so that
 * the order among the rare equal words is random too.
 */
export function permutation(source: Tensor, count: number): Tensor {
  const [first, second] = splitList(source, 2) as [Tensor, Tensor];
  return take(argsort(bits(first, [count])), argsort(bits(second, [count])));
}
