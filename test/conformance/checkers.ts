/**
 * The checkers: what must hold of a derivative, or of a kernel, whatever the primitive. Each takes a subject and
 * returns deviations, numbers of the form achieved / allowed, so that a drift shows before it fails; a test requires
 * that every ratio is at most 1. That they fail when they should is tested in meta.test.ts.
 *
 * A subject is a function of f32 tensors at a point. A primitive at a sample is one (its integer inputs and attributes
 * are fixed), a composed operation another. Everything is evaluated by the float64 interpreter.
 */
import type { HostArray } from '../../engine/graph/dtype.ts';
import { isFloat } from '../../engine/graph/dtype.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { Attributes, Primitive } from '../../engine/graph/primitive.ts';
import { apply, hostTensor, type Tensor } from '../../engine/graph/tensor.ts';
import { flatten, concat } from '../../engine/index.ts';
import { jvp } from '../../engine/autodiff/jvp.ts';
import { vjp } from '../../engine/autodiff/vjp.ts';
import { interpret } from '../../engine/reference/interpreter.ts';
import { keyOf, unit } from './draw.ts';
import { allowedErrors, FIRST_ORDER, IDENTITY, LARGEST, SECOND_ORDER, STEP } from './tolerance.ts';
import type { Sample } from './table/index.ts';

export interface Subject {
  readonly name: string;
  readonly f: (...x: Tensor[]) => Tensor;
  /** Values of the f32 arguments. */
  readonly point: readonly NdArray[];
}

export interface Deviation {
  readonly what: string;
  readonly achieved: number;
  readonly allowed: number;
}

/** achieved / allowed: 0 where nothing deviates, infinite where none is allowed. */
export function ratio({ achieved, allowed }: Deviation): number {
  return achieved === 0 ? 0 : Number.isNaN(achieved) ? Infinity : achieved / allowed;
}

/** The largest ratio. */
export function worst(deviations: readonly Deviation[]): number {
  return deviations.reduce((max, deviation) => Math.max(max, ratio(deviation)), 0);
}

/** What a test prints: one sentence per deviation that is not allowed. */
export function failures(deviations: readonly Deviation[]): string[] {
  return deviations
    .filter((deviation) => !(ratio(deviation) <= 1))
    .map(
      ({ what, achieved, allowed }) =>
        `${what}: ${achieved.toExponential(2)}, allowed ${allowed.toExponential(2)}`,
    );
}

/** A primitive at a sample, as a function of its f32 inputs. */
export function subjectOf(primitive: Primitive, sample: Sample): Subject {
  const shapes = sample.inputs.map((x) => `${x.dtype}[${x.shape.join()}]`).join(' ');
  return {
    name: `${primitive.name}(${shapes})`,
    point: sample.inputs.filter((x) => isFloat(x.dtype)),
    f(...x) {
      let next = 0;
      const inputs = sample.inputs.map((input) =>
        isFloat(input.dtype) ? (x[next++] as Tensor) : hostTensor(input, input.data),
      );
      return apply(primitive, inputs, sample.attributes);
    },
  };
}

function tensors(arrays: readonly NdArray[]): Tensor[] {
  return arrays.map((x) => hostTensor(x, x.data));
}

/** Values of the sum's terms: Σ|a b| and Σ a b. */
function products(a: HostArray, b: HostArray): { readonly sum: number; readonly magnitude: number } {
  let [sum, magnitude] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const term = (a[i] as number) * (b[i] as number);
    sum += term;
    magnitude += Math.abs(term);
  }
  return { sum, magnitude };
}

function total(terms: readonly { readonly sum: number; readonly magnitude: number }[]): {
  readonly sum: number;
  readonly magnitude: number;
} {
  return terms.reduce((a, b) => ({ sum: a.sum + b.sum, magnitude: a.magnitude + b.magnitude }), {
    sum: 0,
    magnitude: 0,
  });
}

/** Random values in ±[0.5, 1]: no component of a direction or a cotangent can hide an error. */
export function direction(seed: string, like: NdArray): NdArray {
  const key = keyOf(seed);
  const data = Float64Array.from({ length: like.data.length }, (_, i) => {
    const u = unit(key, i);
    return u < 0.5 ? -1 + u : u;
  });
  return { shape: like.shape, dtype: 'f32', data };
}

function scaled(x: NdArray, factor: number): NdArray {
  return { ...x, data: Float64Array.from(x.data, (value) => factor * value) };
}

function combined(a: number, x: NdArray, b: number, y: NdArray): NdArray {
  return { ...x, data: Float64Array.from(x.data, (value, i) => a * value + b * (y.data[i] as number)) };
}

function value({ f }: Subject, point: readonly NdArray[]): NdArray {
  return interpret([f(...tensors(point))])[0] as NdArray;
}

/** The pullback at the point, as a function of the cotangent, in float64. */
function pullback({ f, point }: Subject): (cotangent: NdArray) => NdArray[] {
  const [, pull] = vjp<Tensor[], Tensor>(f, ...tensors(point));
  return (cotangent) => interpret(pull(hostTensor(cotangent, cotangent.data)));
}

/** The gradient of <w, f> at the point, for one random w. */
export function gradientOf(subject: Subject, seed = 'w'): NdArray[] {
  return pullback(subject)(direction(seed, value(subject, subject.point)));
}

/**
 * The pullback against central differences, along random directions: <Jᵀw, v> = d/dt <w, f(x + tv)>. A second, halved
 * step must agree with the first: where it does not, the point is too near a kink for differences to mean anything.
 */
export function checkGradient(subject: Subject, tolerance: number = FIRST_ORDER): Deviation[] {
  const { name, point } = subject;
  const y = value(subject, point);
  const pull = pullback(subject);
  return [0, 1, 2].flatMap((round) => {
    const w = direction(`${name} w ${round}`, y);
    const gradients = pull(w);
    // One step, componentwise h = ∛ε max(1, |x|).
    const step = point.map((x, k) => {
      const v = direction(`${name} v ${round} ${k}`, x);
      return {
        ...v,
        data: Float64Array.from(v.data, (d, i) => d * STEP * Math.max(1, Math.abs(x.data[i] as number))),
      };
    });
    const analytic = total(gradients.map((g, k) => products(g.data, (step[k] as NdArray).data)));
    const difference = (size: number): number => {
      const at = (t: number): number =>
        products(
          w.data,
          value(
            subject,
            point.map((x, k) => combined(1, x, t, step[k] as NdArray)),
          ).data,
        ).sum;
      return (at(size) - at(-size)) / (2 * size);
    };
    const [whole, half] = [difference(1), difference(0.5)];
    const rounding = 8 * Number.EPSILON * products(w.data, y.data).magnitude;
    const allowed = tolerance * Math.max(analytic.magnitude, Math.abs(whole)) + rounding;
    return [
      {
        what: `${name}: two steps of its difference disagree (a kink)`,
        achieved: Math.abs(whole - half),
        allowed: 4 * allowed,
      },
      {
        what: `${name}: pullback against central difference`,
        achieved: Math.abs(analytic.sum - half),
        allowed,
      },
    ];
  });
}

/** The pullback as a function of the point and the cotangent. */
export function pullbackSubject(subject: Subject): Subject {
  const y = value(subject, subject.point);
  const w = direction(`${subject.name} w`, y);
  const count = subject.point.length;
  return {
    name: `the pullback of ${subject.name}`,
    point: [...subject.point, w],
    f(...x) {
      const [, pull] = vjp<Tensor[], Tensor>(subject.f, ...x.slice(0, count));
      return concat(pull(x[count] as Tensor).map(flatten));
    },
  };
}

/** Second order: the pullback is itself differentiated, with respect to the point and to the cotangent. */
export function checkSecondOrder(subject: Subject): Deviation[] {
  return checkGradient(pullbackSubject(subject), SECOND_ORDER);
}

/** Forward and reverse are transposes: <w, Jv> = <Jᵀw, v>. */
export function checkTranspose(subject: Subject): Deviation[] {
  const { name, f, point } = subject;
  const y = value(subject, point);
  const w = direction(`${name} w`, y);
  const v = point.map((x, k) => direction(`${name} v ${k}`, x));
  const tangent = interpret([jvp<Tensor[], Tensor>(f, tensors(point), tensors(v))[1]])[0] as NdArray;
  const forward = products(w.data, tangent.data);
  const reverse = total(pullback(subject)(w).map((g, k) => products(g.data, (v[k] as NdArray).data)));
  return [
    {
      what: `${name}: <w, Jv> against <Jᵀw, v>`,
      achieved: Math.abs(forward.sum - reverse.sum),
      allowed: IDENTITY * Math.max(forward.magnitude, reverse.magnitude),
    },
  ];
}

/** The pullback is linear in the cotangent. */
export function checkLinearity(subject: Subject): Deviation[] {
  const { name, point } = subject;
  const y = value(subject, point);
  const pull = pullback(subject);
  const [a, b] = [0.7, -1.3];
  const [w1, w2] = [direction(`${name} w1`, y), direction(`${name} w2`, y)];
  const [g1, g2, g] = [pull(w1), pull(w2), pull(combined(a, w1, b, w2))];
  return g.map((both, k) => {
    const [one, two] = [scaled(g1[k] as NdArray, a), scaled(g2[k] as NdArray, b)];
    let [achieved, magnitude] = [0, 0];
    for (let i = 0; i < both.data.length; i++) {
      const [x, z] = [one.data[i] as number, two.data[i] as number];
      achieved = Math.max(achieved, Math.abs(x + z - (both.data[i] as number)));
      magnitude = Math.max(magnitude, Math.abs(x) + Math.abs(z));
    }
    return { what: `${name}: linearity in the cotangent`, achieved, allowed: IDENTITY * magnitude };
  });
}

/** A zero cotangent gives exactly zero. */
export function checkZeroCotangent(subject: Subject): Deviation[] {
  const zero = scaled(value(subject, subject.point), 0);
  return pullback(subject)(zero).map((g) => ({
    what: `${subject.name}: gradient for a zero cotangent`,
    achieved: g.data.some((x) => x !== 0) ? 1 : 0,
    allowed: 0,
  }));
}

/** Value and pullback, computed twice from graphs built twice, are the same bits. */
export function checkRepeatable(subject: Subject): Deviation[] {
  const run = (): NdArray[] => [value(subject, subject.point), ...gradientOf(subject)];
  const [first, second] = [run(), run()];
  return first.map((x, k) => ({
    what: `${subject.name}: a second evaluation`,
    achieved: sameBits(x.data, (second[k] as NdArray).data) ? 0 : 1,
    allowed: 0,
  }));
}

/** Equal bit for bit. */
export function sameBits(a: HostArray, b: HostArray): boolean {
  return a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
}

/** Every first-order check and, above it, those of second order. */
export function checkRules(subject: Subject): Deviation[] {
  return [
    ...checkGradient(subject),
    ...checkTranspose(subject),
    ...checkLinearity(subject),
    ...checkZeroCotangent(subject),
    ...checkRepeatable(subject),
    ...checkSecondOrder(subject),
    ...checkTranspose(pullbackSubject(subject)),
  ];
}

export interface Computed {
  readonly primitive: Primitive;
  readonly sample: Sample;
  readonly attributes: Attributes;
}

/**
 * A kernel's result against the reference on the same inputs (rounded to f32), element by element, within the record's
 * accuracy. The worst element is reported.
 */
export function checkKernel(primitive: Primitive, sample: Sample, result: NdArray, tighten = 1): Deviation {
  const aval = primitive.shape(sample.inputs, sample.attributes);
  const expected = primitive.reference(sample.inputs, sample.attributes, aval);
  const allowed = allowedErrors(primitive, sample.inputs, sample.attributes, expected);
  return compare(
    subjectOf(primitive, sample).name,
    expected,
    result,
    allowed.map((x) => x * tighten),
  );
}

/** The element with the largest ratio of error to bound. */
export function compare(name: string, expected: NdArray, result: NdArray, allowed: Float64Array): Deviation {
  if (result.dtype !== expected.dtype || result.data.length !== expected.data.length)
    return { what: `${name}: is ${result.dtype} of ${result.data.length} elements`, achieved: 1, allowed: 0 };
  let found: Deviation = { what: name, achieved: 0, allowed: 0 };
  for (let i = 0; i < expected.data.length; i++) {
    const [want, have, bound] = [expected.data[i] as number, result.data[i] as number, allowed[i] as number];
    const achieved = bound === 0 ? exactError(want, have, expected.dtype === 'f32') : error(want, have);
    const deviation = {
      what: `${name}: element ${i} is ${have}, expected ${want}`,
      achieved,
      allowed: bound,
    };
    if (ratio(deviation) > ratio(found)) found = deviation;
  }
  return found;
}

/** Beyond the largest f32 a kernel may give infinity; NaN must be NaN. */
function error(want: number, have: number): number {
  if (Number.isNaN(want)) return Number.isNaN(have) ? 0 : Infinity;
  if (Math.abs(want) >= LARGEST)
    return Math.sign(want) === Math.sign(have) && Math.abs(have) >= LARGEST ? 0 : Infinity;
  return Math.abs(want - have);
}

/** 0 for the same f32; the sign of zero is free (WGSL, "Floating Point Evaluation"). */
function exactError(want: number, have: number, float: boolean): number {
  const rounded = float ? Math.fround(want) : want;
  return rounded === have || (Number.isNaN(rounded) && Number.isNaN(have)) ? 0 : 1;
}
