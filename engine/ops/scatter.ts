/** How a scatter-add runs (shaders/scatter_add.wgsl). */
import type { Aval } from '../graph/ndarray.ts';
import { unravel } from '../graph/position.ts';
import type { Call, Index, Launch } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';

export function scatterLaunches(call: Call<{ readonly axis: number; readonly extent: number }>): Launch[] {
  const { axis, extent } = call.attributes;
  const { shape, dtype } = call.inputs[1] as Aval;
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const [outer, sources, inner] = [sizeOf(before), shape[axis] as number, sizeOf(after)];
  const parameters = ['o: u32', 's: u32', 'j: u32'];
  const at: Index = {
    shape,
    linear: `((o * ${sources}u + s) * ${inner}u + j)`,
    coordinates: [...unravel('o', before), 's', ...unravel('j', after)],
  };
  return [
    {
      shader: 'scatter_add',
      constants: { OUTER: outer, EXTENT: extent, SOURCES: sources, INNER: inner },
      blocks: {
        type: { text: `alias T = ${dtype};` },
        position: { element: { input: 0 }, parameters, at, limit: extent },
        update: { element: { input: 1 }, parameters, at },
        finish: { store: 'output', parameters: ['i: u32', 'value: T'], linear: 'i' },
      },
      groups: [Math.ceil((outer * extent * inner) / 64), 1, 1],
    },
  ];
}
