/** Reductions, the running sum, and matrix products. */
import { array, distinct, integers, uniform } from '../draw.ts';
import type { NdArray } from '../../../engine/graph/ndarray.ts';
import type { Shape } from '../../../engine/graph/shape.ts';
import { aval, BOUNDARY_SIZES, sample, type Entry, type ErrorCase, type Sample } from './entry.ts';

/** The reductions whose launches differ: few long rows, many short ones, inner and outer axes, split axes. */
function reductions(draw: (seed: string, shape: Shape) => NdArray, empty: boolean): Sample[] {
  const of = (shape: Shape, ...axes: readonly number[]): Sample =>
    sample([draw(`reduce ${shape.join()} ${axes.join()}`, shape)], { axes });
  return [
    ...BOUNDARY_SIZES.filter((n) => empty || n > 0).map((n) => of([n], 0)),
    of([0, 3], 1),
    of([257, 3], 0),
    of([3, 257], 1),
    of([130, 2], 1),
    of([5, 7, 11], 0, 2),
    of([2, 3, 2, 2, 3, 2], 1, 2, 4),
    of([20_000], 0),
    ...(empty ? [of([0, 3], 0)] : []),
  ];
}

const words = (axes: readonly number[]): Sample[] => [
  sample([integers('reduce i32', [7, 9], 'i32', -(2 ** 31), 2 ** 31 - 1)], { axes }),
  sample([integers('reduce negative', [2, 9], 'i32', -(2 ** 31), -5)], { axes }),
  sample([integers('reduce u32', [7, 9], 'u32', 0, 2 ** 32 - 1)], { axes }),
];

const noBool = (attributes: ErrorCase['attributes']): ErrorCase => ({
  what: 'bool',
  inputs: [aval('bool', 3)],
  ...(attributes && { attributes }),
  code: 'DTYPE',
});
const noElements = (attributes: ErrorCase['attributes']): ErrorCase => ({
  what: 'an axis without elements',
  inputs: [aval('f32', 2, 0)],
  ...(attributes && { attributes }),
  code: 'EMPTY',
});

const extremum = (name: 'max' | 'min'): Entry => ({
  primitive: name,
  samples: [
    sample([distinct(`${name} a`, [6])], { axes: [0] }),
    sample([distinct(`${name} b`, [3, 4])], { axes: [1] }),
    sample([distinct(`${name} c`, [2, 3, 2])], { axes: [0, 2] }),
  ],
  extended: [
    ...reductions((seed, shape) => uniform(`${name} ${seed}`, shape), false),
    ...words([1]),
    sample([array('f32', [4], [-3e38, 3e38, 2 ** -126, 0])], { axes: [0] }),
    sample([array('f32', [3], [-5, -7, -6])], { axes: [0] }),
  ],
  errors: [noBool({ axes: [0] }), noElements({ axes: [1] })],
  first: [0],
  second: false,
});

/** Transposes: which operand is stored with its last two axes exchanged. */
const LAYOUTS = [
  { transposeA: false, transposeB: false },
  { transposeA: true, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: true },
] as const;

function product(batch: Shape, m: number, k: number, n: number, layout: (typeof LAYOUTS)[number]): Sample {
  const seed = `matmul ${[...batch, m, k, n].join()} ${layout.transposeA} ${layout.transposeB}`;
  return sample(
    [
      uniform(`${seed} a`, [...batch, ...(layout.transposeA ? [k, m] : [m, k])]),
      uniform(`${seed} b`, [...batch, ...(layout.transposeB ? [n, k] : [k, n])]),
    ],
    layout,
  );
}

const plain = LAYOUTS[0];

export const reduction: readonly Entry[] = [
  {
    primitive: 'sum',
    samples: [
      sample([uniform('sum a', [6])], { axes: [0] }),
      sample([uniform('sum b', [3, 4])], { axes: [0] }),
      sample([uniform('sum c', [2, 3, 2])], { axes: [0, 2] }),
    ],
    extended: [...reductions((seed, shape) => uniform(`sum ${seed}`, shape), true), ...words([0])],
    errors: [noBool({ axes: [0] })],
    first: [0],
    second: false,
  },
  extremum('max'),
  extremum('min'),
  {
    primitive: 'argmax',
    samples: [
      sample([distinct('argmax a', [6])], { axis: 0 }),
      sample([distinct('argmax b', [3, 4])], { axis: 1 }),
    ],
    extended: [
      ...[1, 64, 65, 257, 1009].map((n) => sample([distinct(`argmax ${n}`, [n])], { axis: 0 })),
      sample([distinct('argmax outer', [65, 3])], { axis: 0 }),
      sample([distinct('argmax many', [130, 5])], { axis: 1 }),
      // The lowest of equals.
      sample([integers('argmax ties', [4, 33], 'i32', -2, 2)], { axis: 1 }),
      sample([integers('argmax words', [4, 5], 'u32', 0, 2 ** 32 - 1)], { axis: 1 }),
      sample([array('f32', [3, 3], [1, 1, 1, -1, 0, -0, -5, -5, -6])], { axis: 1 }),
    ],
    errors: [noBool({ axis: 0 }), noElements({ axis: 1 })],
    first: [],
    second: false,
  },
  {
    primitive: 'cumsum',
    samples: [
      sample([uniform('cumsum a', [6])], { axis: 0 }),
      sample([uniform('cumsum b', [3, 4])], { axis: 0 }),
    ],
    extended: [
      ...BOUNDARY_SIZES.map((n) => sample([uniform(`cumsum ${n}`, [n])], { axis: 0 })),
      sample([uniform('cumsum rows', [5, 300])], { axis: 1 }),
      sample([uniform('cumsum columns', [70, 3])], { axis: 0 }),
      sample([integers('cumsum i32', [9], 'i32', -(2 ** 31), 2 ** 31 - 1)], { axis: 0 }),
      sample([integers('cumsum u32', [9], 'u32', 0, 2 ** 32 - 1)], { axis: 0 }),
    ],
    errors: [noBool({ axis: 0 })],
    first: [0],
    second: false,
  },
  {
    primitive: 'matmul',
    samples: [
      ...LAYOUTS.map((layout) => product([], 2, 3, 4, layout)),
      product([2], 3, 2, 2, LAYOUTS[0]),
      product([2], 3, 2, 2, LAYOUTS[3]),
    ],
    // Every size is a pipeline of its own, and this is the slowest to compile.
    extended: [
      ...LAYOUTS.map((layout) => product([3], 65, 33, 17, layout)),
      // Few columns have a tile of their own; here operands are read in vectors.
      ...LAYOUTS.map((layout) => product([2], 68, 36, 12, layout)),
      product([], 129, 67, 131, plain),
      product([], 1, 257, 1, plain),
      product([], 3, 0, 2, plain),
      product([], 0, 3, 2, plain),
      product([2, 3], 4, 5, 6, LAYOUTS[2]),
    ],
    errors: [
      { what: 'integers', inputs: [aval('i32', 2, 2), aval('i32', 2, 2)], attributes: plain, code: 'DTYPE' },
      {
        what: 'inner extents that differ',
        inputs: [aval('f32', 2, 3), aval('f32', 2, 3)],
        attributes: plain,
        code: 'SHAPE',
      },
      {
        what: 'batches that differ',
        inputs: [aval('f32', 2, 2, 3), aval('f32', 3, 3, 2)],
        attributes: plain,
        code: 'SHAPE',
      },
      { what: 'vectors', inputs: [aval('f32', 3), aval('f32', 3)], attributes: plain, code: 'SHAPE' },
    ],
    first: [0, 1],
    second: true,
  },
];
