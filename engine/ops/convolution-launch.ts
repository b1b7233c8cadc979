/** How a convolution runs: the kernel for the direction, the adapter and the shape. */
import type { Aval } from '../graph/ndarray.ts';
import type { Block, Call, Launch } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import {
  sizesOf,
  type ConvolutionAttributes,
  type ConvolutionSizes,
  type FilterGradientAttributes,
  type InputGradientAttributes,
} from './convolution-geometry.ts';

/** Which factor of the trilinear form is the result: y, x or w. */
export type Direction = 'forward' | 'input' | 'filter';

type AnyCall = Call<ConvolutionAttributes> | Call<InputGradientAttributes> | Call<FilterGradientAttributes>;

export function convolutionLaunches(call: AnyCall, direction: Direction): Launch[] {
  const sizes = sizesIn(call, direction);
  const elements = sizeOf(call.output.shape) / Math.max(1, sizes.batch);
  return [
    {
      shader: 'conv_direct',
      constants: {
        ...extents(sizes),
        DIRECTION: ['forward', 'input', 'filter'].indexOf(direction),
        RESULT: elements,
        FIRST_BATCH: batchStride(call, 0, sizes),
        SECOND_BATCH: batchStride(call, 1, sizes),
      },
      blocks: {
        first: operand(0, 'first'),
        second: operand(1, 'second'),
        epilogue: {
          store: 'output',
          parameters: ['b: u32', 'i: u32', 'value: f32'],
          linear: `(b * ${elements}u + i)`,
        },
      },
      groups: [Math.ceil(elements / 64), 1, sizes.batch],
    },
  ];
}

function sizesIn({ inputs, output, attributes }: AnyCall, direction: Direction): ConvolutionSizes {
  const [a, b] = inputs as readonly [Aval, Aval];
  if (direction === 'forward') return sizesOf(a, b, output, attributes);
  return direction === 'input' ? sizesOf(output, b, a, attributes) : sizesOf(a, output, b, attributes);
}

/** Elements from one operand of the batch to the next; 0 where one serves all. */
function batchStride(call: AnyCall, input: 0 | 1, { batch }: ConvolutionSizes): number {
  const one = sizeOf((call.inputs[input] as Aval).shape) / Math.max(1, batch);
  return call.elementsOf(input) === one ? 0 : one;
}

function extents(sizes: ConvolutionSizes): Readonly<Record<string, number>> {
  return {
    N: sizes.examples,
    H: sizes.height,
    W: sizes.width,
    C: sizes.channels,
    R: sizes.filterHeight,
    S: sizes.filterWidth,
    O: sizes.filters,
    OH: sizes.outputHeight,
    OW: sizes.outputWidth,
    G: sizes.groups,
    STRIDE_Y: sizes.stride[0],
    STRIDE_X: sizes.stride[1],
    DILATION_Y: sizes.dilation[0],
    DILATION_X: sizes.dilation[1],
    TOP: sizes.padding[0][0],
    LEFT: sizes.padding[1][0],
  };
}

function operand(input: number, name: 'first' | 'second'): Block {
  return {
    buffer: { input },
    name,
    type: 'array<f32>',
    text: `fn ${name}1(i: u32) -> f32 { return ${name}[i]; }`,
  };
}
