/**
 * The checkers themselves: each planted fault must be found, and by the check that is meant to find it. A checker that
 * cannot fail proves nothing.
 */
import { describe, expect, test } from 'vitest';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { Attributes, Primitive } from '../../engine/graph/primitive.ts';
import { hostTensor, type Tensor } from '../../engine/graph/tensor.ts';
import { interpret } from '../../engine/reference/interpreter.ts';
import {
  add,
  broadcastTo,
  mul,
  neg,
  reshape,
  stopGradient,
  sub,
  sum,
  zerosLike,
} from '../../engine/index.ts';
import { mulPrimitive, subPrimitive } from '../../engine/ops/arithmetic.ts';
import { broadcastPrimitive } from '../../engine/ops/movement.ts';
import { sumPrimitive } from '../../engine/ops/reduction.ts';
import { tanhPrimitive } from '../../engine/ops/transcendental.ts';
import { primitives } from '../../engine/ops/table.ts';
import {
  checkGradient,
  checkKernel,
  checkLinearity,
  checkRepeatable,
  checkRules,
  checkSecondOrder,
  checkTranspose,
  checkZeroCotangent,
  failures,
  subjectOf,
  type Deviation,
  type Subject,
} from './checkers.ts';
import { floats, uniform } from './draw.ts';
import { table } from './table/index.ts';

/** A record with faulty rules, and samples of the sound one to try it on. */
function faulty<A extends Attributes>(
  sound: Primitive<A>,
  fault: Partial<Pick<Primitive<A>, 'vjp' | 'jvp' | 'reference'>>,
): Subject[] {
  const primitive = { ...sound, ...fault } as unknown as Primitive;
  const samples = table.find((entry) => entry.primitive === sound.name)?.samples ?? [];
  return samples.map((sample) => subjectOf(primitive, sample));
}

function found(check: (subject: Subject) => Deviation[], subjects: readonly Subject[]): string[] {
  return failures(subjects.flatMap(check));
}

describe('the gradient check finds', () => {
  test('nothing in a sound rule', () => {
    expect(found(checkRules, faulty(subPrimitive, {}))).toEqual([]);
  });

  test('a sign error', () => {
    const subjects = faulty(subPrimitive, { vjp: (ct) => [ct, ct] });
    expect(found(checkGradient, subjects)).not.toEqual([]);
    expect(found(checkTranspose, subjects)).not.toEqual([]);
  });

  test('a broadcast whose cotangent is not summed over the stretched axes', () => {
    const subjects = faulty(broadcastPrimitive, {
      vjp: (ct, [x]) => {
        const { shape } = x as Tensor;
        // The first of the copies instead of all of them.
        const lead = ct.rank - shape.length;
        const first = ct.slice(
          ct.shape.map(() => 0),
          ct.shape.map((n, axis) => (axis < lead || shape[axis - lead] === 1 ? 1 : n)),
        );
        return [reshape(first, shape)];
      },
    });
    expect(found(checkGradient, subjects)).not.toEqual([]);
  });

  test('a cotangent that was never summed, by its shape', () => {
    const subjects = faulty(broadcastPrimitive, { vjp: (ct) => [ct] });
    expect(() => found(checkGradient, subjects)).toThrow(expect.objectContaining({ code: 'RULE' }));
  });

  test('a factor N', () => {
    const subjects = faulty(sumPrimitive, {
      vjp: (ct, [x], _output, { axes }) => {
        const { shape, size } = x as Tensor;
        const kept = reshape(
          ct,
          shape.map((n, axis) => (axes.includes(axis) ? 1 : n)),
        );
        return [mul(broadcastTo(kept, shape), size / ct.size)];
      },
    });
    expect(found(checkGradient, subjects)).not.toEqual([]);
  });

  test('a value captured when the rule first ran', () => {
    let captured: Tensor | undefined;
    const stale = {
      ...mulPrimitive,
      vjp(ct: Tensor, [x, y]: readonly Tensor[]) {
        captured ??= hostTensor(y as Tensor, (interpret([y as Tensor])[0] as NdArray).data);
        return [mul(ct, captured), mul(ct, x as Tensor)];
      },
    } as unknown as Primitive;
    const at = (seed: string): Subject =>
      subjectOf(stale, { inputs: [uniform(`${seed} x`, [4]), uniform(`${seed} y`, [4])], attributes: {} });
    // Right where it was recorded, wrong anywhere else.
    expect(found(checkGradient, [at('here')])).toEqual([]);
    expect(found(checkGradient, [at('there')])).not.toEqual([]);
  });

  test('a derivative that is structurally zero', () => {
    const nothing = faulty(mulPrimitive, { vjp: (ct, [x]) => [null, mul(ct, x as Tensor)] });
    expect(found(checkGradient, nothing)).not.toEqual([]);
    const zero = faulty(mulPrimitive, { vjp: (ct, [x]) => [zerosLike(ct), mul(ct, x as Tensor)] });
    expect(found(checkGradient, zero)).not.toEqual([]);
  });

  test('an error of one part in a hundred thousand', () => {
    const subjects = faulty(tanhPrimitive, {
      vjp: (ct, _inputs, y) => [mul(ct, mul(1 + 1e-5, neg(mul(y, y)).add(1)))],
    });
    expect(found(checkGradient, subjects)).not.toEqual([]);
  });

  test('a point at a kink, which differences cannot judge', () => {
    const kinked: Subject = { name: 'abs', f: (x) => x.abs(), point: [floats([2], [1e-7, 1])] };
    expect(found(checkGradient, [kinked]).join()).toContain('a kink');
  });
});

describe('the other checks find', () => {
  test('a derivative that is right but is not differentiable again', () => {
    const subjects = faulty(mulPrimitive, {
      vjp: (ct, [x, y]) => [mul(ct, stopGradient(y as Tensor)), mul(ct, stopGradient(x as Tensor))],
    });
    expect(found(checkGradient, subjects)).toEqual([]);
    expect(found(checkSecondOrder, subjects)).not.toEqual([]);
  });

  test('a second derivative that forgets the cotangent', () => {
    const subjects = faulty(mulPrimitive, {
      vjp: (ct, [x, y]) => [mul(stopGradient(ct), y as Tensor), mul(ct, x as Tensor)],
    });
    expect(found(checkGradient, subjects)).toEqual([]);
    expect(found(checkSecondOrder, subjects)).not.toEqual([]);
  });

  test('a pushforward that is not the transpose of the pullback', () => {
    const subjects = faulty(mulPrimitive, { jvp: ([t], [, y]) => mul(t as Tensor, y as Tensor) });
    expect(found(checkTranspose, subjects)).not.toEqual([]);
    const scaled = faulty(subPrimitive, { jvp: ([s, t]) => mul(sub(s as Tensor, t as Tensor), 1 + 1e-10) });
    expect(found(checkTranspose, scaled)).not.toEqual([]);
  });

  test('a pullback that is not linear', () => {
    const subjects = faulty(tanhPrimitive, {
      vjp: (ct, _inputs, y) => [mul(mul(ct, ct), neg(mul(y, y)).add(1))],
    });
    expect(found(checkLinearity, subjects)).not.toEqual([]);
    const offset = faulty(tanhPrimitive, {
      vjp: (ct, _inputs, y) => [add(mul(ct, neg(mul(y, y)).add(1)), 1e-9)],
    });
    expect(found(checkLinearity, offset)).not.toEqual([]);
  });

  test('a gradient for a zero cotangent', () => {
    const subjects = faulty(sumPrimitive, {
      vjp: (ct, [x]) => [
        add(
          broadcastTo(
            reshape(
              sum(ct),
              (x as Tensor).shape.map(() => 1),
            ),
            (x as Tensor).shape,
          ),
          1e-300,
        ),
      ],
    });
    expect(found(checkZeroCotangent, subjects)).not.toEqual([]);
  });

  test('a result that does not repeat, in the last bit', () => {
    let calls = 0;
    const subjects = faulty(tanhPrimitive, {
      reference: (inputs, attributes, output) => {
        const result = tanhPrimitive.reference(inputs, attributes, output);
        const data = Float64Array.from(
          result.data,
          (x) => x * (1 + (calls++ % 7 === 0 ? Number.EPSILON : 0)),
        );
        return { ...result, data };
      },
    });
    expect(found(checkRepeatable, subjects)).not.toEqual([]);
  });
});

describe('the kernel check finds', () => {
  const record = (name: string): Primitive =>
    primitives.find((primitive) => primitive.name === name) as Primitive;
  const entry = (name: string) => table.find(({ primitive }) => primitive === name)!;
  const kernel = (name: string, change: (data: Float64Array) => void): string[] => {
    const primitive = record(name);
    const sample = entry(name).samples[0]!;
    const aval = primitive.shape(sample.inputs, sample.attributes);
    const data = Float64Array.from(
      primitive.reference(sample.inputs, sample.attributes, aval).data,
      Math.fround,
    );
    change(data);
    return failures([checkKernel(primitive, sample, { ...aval, data })]);
  };

  test('nothing in a result that is rounded once', () => {
    for (const name of ['add', 'exp', 'sum', 'matmul', 'transpose'])
      expect(kernel(name, () => undefined)).toEqual([]);
  });

  test('an element beyond its bound, and says which', () => {
    expect(kernel('sum', (data) => (data[0]! += 1e-4)).join()).toContain('element 0');
    expect(kernel('exp', (data) => (data[3]! *= 1 + 1e-4)).join()).toContain('element 3');
  });

  test('two elements exchanged, NaN in place of a number, and a result that is too short', () => {
    expect(kernel('transpose', (data) => ([data[0], data[1]] = [data[1]!, data[0]!]))).not.toEqual([]);
    expect(kernel('add', (data) => (data[0] = Number.NaN))).not.toEqual([]);
    const sample = entry('add').samples[0]!;
    const short = { shape: [1], dtype: 'f32', data: new Float64Array(1) } as const;
    expect(failures([checkKernel(record('add'), sample, short)])).not.toEqual([]);
  });
});
