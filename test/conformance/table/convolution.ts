/** Convolution in its three directions, over one list of geometries, and the three primitives of max pooling. */
import type { ConvolutionAttributes } from '../../../engine/ops/convolution-geometry.ts';
import { windowCount } from '../../../engine/ops/convolution-geometry.ts';
import { array, distinct, uniform } from '../draw.ts';
import { aval, sample, type Entry, type Sample } from './entry.ts';

interface Geometry extends ConvolutionAttributes {
  /** [..., N, H, W, C] */
  readonly x: readonly number[];
  /** [..., R, S, C/groups, O] */
  readonly w: readonly number[];
}

const none = [
  [0, 0],
  [0, 0],
] as const;
const around = [
  [1, 1],
  [1, 1],
] as const;

function geometry(
  x: readonly number[],
  w: readonly number[],
  changes: Partial<ConvolutionAttributes> = {},
): Geometry {
  return { x, w, stride: [1, 1], padding: none, dilation: [1, 1], groups: 1, ...changes };
}

const small: readonly Geometry[] = [
  geometry([2, 4, 3, 2], [3, 2, 2, 3], { padding: around }),
  // Strides that leave pixels unseen, and a window that looks past both sides.
  geometry([1, 5, 6, 2], [2, 3, 1, 4], {
    stride: [2, 3],
    dilation: [2, 1],
    padding: [
      [0, 1],
      [2, 2],
    ],
    groups: 2,
  }),
  geometry([2, 1, 3, 3, 2], [2, 2, 2, 2, 2]),
];

/** For kernels: channels that vectors read and others, all tiles' edges, and every option at sizes that take a tiled kernel. */
const large: readonly Geometry[] = [
  geometry([2, 9, 11, 16], [3, 3, 16, 20], { padding: around }),
  geometry([1, 17, 15, 3], [3, 3, 3, 66], { padding: around }),
  geometry([3, 12, 13, 8], [5, 3, 8, 12], { stride: [2, 3], padding: [[2, 1], [0, 4]] }), // prettier-ignore
  geometry([2, 10, 10, 12], [3, 3, 4, 24], { dilation: [2, 3], padding: [[3, 2], [1, 3]], groups: 3 }), // prettier-ignore
  // Depthwise.
  geometry([2, 9, 9, 10], [3, 3, 1, 10], { padding: around, groups: 10 }),
  geometry([5, 6, 7, 36], [1, 1, 36, 40], { stride: [2, 2] }),
  // Padding that reaches further than the image, so that whole outputs see nothing.
  geometry([1, 3, 2, 4], [2, 2, 4, 5], { stride: [3, 3], padding: [[7, 5], [6, 8]] }), // prettier-ignore
  geometry([2, 2, 7, 6, 8], [2, 3, 3, 8, 12], { padding: around }),
  geometry([0, 4, 4, 2], [3, 3, 2, 2]),
];

function outputOf({ x, w, stride, padding, dilation }: Geometry): number[] {
  const count = (axis: 0 | 1): number =>
    windowCount(
      x.at(axis - 3) as number,
      w.at(axis - 4) as number,
      stride[axis],
      padding[axis],
      dilation[axis],
    );
  return [...x.slice(0, -3), count(0), count(1), w.at(-1) as number];
}

type Direction = 'conv2d' | 'conv2dInputGradient' | 'conv2dFilterGradient';

function sampleOf(direction: Direction, given: Geometry): Sample {
  const { x, w, stride, padding, dilation, groups } = given;
  const draw = (name: string, shape: readonly number[]): ReturnType<typeof uniform> =>
    uniform(`${direction} ${name} ${shape.join()}`, shape);
  const attributes = { stride, padding, dilation, groups };
  const y = draw('y', outputOf(given));
  if (direction === 'conv2d') return sample([draw('x', x), draw('w', w)], attributes);
  return direction === 'conv2dInputGradient'
    ? sample([y, draw('w', w)], { ...attributes, inputSize: x.slice(-3, -1) })
    : sample([draw('x', x), y], { ...attributes, filterSize: w.slice(-4, -2) });
}

function convolution(primitive: Direction, errors: Entry['errors']): Entry {
  return {
    primitive,
    samples: small.map((given) => sampleOf(primitive, given)),
    extended: large.map((given) => sampleOf(primitive, given)),
    errors,
    first: [0, 1],
    second: true,
  };
}

const plain = { stride: [1, 1], padding: none, dilation: [1, 1], groups: 1 } as const;
const image = aval('f32', 1, 4, 4, 2);
const filter = aval('f32', 3, 3, 2, 2);
const result = aval('f32', 1, 2, 2, 2);

const windows = { size: [2, 2], stride: [2, 2], padding: none } as const;
const overlapping = { size: [3, 2], stride: [2, 1], padding: [[1, 1], [0, 1]] } as const; // prettier-ignore

/** Indices that name an element of the image in every window: the middle ones, by turns. */
function named(shape: readonly number[], elements: readonly number[]): ReturnType<typeof array> {
  const count = shape.reduce((product, n) => product * n, 1);
  return array(
    'u32',
    shape,
    Array.from({ length: count }, (_, i) => elements[i % elements.length] as number),
  );
}

const infinite = [-Infinity, NaN, -Infinity, 3, Infinity, -Infinity, -Infinity, -Infinity];

export const convolutions: readonly Entry[] = [
  convolution('conv2d', [
    { what: 'integers', inputs: [aval('i32', 1, 4, 4, 2), filter], attributes: plain, code: 'DTYPE' },
    { what: 'images of rank 3', inputs: [aval('f32', 4, 4, 2), filter], attributes: plain, code: 'SHAPE' },
    {
      what: 'leading axes that differ',
      inputs: [aval('f32', 2, 1, 4, 4, 2), aval('f32', 3, 3, 3, 2, 2)],
      attributes: plain,
      code: 'SHAPE',
    },
    {
      what: 'channels that differ',
      inputs: [image, aval('f32', 3, 3, 3, 2)],
      attributes: plain,
      code: 'SHAPE',
    },
    {
      what: 'a stride of 0',
      inputs: [image, filter],
      attributes: { ...plain, stride: [0, 1] },
      code: 'CONVOLUTION',
    },
    {
      what: 'a broken dilation',
      inputs: [image, filter],
      attributes: { ...plain, dilation: [1, 1.5] },
      code: 'CONVOLUTION',
    },
    {
      what: 'negative padding',
      inputs: [image, filter],
      attributes: { ...plain, padding: [[-1, 0], [0, 0]] }, // prettier-ignore
      code: 'CONVOLUTION',
    },
    {
      what: 'groups that do not divide the filters',
      inputs: [image, aval('f32', 3, 3, 1, 3)],
      attributes: { ...plain, groups: 2 },
      code: 'CONVOLUTION',
    },
    {
      what: 'a filter larger than the image',
      inputs: [image, aval('f32', 5, 3, 2, 2)],
      attributes: plain,
      code: 'CONVOLUTION',
    },
  ]),
  convolution('conv2dInputGradient', [
    {
      what: 'a cotangent of another image',
      inputs: [result, filter],
      attributes: { ...plain, inputSize: [5, 4] },
      code: 'SHAPE',
    },
    {
      what: 'integers',
      inputs: [aval('i32', 1, 2, 2, 2), filter],
      attributes: { ...plain, inputSize: [4, 4] },
      code: 'DTYPE',
    },
  ]),
  convolution('conv2dFilterGradient', [
    {
      what: 'a cotangent of another filter',
      inputs: [image, result],
      attributes: { ...plain, filterSize: [2, 3] },
      code: 'SHAPE',
    },
    {
      what: 'groups that do not divide the channels',
      inputs: [image, result],
      attributes: { ...plain, filterSize: [3, 3], groups: 3 },
      code: 'CONVOLUTION',
    },
  ]),
  {
    primitive: 'poolArgmax',
    samples: [
      sample([distinct('pool a', [2, 4, 5, 2])], windows),
      sample([distinct('pool b', [1, 4, 3, 2])], overlapping),
    ],
    extended: [
      sample([distinct('pool large', [2, 16, 18, 5])], windows),
      sample([distinct('pool padded', [3, 9, 8, 4])], { ...overlapping, padding: [[2, 0], [1, 0]] }), // prettier-ignore
      // The first of equals; NaN before all; -Infinity before padding.
      sample([array('f32', [1, 2, 4, 1], [1, 1, 0, 2, 1, 1, 2, 2])], windows),
      sample([array('f32', [1, 2, 4, 1], infinite)], windows),
      sample(
        [
          array(
            'f32',
            [1, 2, 4, 1],
            infinite.map((v) => (v > 0 ? -v : v)),
          ),
        ],
        overlapping,
      ),
      sample([uniform('pool none', [0, 4, 4, 1])], windows),
    ],
    errors: [
      { what: 'integers', inputs: [aval('i32', 1, 4, 4, 2)], attributes: windows, code: 'DTYPE' },
      { what: 'images of rank 3', inputs: [aval('f32', 4, 4, 2)], attributes: windows, code: 'SHAPE' },
      {
        what: 'a window larger than the image',
        inputs: [image],
        attributes: { ...windows, size: [5, 1] },
        code: 'CONVOLUTION',
      },
      {
        what: 'padding as wide as the window',
        inputs: [image],
        attributes: { ...windows, padding: [[2, 0], [0, 0]] }, // prettier-ignore
        code: 'CONVOLUTION',
      },
    ],
    first: [],
    second: false,
  },
  {
    primitive: 'poolGather',
    samples: [
      sample([uniform('gather a', [2, 4, 5, 2]), named([2, 2, 2, 2], [0, 3, 1, 2, 2])], windows),
      sample([uniform('gather b', [1, 4, 3, 2]), named([1, 2, 3, 2], [2])], overlapping),
    ],
    extended: [
      sample([uniform('gather c', [2, 16, 18, 5]), named([2, 8, 9, 5], [3, 1, 0, 2, 1])], windows),
      sample([array('f32', [1, 2, 4, 1], infinite), named([1, 1, 2, 1], [1, 0])], windows),
    ],
    errors: [
      {
        what: 'indices of f32',
        inputs: [image, result],
        attributes: windows,
        code: 'DTYPE',
      },
      {
        what: 'indices of other windows',
        inputs: [image, aval('u32', 1, 3, 2, 2)],
        attributes: windows,
        code: 'SHAPE',
      },
    ],
    first: [0],
    second: false,
  },
  {
    primitive: 'poolScatter',
    samples: [
      sample([uniform('scatter a', [2, 2, 2, 2]), named([2, 2, 2, 2], [0, 3, 1, 2, 2])], {
        ...windows,
        inputSize: [4, 5],
      }),
      sample([uniform('scatter b', [1, 2, 3, 2]), named([1, 2, 3, 2], [2])], {
        ...overlapping,
        inputSize: [4, 3],
      }),
    ],
    extended: [
      sample([uniform('scatter c', [2, 8, 9, 5]), named([2, 8, 9, 5], [3, 1, 0, 2, 1])], {
        ...windows,
        inputSize: [16, 18],
      }),
      // All windows to the pixels that several share.
      sample([uniform('scatter d', [2, 5, 9, 3]), named([2, 5, 9, 3], [4, 2, 2])], {
        ...overlapping,
        inputSize: [10, 9],
      }),
    ],
    errors: [
      {
        what: 'values of other windows',
        inputs: [result, aval('u32', 1, 2, 2, 2)],
        attributes: { ...windows, inputSize: [6, 4] },
        code: 'SHAPE',
      },
    ],
    first: [0],
    second: false,
  },
];
