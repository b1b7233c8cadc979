/**
 * How a convolution runs: the kernel for the direction, the adapter and the shape (docs/kernels.md has the measurements
 * behind the rule), and into how many chunks a long sum is cut.
 */
import type { Aval } from '../graph/ndarray.ts';
import type { AdapterTraits, Call, Launch } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import { bufferOperand } from './buffer-operand.ts';
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
  const product = productOf(sizes, direction);
  const { shader, tiles, chunks, chunk, constants, vectors } = variantFor(
    call.adapter,
    sizes,
    direction,
    product,
  );
  const elements = sizeOf(call.output.shape) / Math.max(1, sizes.batch);
  const partials = {
    temporary: 0,
    aval: { shape: [sizes.batch, chunks, elements], dtype: 'f32' },
  } as const;
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
      first: bufferOperand(0, 'first', vectors && product.sourceChannels % 4 === 0),
      second: bufferOperand(1, 'second', vectors && (sizes.filters / sizes.groups) % 4 === 0),
      epilogue: {
        store: chunks > 1 ? partials : 'output',
        parameters: ['b: u32', 'i: u32', 'value: f32'],
        linear: `(b * ${elements}u + i)`,
      },
    },
    groups: [tiles, 1, sizes.batch * (shader === 'conv_direct' ? 1 : sizes.groups) * chunks],
  };
  return chunks > 1 ? [first, sumOfChunks(partials, sizes.batch, chunks, elements)] : [first];
}

/** Adds the partial results in order of the chunks. */
function sumOfChunks(
  partials: { readonly temporary: number; readonly aval: Aval },
  batch: number,
  chunks: number,
  elements: number,
): Launch {
  const outputs = batch * elements;
  return {
    shader: 'reduce',
    constants: { OUTPUTS: outputs, LENGTH: chunks, CHUNKS: 1 },
    blocks: {
      type: { text: 'alias T = f32;' },
      combine: {
        text: 'fn identity() -> T { return 0.0; }\nfn combine(a: T, b: T) -> T { return a + b; }',
      },
      element: {
        element: partials,
        parameters: ['o: u32', 'r: u32'],
        at: { shape: partials.aval.shape, coordinates: [`(o / ${elements}u)`, 'r', `(o % ${elements}u)`] },
      },
      finish: { store: 'output', parameters: ['o: u32', 'value: T'], linear: 'o' },
    },
    groups: [Math.ceil(outputs / 64), 1, 1],
  };
}

/** The matrix product that one group of one convolution is, in its direction. */
interface Product {
  /** Of each phase: with a stride, the input gradient is one product for each of stride² kinds of pixels. */
  readonly rows: number;
  readonly phases: number;
  readonly columns: number;
  readonly terms: number;
  /** Channels in a group of the first operand. */
  readonly sourceChannels: number;
}

function productOf(sizes: ConvolutionSizes, direction: Direction): Product {
  const { examples, height, width, outputHeight, outputWidth, filterHeight, filterWidth, stride } = sizes;
  const [channels, filters] = [sizes.channels / sizes.groups, sizes.filters / sizes.groups];
  const [taps, pixels] = [filterHeight * filterWidth, examples * outputHeight * outputWidth];
  if (direction === 'forward')
    return { rows: pixels, phases: 1, columns: filters, terms: taps * channels, sourceChannels: channels };
  if (direction === 'filter')
    return { rows: taps * channels, phases: 1, columns: filters, terms: pixels, sourceChannels: channels };
  return {
    rows: examples * Math.ceil(height / stride[0]) * Math.ceil(width / stride[1]),
    phases: stride[0] * stride[1],
    columns: channels,
    terms: taps * filters,
    sourceChannels: filters,
  };
}

/** A kernel, its workgroups for one group and chunk, the cut of its sums, and constants of its own. */
interface Variant {
  readonly shader: string;
  readonly tiles: number;
  readonly chunks: number;
  readonly chunk: number;
  readonly constants: Readonly<Record<string, number>>;
  /** Whether the operands may be read as vectors. */
  readonly vectors: boolean;
}

/** Multiply-adds below which compiling a tiled kernel costs more than it ever saves. */
const SMALL = 1 << 16;
/** Columns below which a tile is mostly empty: depthwise convolutions. */
const NARROW = 4;
/** Terms below which a sum is not cut. */
const SHORTEST = 512;

const DIRECTIONS: readonly Direction[] = ['forward', 'input', 'filter'];

function variantFor(
  { kind, lanes }: AdapterTraits,
  sizes: ConvolutionSizes,
  direction: Direction,
  product: Product,
): Variant {
  const { rows, phases, columns, terms, sourceChannels } = product;
  const { batch, groups, stride, dilation } = sizes;
  const turn = { DIRECTION: DIRECTIONS.indexOf(direction) };
  const work = batch * groups * rows * columns * terms;
  if (work <= SMALL || columns < NARROW) {
    const { examples, height, width, channels } = sizes;
    const elements = direction === 'input' ? examples * height * width * channels : rows * columns * groups;
    return { ...UNCUT, shader: 'conv_direct', tiles: Math.ceil(elements / 64), constants: turn };
  }
  if (kind === 'gpu' || (lanes !== 4 && lanes !== 8)) {
    const tiles = phases * Math.ceil(rows / 64) * Math.ceil(columns / 64);
    const steps = [0, 1].map(
      (axis) => stride[axis as 0 | 1] / gcd(stride[axis as 0 | 1], dilation[axis as 0 | 1]),
    );
    const constants = { ...turn, STEP_Y: steps[0] as number, STEP_X: steps[1] as number };
    return {
      ...cut(terms, SHORTEST, tiles * groups * batch),
      shader: 'conv_tiled',
      tiles,
      constants,
      vectors: false,
    };
  }
  // A workgroup is 16 threads; a subgroup takes 32 rows and four columns for each lane. Where that is more than there are,
  // the halves of a subgroup work for themselves.
  const halves = lanes === 8 && columns <= 16;
  const width = halves ? 4 : lanes;
  const subgroups = 16 / width;
  const across = Math.min(subgroups, 2 ** Math.ceil(Math.log2(Math.ceil(columns / (4 * width)))));
  const tiles =
    phases * Math.ceil(rows / (32 * (subgroups / across))) * Math.ceil(columns / (4 * width * across));
  const shape = { LANES: width, HALVES: Number(halves), ACROSS: across };
  const whole = Number(sourceChannels % 4 === 0);
  if (direction === 'filter')
    return {
      ...cut(terms, SHORTEST, tiles * groups * batch),
      shader: 'conv_filter_subgroup',
      tiles,
      constants: { ...shape, QUADS: whole },
      vectors: true,
    };
  // Every chunk runs over all taps, with a part of the channels.
  return {
    ...cut(sourceChannels, Math.ceil((SHORTEST * sourceChannels) / terms), tiles * groups * batch),
    shader: 'conv_subgroup',
    tiles,
    constants: { ...turn, ...shape, WHOLE: whole },
    vectors: true,
  };
}

const UNCUT = { chunks: 1, chunk: 0, vectors: false } as const;

/** Workgroups that keep every core busy to the end. */
const BUSY = 64;

/**
 * Chunks of a sum, each a multiple of four terms and at least `shortest`, no more than make BUSY workgroups of `workgroups`.
 * It depends on the shape alone, so the order of a sum does too.
 */
function cut(
  terms: number,
  shortest: number,
  workgroups: number,
): { readonly chunks: number; readonly chunk: number } {
  const wanted = Math.max(1, Math.min(Math.ceil(BUSY / workgroups), Math.floor(terms / shortest)));
  const chunk = 4 * Math.ceil(terms / wanted / 4);
  return { chunks: Math.ceil(terms / chunk), chunk };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
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
