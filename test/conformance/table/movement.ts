/** Movement: where an element comes from. Every kernel is exact, for every dtype and for special values. */
import { array, integers, uniform } from '../draw.ts';
import { sizeOf, type Shape } from '../../../engine/graph/shape.ts';
import type { Attributes } from '../../../engine/graph/primitive.ts';
import { aval, sample, type Entry, type ErrorCase, type Sample } from './entry.ts';

function of(name: string, shape: Shape, attributes: Attributes): Sample {
  return sample([uniform(`${name} ${shape.join()}`, shape)], attributes);
}

/** Values that arithmetic would not preserve. */
function special(shape: Shape, attributes: Attributes): Sample {
  const values = [Infinity, -Infinity, NaN, 0, 2 ** -126, 3e38];
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => values[i % values.length] as number);
  return sample([array('f32', shape, data)], attributes);
}

function words(name: string, shape: Shape, attributes: Attributes): Sample[] {
  return [
    sample([integers(`${name} i32`, shape, 'i32', -(2 ** 31), 2 ** 31 - 1)], attributes),
    sample([integers(`${name} u32`, shape, 'u32', 0, 2 ** 32 - 1)], attributes),
    sample([integers(`${name} bool`, shape, 'bool', 0, 1)], attributes),
  ];
}

function entry(
  primitive: string,
  samples: readonly Sample[],
  extended: readonly Sample[],
  errors: readonly ErrorCase[],
): Entry {
  return {
    primitive,
    samples,
    extended,
    errors,
    first: [...Array(Math.max(...samples.map((s) => s.inputs.length))).keys()],
    second: false,
  };
}

const joined = (...shapes: readonly Shape[]): Sample['inputs'] =>
  shapes.map((shape, k) => uniform(`concat ${k} ${shape.join()}`, shape));

export const movement: readonly Entry[] = [
  entry(
    'reshape',
    [
      of('reshape', [2, 6], { shape: [3, 4] }),
      of('reshape', [1], { shape: [] }),
      of('reshape', [], { shape: [1, 1] }),
    ],
    [
      of('reshape', [0, 3], { shape: [2, 0] }),
      of('reshape', [257], { shape: [257, 1] }),
      of('reshape', [2, 3, 2, 2, 3, 2], { shape: [8, 18] }),
      special([6], { shape: [2, 3] }),
      ...words('reshape', [6], { shape: [2, 3] }),
    ],
    [
      {
        what: 'a shape of another size',
        inputs: [aval('f32', 6)],
        attributes: { shape: [4] },
        code: 'SHAPE',
      },
    ],
  ),
  entry(
    'transpose',
    [
      of('transpose', [2, 3], { permutation: [1, 0] }),
      of('transpose', [2, 3, 4], { permutation: [2, 0, 1] }),
    ],
    [
      of('transpose', [], { permutation: [] }),
      of('transpose', [0, 3], { permutation: [1, 0] }),
      of('transpose', [17, 65], { permutation: [1, 0] }),
      of('transpose', [2, 1, 3, 2, 1, 2], { permutation: [5, 3, 1, 0, 4, 2] }),
      special([2, 3], { permutation: [1, 0] }),
      ...words('transpose', [3, 2], { permutation: [1, 0] }),
    ],
    [
      {
        what: 'an axis named twice',
        inputs: [aval('f32', 2, 3)],
        attributes: { permutation: [0, 0] },
        code: 'AXIS',
      },
      { what: 'too few axes', inputs: [aval('f32', 2, 3)], attributes: { permutation: [0] }, code: 'AXIS' },
    ],
  ),
  entry(
    'broadcast',
    [
      of('broadcast', [3], { shape: [2, 3] }),
      of('broadcast', [2, 1, 3], { shape: [2, 4, 3] }),
      of('broadcast', [], { shape: [2, 2] }),
    ],
    [
      of('broadcast', [1], { shape: [0] }),
      of('broadcast', [1, 3], { shape: [257, 3] }),
      of('broadcast', [1, 2, 1], { shape: [2, 1, 3, 2, 2, 2] }),
      special([3, 1], { shape: [2, 3, 4] }),
      ...words('broadcast', [3], { shape: [2, 3] }),
    ],
    [
      {
        what: 'an extent that is not 1',
        inputs: [aval('f32', 2)],
        attributes: { shape: [3] },
        code: 'BROADCAST',
      },
      { what: 'a lower rank', inputs: [aval('f32', 1, 2)], attributes: { shape: [2] }, code: 'BROADCAST' },
    ],
  ),
  entry(
    'slice',
    [
      of('slice', [7], { start: [2], extents: [3], step: [1] }),
      of('slice', [7], { start: [1], extents: [3], step: [2] }),
      of('slice', [4, 5], { start: [1, 0], extents: [2, 3], step: [1, 2] }),
    ],
    [
      of('slice', [], { start: [], extents: [], step: [] }),
      of('slice', [5], { start: [5], extents: [0], step: [1] }),
      of('slice', [300], { start: [43], extents: [257], step: [1] }),
      of('slice', [2, 3, 2, 3, 2, 3], {
        start: [0, 1, 0, 2, 1, 0],
        extents: [1, 2, 2, 1, 1, 2],
        step: [1, 1, 1, 3, 1, 2],
      }),
      special([12], { start: [1], extents: [6], step: [2] }),
      ...words('slice', [7], { start: [1], extents: [3], step: [2] }),
    ],
    [
      {
        what: 'a range that leaves the axis',
        inputs: [aval('f32', 4)],
        attributes: { start: [2], extents: [3], step: [1] },
        code: 'SLICE',
      },
      {
        what: 'a step of 0',
        inputs: [aval('f32', 4)],
        attributes: { start: [0], extents: [1], step: [0] },
        code: 'SLICE',
      },
      {
        what: 'bounds of another rank',
        inputs: [aval('f32', 4)],
        attributes: { start: [0, 0], extents: [1, 1], step: [1, 1] },
        code: 'SLICE',
      },
    ],
  ),
  entry(
    'pad',
    [
      of('pad', [3], { low: [1], high: [2], interior: [0], value: 0.5 }),
      of('pad', [3], { low: [1], high: [0], interior: [2], value: 0 }),
      of('pad', [2, 3], { low: [0, 2], high: [1, 0], interior: [1, 0], value: -1 }),
    ],
    [
      of('pad', [], { low: [], high: [], interior: [], value: 0 }),
      of('pad', [0], { low: [2], high: [3], interior: [1], value: 7 }),
      of('pad', [1], { low: [128], high: [128], interior: [0], value: 1 }),
      of('pad', [1, 2, 1, 2, 1, 2], {
        low: [1, 0, 0, 1, 0, 0],
        high: [0, 0, 1, 0, 1, 0],
        interior: [0, 1, 0, 0, 0, 2],
        value: 2,
      }),
      special([6], { low: [1], high: [1], interior: [1], value: 0 }),
      ...words('pad', [3], { low: [1], high: [1], interior: [1], value: 1 }),
    ],
    [
      {
        what: 'a negative width',
        inputs: [aval('f32', 4)],
        attributes: { low: [-1], high: [0], interior: [0], value: 0 },
        code: 'PAD',
      },
      {
        what: 'widths of another rank',
        inputs: [aval('f32', 4)],
        attributes: { low: [], high: [], interior: [], value: 0 },
        code: 'PAD',
      },
    ],
  ),
  entry(
    'concat',
    [
      sample(joined([2], [3]), { axis: 0 }),
      sample(joined([2, 1], [2, 3], [2, 2]), { axis: 1 }),
      sample(joined([1, 2, 2], [2, 2, 2]), { axis: 0 }),
    ],
    [
      sample(joined([0], [3], [0]), { axis: 0 }),
      sample(joined([63], [1], [64], [129]), { axis: 0 }),
      sample(joined([1], [2], [3], [1], [2], [3]), { axis: 0 }),
      sample([array('i32', [2], [1, -1]), array('i32', [1], [7])], { axis: 0 }),
      sample([array('bool', [2], [1, 0]), array('bool', [1], [1])], { axis: 0 }),
    ],
    [
      { what: 'no tensors', inputs: [], attributes: { axis: 0 }, code: 'ARITY' },
      {
        what: 'extents that differ beside the axis',
        inputs: [aval('f32', 2, 2), aval('f32', 2, 3)],
        attributes: { axis: 0 },
        code: 'SHAPE',
      },
      {
        what: 'different dtypes',
        inputs: [aval('f32', 2), aval('i32', 2)],
        attributes: { axis: 0 },
        code: 'SHAPE',
      },
      {
        what: 'different ranks',
        inputs: [aval('f32', 2), aval('f32', 2, 1)],
        attributes: { axis: 0 },
        code: 'SHAPE',
      },
    ],
  ),
  entry(
    'flip',
    [of('flip', [5], { axes: [0] }), of('flip', [2, 3, 2], { axes: [0, 2] })],
    [
      of('flip', [], { axes: [] }),
      of('flip', [0], { axes: [0] }),
      of('flip', [257], { axes: [0] }),
      special([6], { axes: [0] }),
      ...words('flip', [2, 3], { axes: [1] }),
    ],
    [],
  ),
];
