/** The rules of every primitive, in float64: shapes and refusals, derivatives of first and second order. */
import { describe, expect, test } from 'vitest';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { Primitive } from '../../engine/graph/primitive.ts';
import { apply, hostTensor, placeholder } from '../../engine/graph/tensor.ts';
import { LangevinError } from '../../engine/index.ts';
import { primitives } from '../../engine/ops/table.ts';
import {
  checkRules,
  checkZeroCotangent,
  failures,
  gradientOf,
  pullbackSubject,
  subjectOf,
  type Subject,
} from './checkers.ts';
import { table, type Entry } from './table/index.ts';
import { KINK_DISTANCE } from './tolerance.ts';

/** Each entry with the record it describes. */
const described = table.flatMap((entry) =>
  primitives.flatMap((primitive): (readonly [string, Entry, Primitive])[] =>
    primitive.name === entry.primitive ? [[entry.primitive, entry, primitive]] : [],
  ),
);
const largest = (x: NdArray): number => Math.max(0, ...Array.from(x.data, Math.abs));
const isFloatValued = (entry: Entry, primitive: Primitive): boolean =>
  entry.samples.every(({ inputs, attributes }) => primitive.shape(inputs, attributes).dtype === 'f32');

test('the table has one entry for every primitive and no other', () => {
  expect(table.map((entry) => entry.primitive).sort()).toEqual(
    primitives.map((primitive) => primitive.name).sort(),
  );
});

test('the table only tightens the accuracy of a record', () => {
  for (const { tighten = 1 } of table) expect(tighten > 0 && tighten <= 1).toBe(true);
});

test('every sample lies in the domain of its primitive, away from points without a derivative', () => {
  const outside = table.flatMap(({ primitive, samples, kink = () => Infinity, domains = [] }) =>
    samples.flatMap(({ inputs }) => {
      const rows = Array.from(inputs[0]?.data ?? [], (_, i) => inputs.map((x) => x.data[i] as number));
      const inDomain = (row: readonly number[]): boolean =>
        domains.every(
          (domain, k) =>
            inputs[k]?.dtype !== 'f32' ||
            domain.some(([low, high]) => (row[k] as number) >= low && (row[k] as number) <= high),
        );
      return rows
        .filter((row) => !inDomain(row) || kink(row) < KINK_DISTANCE)
        .map((row) => `${primitive} at ${row.join()}`);
    }),
  );
  expect(outside).toEqual([]);
});

describe.each(described)('%s', (_name, entry, primitive) => {
  test('gives the shape and dtype that its rule says, at every sample', () => {
    for (const { inputs, attributes } of [...entry.samples, ...entry.extended]) {
      const aval = primitive.shape(inputs, attributes);
      const result = primitive.reference(inputs, attributes, aval);
      expect([result.shape, result.dtype]).toEqual([aval.shape, aval.dtype]);
      expect(result.data).toHaveLength(aval.shape.reduce((a, b) => a * b, 1));
    }
  });

  test.each(entry.errors.map((error) => [error.what, error] as const))(
    'refuses %s',
    (_what, { inputs, attributes = {}, code }) => {
      const call = (): unknown =>
        apply(
          primitive,
          inputs.map((aval, k) => placeholder(aval, `input ${k}`)),
          attributes,
        );
      expect(call).toThrow(LangevinError);
      expect(call).toThrow(expect.objectContaining({ code }));
    },
  );
});

describe.each(described.filter(([, entry, primitive]) => !isFloatValued(entry, primitive)))(
  '%s',
  (_name, entry, primitive) => {
    test('has no derivative: its rules return structural zeros', () => {
      expect(entry.first).toEqual([]);
      for (const { inputs, attributes } of entry.samples) {
        const x = inputs.map((input) => hostTensor(input, input.data));
        const y = apply(primitive, x, attributes);
        expect(primitive.vjp(y, x, y, attributes)).toEqual(inputs.map(() => null));
        expect(primitive.jvp(x, x, y, attributes)).toBe(null);
      }
    });
  },
);

const subjectsOf = (entry: Entry, primitive: Primitive): Subject[] =>
  entry.samples.map((sample) => subjectOf(primitive, sample)).filter(({ point }) => point.length > 0);
const floatValued = described.filter(([, entry, primitive]) => isFloatValued(entry, primitive));

describe.each(floatValued.filter(([, { stopped }]) => stopped))('%s', (_name, entry, primitive) => {
  test('has a derivative of zero by definition', () => {
    for (const subject of subjectsOf(entry, primitive)) {
      expect(gradientOf(subject).map(largest)).toEqual(subject.point.map(() => 0));
      expect(failures(checkZeroCotangent(subject))).toEqual([]);
    }
  });
});

describe.each(floatValued.filter(([, { stopped }]) => !stopped))('%s', (_name, entry, primitive) => {
  test('has derivatives of first and second order that agree with differences, in both modes', () => {
    expect(failures(subjectsOf(entry, primitive).flatMap(checkRules))).toEqual([]);
  });

  test('has derivatives that are zero only where mathematics says so', () => {
    const first = new Set<number>();
    let [inPoint, inCotangent] = [false, false];
    for (const sample of entry.samples) {
      const subject = subjectOf(primitive, sample);
      if (subject.point.length === 0) continue;
      const positions = sample.inputs.flatMap((x, k) => (x.dtype === 'f32' ? [k] : []));
      gradientOf(subject).forEach((g, k) => largest(g) > 0 && first.add(positions[k] as number));
      // The gradient of the pullback: with respect to the point, then to the cotangent, in which it is linear.
      const second = gradientOf(pullbackSubject(subject)).map(largest);
      inPoint ||= second.slice(0, -1).some((x) => x > 0);
      inCotangent ||= (second.at(-1) as number) > 0;
    }
    expect([...first].sort((a, b) => a - b)).toEqual(entry.first);
    expect(inPoint).toBe(entry.second);
    expect(inCotangent).toBe(entry.first.length > 0);
  });
});
