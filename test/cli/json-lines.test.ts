import { fc } from '../property.ts';
import { expect, test } from 'vitest';
import { decode, decodeLines, encode, encodeLine } from '../../experiments/json-lines.ts';
import type { Json, RunRecord } from '../../experiments/types.ts';

const head = { v: 1, run: 'toy-smoke-0-1', attempt: 0, t: 0.25 } as const;

const value = fc.letrec((tie) => ({
  json: fc.oneof(
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('NaN', '-Infinity', '\\NaN', '\\\\Infinity', '-NaN'),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('json'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).json as fc.Arbitrary<Json>;

/** JSON has one zero; a result whose sign of zero mattered would be wrong anyway. */
function positiveZero(x: Json): Json {
  if (Array.isArray(x)) return x.map(positiveZero);
  if (typeof x === 'object' && x !== null)
    return Object.fromEntries(Object.entries(x).map(([key, entry]) => [key, positiveZero(entry as Json)]));
  return x === 0 ? 0 : x;
}

test('every value is read as it was written, NaN and infinities included', () => {
  fc.assert(
    fc.property(value, (x) => {
      expect(decode(encode(x))).toEqual(positiveZero(x));
    }),
  );
  expect(decode(encode({ '-0': NaN }))).toEqual({ '-0': NaN });
  expect(encode([NaN, -Infinity, 'NaN'])).toBe('["NaN","-Infinity","\\\\NaN"]');
  expect(decode('["NaN","-Infinity","\\\\NaN"]')).toEqual([NaN, -Infinity, 'NaN']);
});

test('a record comes back without the head of its line', () => {
  const record: RunRecord = { kind: 'metric', name: 'loss', step: 3, value: NaN, note: 'a\nb' };
  const line = encodeLine(head, record);
  expect(line).toBe(
    '{"v":1,"run":"toy-smoke-0-1","attempt":0,"t":0.25,"kind":"metric","name":"loss","step":3,"value":"NaN","note":"a\\nb"}\n',
  );
  expect(decodeLines(line)).toEqual({ records: [record], dropped: [], cut: false });
});

test('a last line cut anywhere is dropped and reported, and the lines before it are kept', () => {
  const first: RunRecord = { kind: 'event', name: 'start' };
  const text = encodeLine(head, first);
  const second = encodeLine(head, { kind: 'result', name: 'factor', value: 2.5 });
  for (let length = 1; length < second.length; length++)
    expect(decodeLines(text + second.slice(0, length))).toEqual({
      records: [first],
      dropped: [2],
      cut: true,
    });
});

test('a line that is no record is dropped and its number reported', () => {
  const line = encodeLine(head, { kind: 'event', name: 'start' });
  const strange = [
    'null',
    '[]',
    '{"v":2,"kind":"event","name":"x"}',
    '{"v":1,"kind":"other","name":"x"}',
    '',
  ];
  const { records, dropped, cut } = decodeLines(`${strange.join('\n')}\n${line}`);
  expect(records).toHaveLength(1);
  expect(dropped).toEqual([1, 2, 3, 4, 5]);
  expect(cut).toBe(false);
});

test('an empty log has no records', () => {
  expect(decodeLines('')).toEqual({ records: [], dropped: [], cut: false });
});
