/** Comparisons, logic, bits, selection and conversion. */
import type { DType } from '../../../engine/graph/dtype.ts';
import { array, integers, uniform } from '../draw.ts';
import { aval, elementwise, pairs, REAL, sample, type Entry } from './entry.ts';

const I32 = [0, 1, -1, 5, -6, 2 ** 31 - 1, -(2 ** 31)];
const U32 = [0, 1, 5, 2 ** 31, 2 ** 32 - 1];
const all = { i32: pairs(I32), u32: pairs(U32), bool: pairs([0, 1]) };
const FLOATS = pairs([0, 1, -1, 1.0000001192092896, 2 ** -126, 3e38, -3e38, Infinity, -Infinity]);

const comparison = (name: string): Entry =>
  elementwise(name, { domains: [REAL, REAL], first: [], extremes: FLOATS, integers: all, refuses: [] });

/** f32 is refused, so the samples are of integers. */
function bitwise(
  name: string,
  rows: typeof all | { i32: typeof all.i32; u32: typeof all.u32 },
  refuses: DType[],
): Entry {
  const { samples: _, ...entry } = elementwise(name, {
    domains: [REAL, REAL],
    first: [],
    integers: rows,
    refuses,
  });
  return {
    ...entry,
    samples: [sample([integers(`${name} x`, [5], 'i32', -9, 9), integers(`${name} y`, [5], 'i32', 0, 31)])],
    extended: entry.extended.slice(1),
  };
}

const counts = [0, 1, 5, 31, 32, 33];
const shifts = {
  i32: pairs(I32, counts),
  u32: pairs(U32, counts),
};

export const compare: readonly Entry[] = [
  comparison('equal'),
  comparison('less'),
  comparison('lessEqual'),
  bitwise('bitAnd', all, ['f32']),
  bitwise('bitOr', all, ['f32']),
  bitwise('bitXor', all, ['f32']),
  bitwise('shiftLeft', shifts, ['f32', 'bool']),
  bitwise('shiftRight', shifts, ['f32', 'bool']),
  {
    primitive: 'where',
    samples: [
      sample([array('bool', [6], [0, 1, 1, 0, 1, 0]), uniform('where x', [6]), uniform('where y', [6])]),
      sample([array('bool', [], [1]), uniform('where x', []), uniform('where y', [])]),
    ],
    extended: [
      // What is not chosen may be anything.
      sample([
        array('bool', [4], [0, 1, 0, 1]),
        array('f32', [4], [Infinity, 2, -Infinity, 4]),
        array('f32', [4], [5, Infinity, 6, -Infinity]),
      ]),
      sample([array('bool', [3], [0, 1, 1]), array('i32', [3], [1, 2, 3]), array('i32', [3], [-4, -5, -6])]),
      sample([array('bool', [2], [0, 1]), array('bool', [2], [1, 1]), array('bool', [2], [0, 0])]),
    ],
    errors: [
      { what: 'a condition of f32', inputs: [aval('f32', 2), aval('f32', 2), aval('f32', 2)], code: 'DTYPE' },
      {
        what: 'branches of different dtypes',
        inputs: [aval('bool', 2), aval('f32', 2), aval('i32', 2)],
        code: 'DTYPE',
      },
      {
        what: 'branches of different shapes',
        inputs: [aval('bool', 2), aval('f32', 2), aval('f32', 3)],
        code: 'SHAPE',
      },
    ],
    first: [1, 2],
    second: false,
  },
  {
    primitive: 'cast',
    samples: [sample([uniform('cast', [5])], { dtype: 'f32' })],
    extended: [
      ...(['i32', 'u32', 'bool', 'f32'] as const).flatMap((dtype) => [
        // Truncation towards zero; what no integer holds saturates.
        sample(
          [
            array(
              'f32',
              [14],
              [0, 0.5, -0.5, 0.99, -0.99, 1, -1, 2.5, -2.5, 1e6, -1e6, 16777215, 1e-30, -3.9],
            ),
          ],
          { dtype },
        ),
        sample([array('i32', [I32.length], I32)], { dtype }),
        sample([array('u32', [U32.length], U32)], { dtype }),
        sample([array('bool', [2], [0, 1])], { dtype }),
      ]),
      // The largest f32 below 2^31 and 2^32 are far from them; a driver may stop at either.
      sample([array('f32', [4], [3e9, 4e9, 2147483648, 2147483520])], { dtype: 'u32' }),
      sample([array('f32', [3], [-2147483648, 2147483520, -5e9])], { dtype: 'i32' }),
    ],
    errors: [],
    first: [0],
    second: false,
  },
  elementwise('stopGradient', {
    domains: [REAL],
    first: [],
    stopped: true,
    integers: { i32: I32.map((x) => [x]), u32: U32.map((x) => [x]), bool: [[0], [1]] },
    refuses: [],
  }),
  elementwise('identity', {
    domains: [REAL],
    integers: { i32: I32.map((x) => [x]), u32: U32.map((x) => [x]), bool: [[0], [1]] },
    refuses: [],
  }),
  elementwise('isFinite', {
    domains: [REAL],
    first: [],
    extremes: [0, 1, -3e38, 3.4028234663852886e38, 2 ** -126, Infinity, -Infinity, NaN].map((x) => [x]),
    refuses: ['i32', 'u32', 'bool'],
  }),
];
