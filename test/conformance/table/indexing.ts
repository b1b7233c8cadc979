/** Gathering, scattering, counting, sorting, random bits: what positions come from data. */
import { array, distinct, integers, uniform } from '../draw.ts';
import { aval, sample, type Entry } from './entry.ts';

const key = (a: number, b: number): ReturnType<typeof array> => array('u32', [2], [a, b]);
const offset = (n: number): ReturnType<typeof array> => array('u32', [], [n]);

export const indexing: readonly Entry[] = [
  {
    primitive: 'gather',
    samples: [
      sample([uniform('gather', [4]), array('i32', [6], [0, 3, 3, 1, 0, 3])], { axis: 0 }),
      sample([uniform('gather', [3, 4]), array('i32', [3, 2], [0, 1, 3, 3, 2, 0])], { axis: 1 }),
      sample([uniform('gather', [3, 2]), array('u32', [4, 2], [0, 1, 2, 2, 1, 0, 2, 1])], { axis: 0 }),
    ],
    extended: [
      sample([uniform('gather', [1]), array('i32', [257], new Array<number>(257).fill(0))], { axis: 0 }),
      sample([uniform('gather', [5]), array('i32', [0], [])], { axis: 0 }),
      sample([uniform('gather large', [257, 3]), integers('gather rows', [65, 3], 'i32', 0, 256)], {
        axis: 0,
      }),
      sample([array('i32', [3], [7, 8, -9]), array('i32', [2], [2, 1])], { axis: 0 }),
      sample([array('bool', [3], [1, 0, 1]), array('u32', [2], [1, 2])], { axis: 0 }),
    ],
    errors: [
      {
        what: 'indices of f32',
        inputs: [aval('f32', 3), aval('f32', 3)],
        attributes: { axis: 0 },
        code: 'DTYPE',
      },
      {
        what: 'indices that differ beside the axis',
        inputs: [aval('f32', 3, 2), aval('i32', 3, 3)],
        attributes: { axis: 0 },
        code: 'SHAPE',
      },
      {
        what: 'indices of another rank',
        inputs: [aval('f32', 3, 2), aval('i32', 3)],
        attributes: { axis: 0 },
        code: 'SHAPE',
      },
    ],
    first: [0],
    second: false,
  },
  {
    primitive: 'scatterAdd',
    samples: [
      sample([array('i32', [6], [0, 3, 3, 1, 0, 3]), uniform('scatter', [6])], { axis: 0, extent: 5 }),
      sample([array('i32', [3, 2], [0, 1, 3, 3, 2, 0]), uniform('scatter', [3, 2])], { axis: 1, extent: 4 }),
      sample([array('u32', [4, 2], [0, 1, 2, 2, 1, 0, 2, 1]), uniform('scatter', [4, 2])], {
        axis: 0,
        extent: 3,
      }),
    ],
    extended: [
      sample([array('i32', [0], []), uniform('scatter', [0])], { axis: 0, extent: 3 }),
      // All to one place: the longest sum.
      sample([array('i32', [257], new Array<number>(257).fill(1)), uniform('scatter long', [257])], {
        axis: 0,
        extent: 2,
      }),
      sample([integers('scatter rows', [65, 3], 'i32', 0, 256), uniform('scatter large', [65, 3])], {
        axis: 0,
        extent: 257,
      }),
      sample([array('i32', [4], [1, 1, 0, 1]), array('i32', [4], [2 ** 31 - 1, 1, -5, 7])], {
        axis: 0,
        extent: 2,
      }),
      sample([array('u32', [4], [1, 1, 0, 1]), array('u32', [4], [2 ** 32 - 1, 1, 5, 7])], {
        axis: 0,
        extent: 2,
      }),
    ],
    errors: [
      {
        what: 'indices of bool',
        inputs: [aval('bool', 3), aval('f32', 3)],
        attributes: { axis: 0, extent: 2 },
        code: 'DTYPE',
      },
      {
        what: 'updates of bool',
        inputs: [aval('i32', 3), aval('bool', 3)],
        attributes: { axis: 0, extent: 2 },
        code: 'DTYPE',
      },
      {
        what: 'updates of another shape',
        inputs: [aval('i32', 3), aval('f32', 4)],
        attributes: { axis: 0, extent: 2 },
        code: 'SHAPE',
      },
    ],
    first: [1],
    second: false,
  },
  {
    primitive: 'place',
    samples: [
      sample([array('i32', [3, 1], [2, 0, 3]), uniform('place', [3, 1])], { axis: 1, extent: 4 }),
      sample([array('u32', [1, 3], [1, 1, 0]), uniform('place', [1, 3])], { axis: 0, extent: 2 }),
    ],
    extended: [
      sample([array('i32', [1], [0]), uniform('place', [1])], { axis: 0, extent: 1 }),
      sample([array('i32', [0, 1], []), uniform('place', [0, 1])], { axis: 1, extent: 3 }),
      sample([integers('place rows', [65, 1], 'i32', 0, 256), uniform('place large', [65, 1])], {
        axis: 1,
        extent: 257,
      }),
      sample([array('u32', [2, 1], [1, 0]), array('u32', [2, 1], [2 ** 32 - 1, 5])], { axis: 1, extent: 2 }),
    ],
    errors: [
      {
        what: 'an index of f32',
        inputs: [aval('f32', 3, 1), aval('f32', 3, 1)],
        attributes: { axis: 1, extent: 2 },
        code: 'DTYPE',
      },
      {
        what: 'an update of bool',
        inputs: [aval('i32', 3, 1), aval('bool', 3, 1)],
        attributes: { axis: 1, extent: 2 },
        code: 'DTYPE',
      },
      {
        what: 'more than one update along the axis',
        inputs: [aval('i32', 3, 2), aval('f32', 3, 2)],
        attributes: { axis: 1, extent: 4 },
        code: 'SHAPE',
      },
    ],
    first: [1],
    second: false,
  },
  {
    primitive: 'iota',
    samples: [
      sample([], { shape: [5], axis: 0, dtype: 'i32' }),
      sample([], { shape: [2, 3], axis: 1, dtype: 'f32' }),
    ],
    extended: [
      sample([], { shape: [257], axis: 0, dtype: 'u32' }),
      sample([], { shape: [0], axis: 0, dtype: 'i32' }),
      sample([], { shape: [2, 3, 1, 2, 2, 2], axis: 1, dtype: 'i32' }),
    ],
    errors: [
      {
        what: 'an extent below 0',
        inputs: [],
        attributes: { shape: [-1], axis: 0, dtype: 'i32' },
        code: 'SHAPE',
      },
    ],
    first: [],
    second: false,
  },
  {
    primitive: 'argsort',
    samples: [
      sample([distinct('argsort', [7])], { axis: 0 }),
      sample([distinct('argsort', [3, 4])], { axis: 1 }),
    ],
    extended: [
      sample([distinct('argsort', [0])], { axis: 0 }),
      sample([distinct('argsort', [1])], { axis: 0 }),
      sample([distinct('argsort', [4, 3])], { axis: 0 }),
      sample([distinct('argsort', [65])], { axis: 0 }),
      sample([distinct('argsort', [257])], { axis: 0 }),
      sample([distinct('argsort', [1009])], { axis: 0 }),
      // Ties keep their order; infinities take their places; NaN comes last; -0 equals 0.
      sample([integers('argsort ties', [130], 'i32', -3, 3)], { axis: 0 }),
      sample([integers('argsort wide', [5, 33], 'u32', 0, 2 ** 32 - 1)], { axis: 1 }),
      sample([array('f32', [9], [0, NaN, -Infinity, 3, -0, Infinity, 0, NaN, -1])], { axis: 0 }),
      sample([array('i32', [5], [2 ** 31 - 1, -(2 ** 31), 0, -1, 1])], { axis: 0 }),
    ],
    errors: [{ what: 'bool', inputs: [aval('bool', 3)], attributes: { axis: 0 }, code: 'DTYPE' }],
    first: [],
    second: false,
  },
  {
    primitive: 'randomBits',
    samples: [
      sample([key(0, 1), offset(0)], { shape: [4], form: 'xor' }),
      sample([key(123, 456), offset(7)], { shape: [3], form: 'block' }),
    ],
    extended: [
      sample([key(0xffffffff, 0xdeadbeef), offset(0)], { shape: [1009], form: 'xor' }),
      sample([key(0xffffffff, 0xffffffff), offset(0xffffffff)], { shape: [3], form: 'xor' }),
      sample([key(5, 6), offset(0)], { shape: [2, 3], form: 'block' }),
      sample([key(5, 6), offset(9)], { shape: [], form: 'block' }),
      sample([key(5, 6), offset(9)], { shape: [0], form: 'xor' }),
    ],
    errors: [
      {
        what: 'a key of one word',
        inputs: [aval('u32', 1), aval('u32')],
        attributes: { shape: [2], form: 'xor' },
        code: 'KEY',
      },
      {
        what: 'a key of i32',
        inputs: [aval('i32', 2), aval('u32')],
        attributes: { shape: [2], form: 'xor' },
        code: 'KEY',
      },
      {
        what: 'an offset that is no scalar',
        inputs: [aval('u32', 2), aval('u32', 1)],
        attributes: { shape: [2], form: 'xor' },
        code: 'DTYPE',
      },
    ],
    first: [],
    second: false,
  },
];
