/** How a convolution runs: its operands and epilogue, put into the variant for the direction, the adapter and the shape. */
import type { Aval } from '../graph/ndarray.ts';
import type { Call, Launch } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import { bufferOperand } from './buffer-operand.ts';
import { partialsOf, sumOfChunks } from './chunk-sums.ts';
import {
  sizesOf,
  type ConvolutionAttributes,
  type ConvolutionSizes,
  type FilterGradientAttributes,
  type InputGradientAttributes,
} from './convolution-geometry.ts';
import { convolutionClass, convolutionVariants, productOf, type Direction } from './convolution-variants.ts';
import { choose } from './variant-choice.ts';

/** Slabs of f16 in shaders/conv_tiled.wgsl. */
const HALVES = 'enable f16;\nalias Stored = f16;';

type AnyCall = Call<ConvolutionAttributes> | Call<InputGradientAttributes> | Call<FilterGradientAttributes>;

export function convolutionLaunches(call: AnyCall, direction: Direction): Launch[] {
  const sizes = sizesIn(call, direction);
  const { sourceChannels } = productOf(sizes, direction);
  const { shader, tiles, chunks, chunk, constants, vectors, halves } = choose(
    call.adapter,
    convolutionClass(sizes, direction, call.adapter.products === 'f16'),
    convolutionVariants(call.adapter, sizes, direction),
    ({ name }) => name,
  );
  const elements = sizeOf(call.output.shape) / Math.max(1, sizes.batch);
  const partials = partialsOf(sizes.batch, chunks, elements);
  const first: Launch = {
    shader,
    constants: {
      ...extents(sizes),
      ...constants,
      ...(chunks > 1 ? { CHUNKS: chunks, CHUNK: chunk } : {}),
      RESULT: elements,
      FIRST_BATCH: batchStride(call, 0, sizes),
      SECOND_BATCH: batchStride(call, 1, sizes),
    },
    blocks: {
      first: bufferOperand(0, 'first', vectors && sourceChannels % 4 === 0),
      second: bufferOperand(1, 'second', vectors && (sizes.filters / sizes.groups) % 4 === 0),
      ...(shader === 'conv_tiled' && { storage: { text: halves ? HALVES : 'as written' } }),
      epilogue: {
        store: chunks > 1 ? partials : 'output',
        parameters: ['b: u32', 'i: u32', 'value: f32'],
        linear: `(b * ${elements}u + i)`,
      },
    },
    groups: [tiles, 1, sizes.batch * (shader === 'conv_direct' ? 1 : sizes.groups) * chunks],
  };
  return chunks > 1 ? [first, sumOfChunks(partials)] : [first];
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
