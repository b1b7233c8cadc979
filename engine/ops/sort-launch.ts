/**
 * How a sort runs: keys whose unsigned order is the wanted one (shaders/sort_keys.wgsl), then passes that merge sorted
 * runs (shaders/merge_sort.wgsl), back and forth between two sets of temporaries.
 */
import type { DType } from '../graph/dtype.ts';
import type { Aval } from '../graph/ndarray.ts';
import { fibre, ravel } from '../graph/position.ts';
import type { Block, Call, Launch, Operand } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';

export function sortLaunches(call: Call<{ readonly axis: number }>): Launch[] {
  const { axis } = call.attributes;
  const { shape, dtype } = call.inputs[0] as Aval;
  const length = shape[axis] as number;
  const rows = length === 0 ? 0 : sizeOf(shape) / length;
  const constants = { ROWS: rows, LENGTH: length };
  const groups = [Math.ceil((rows * length) / 64), 1, 1] as const;
  const temporary = (k: number, extent: number): Operand => ({
    temporary: k,
    aval: { shape: [extent], dtype: 'u32' },
  });
  const sets = [0, 3].map((first) => ({
    keys: temporary(first, rows * length),
    order: temporary(first + 1, rows * length),
    width: temporary(first + 2, 1),
  }));
  const array = (buffer: Operand, name: string, access?: 'write'): Block => ({
    buffer,
    name,
    type: 'array<u32>',
    text: '',
    ...(access && { access }),
  });
  const [first] = sets as [(typeof sets)[0]];
  const launches: Launch[] = [
    {
      shader: 'sort_keys',
      constants,
      blocks: {
        ordered: { text: orderedKey(dtype) },
        element: {
          element: { input: 0 },
          parameters: ['row: u32', 'i: u32'],
          at: fibre(shape, [axis], 'row', 'i'),
        },
        keys: array(first.keys, 'keys', 'write'),
        order: array(first.order, 'order', 'write'),
        width: array(first.width, 'width', 'write'),
      },
      groups,
    },
  ];
  const passes = Math.max(1, Math.ceil(Math.log2(length)));
  for (let pass = 0; pass < passes; pass++) {
    const from = sets[pass % 2] as (typeof sets)[0];
    const to = sets[(pass + 1) % 2] as (typeof sets)[0];
    const isLast = pass === passes - 1;
    launches.push({
      shader: 'merge_sort',
      constants,
      blocks: {
        keys: array(from.keys, 'keys'),
        order: array(from.order, 'order'),
        width: array(from.width, 'width'),
        next_width: array(to.width, 'next_width', 'write'),
        place_key: isLast
          ? { text: 'fn place_key(i: u32, key: u32) {}' }
          : {
              buffer: to.keys,
              name: 'next_keys',
              type: 'array<u32>',
              access: 'write',
              text: 'fn place_key(i: u32, key: u32) { next_keys[i] = key; }',
            },
        place_order: isLast
          ? storeOrder(shape, axis)
          : {
              buffer: to.order,
              name: 'next_order',
              type: 'array<u32>',
              access: 'write',
              text: 'fn place_order(row: u32, i: u32, value: i32) { next_order[row * LENGTH + i] = u32(value); }',
            },
      },
      groups,
    });
  }
  return launches;
}

function storeOrder(shape: Aval['shape'], axis: number): Block {
  const { linear, coordinates } = fibre(shape, [axis], 'row', 'i');
  return {
    store: 'output',
    parameters: ['row: u32', 'i: u32', 'value: i32'],
    linear: linear ?? ravel(coordinates, shape),
  };
}

/** The file's own text orders floats; an i32 is shifted so that its unsigned order is the signed one. */
function orderedKey(dtype: DType): string {
  if (dtype === 'u32') return 'fn ordered(x: u32) -> u32 { return x; }';
  if (dtype === 'i32') return 'fn ordered(x: i32) -> u32 { return bitcast<u32>(x) ^ 0x80000000u; }';
  return 'as written';
}
