/**
 * The kernels that can compute a convolution or one of its gradients, the best guess first, and how a long sum is cut.
 * docs/kernels.md has the measurements behind the guess.
 */
import type { AdapterTraits } from '../graph/primitive.ts';
import type { ConvolutionSizes } from './convolution-geometry.ts';
import { extentClass } from './variant-choice.ts';

/** Which factor of the trilinear form is the result: y, x or w. */
export type Direction = 'forward' | 'input' | 'filter';

/** The matrix product that one group of one convolution is, in its direction. */
export interface Product {
  /** Of each phase: with a stride, the input gradient is one product for each of stride² kinds of pixels. */
  readonly rows: number;
  readonly phases: number;
  readonly columns: number;
  readonly terms: number;
  /** Channels in a group of the first operand. */
  readonly sourceChannels: number;
}

export function productOf(sizes: ConvolutionSizes, direction: Direction): Product {
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
export interface ConvolutionVariant {
  /** Tells the variants of one convolution apart, for people and for files. */
  readonly name: string;
  readonly shader: string;
  readonly tiles: number;
  readonly chunks: number;
  readonly chunk: number;
  readonly constants: Readonly<Record<string, number>>;
  /** Whether the operands may be read as vectors. */
  readonly vectors: boolean;
  /** Factors are rounded to f16 on their way to workgroup memory. */
  readonly halves?: boolean;
}

/** Multiply-adds below which compiling a tiled kernel costs more than it ever saves. */
const SMALL = 1 << 16;
/** Columns below which a tile is mostly empty: depthwise convolutions. */
const NARROW = 4;
/** Multiply-adds above which a kernel that is some times slower on CPU drivers is not worth a measurement. */
const LARGE = 1 << 24;
/** Terms below which a sum is not cut. */
const SHORTEST = 512;

const DIRECTIONS: readonly Direction[] = ['forward', 'input', 'filter'];

/** The variants that can run, the one to take first. */
export function convolutionVariants(
  { kind, lanes, products }: AdapterTraits,
  sizes: ConvolutionSizes,
  direction: Direction,
): readonly ConvolutionVariant[] {
  const product = productOf(sizes, direction);
  const { rows, columns, terms } = product;
  const work = sizes.batch * sizes.groups * rows * columns * terms;
  const one = [direct(sizes, direction, product)];
  if (work === 0) return one;
  const tiles = cuts(tiled(sizes, direction, product));
  // Which convolutions are f16 follows from the shape, never from a measurement.
  if (products === 'f16')
    return work <= SMALL || columns < NARROW ? one : tiles.map((tile) => ({ ...tile, halves: true }));
  const best = kind === 'cpu' && (lanes === 4 || lanes === 8) ? shared(lanes, sizes, direction, product) : [];
  if (work <= SMALL || columns < NARROW) return [...one, ...best, ...tiles];
  if (kind === 'gpu') return [...tiles, ...one];
  const fast = best.length > 0 ? best : tiles;
  return work <= LARGE ? [...best, ...tiles, ...one] : fast;
}

/** One thread for each element. */
function direct(sizes: ConvolutionSizes, direction: Direction, product: Product): ConvolutionVariant {
  const { examples, height, width, channels, groups } = sizes;
  const elements =
    direction === 'input' ? examples * height * width * channels : product.rows * product.columns * groups;
  return {
    name: 'conv_direct',
    shader: 'conv_direct',
    tiles: Math.ceil(elements / 64),
    chunks: 1,
    chunk: 0,
    constants: { DIRECTION: DIRECTIONS.indexOf(direction) },
    vectors: false,
  };
}

/** Tiles of 64 x 64 through workgroup memory. */
function tiled(sizes: ConvolutionSizes, direction: Direction, product: Product): ConvolutionVariant {
  const { rows, phases, columns, terms } = product;
  const { batch, groups, stride, dilation } = sizes;
  const tiles = phases * Math.ceil(rows / 64) * Math.ceil(columns / 64);
  const [STEP_Y, STEP_X] = [0, 1].map(
    (axis) => stride[axis as 0 | 1] / gcd(stride[axis as 0 | 1], dilation[axis as 0 | 1]),
  ) as [number, number];
  return {
    ...cut(terms, SHORTEST, tiles * groups * batch),
    name: 'conv_tiled',
    shader: 'conv_tiled',
    tiles,
    constants: { DIRECTION: DIRECTIONS.indexOf(direction), STEP_Y, STEP_X },
    vectors: false,
  };
}

/**
 * Loads shared among the lanes of subgroups. A workgroup is 16 threads; a subgroup takes 32 rows and four columns for each
 * lane. Where that is more than there are, the halves of a subgroup work for themselves. Subgroups stand side by side
 * until they cover the columns, the rest below each other.
 */
function shared(
  lanes: 4 | 8,
  sizes: ConvolutionSizes,
  direction: Direction,
  product: Product,
): ConvolutionVariant[] {
  const { rows, phases, columns, terms, sourceChannels } = product;
  const few = lanes === 8 && columns <= 16;
  const variant = (halves: boolean, across: number): ConvolutionVariant => {
    const width = halves ? 4 : lanes;
    const below = 16 / width / across;
    const tiles = phases * Math.ceil(rows / (32 * below)) * Math.ceil(columns / (4 * width * across));
    const shape = { LANES: width, HALVES: Number(halves), ACROSS: across };
    const suffix = `LANES=${lanes}${halves ? ' HALVES' : ''} ACROSS=${across}`;
    const workgroups = tiles * sizes.groups * sizes.batch;
    const whole = Number(sourceChannels % 4 === 0);
    if (direction === 'filter')
      return {
        ...cut(terms, SHORTEST, workgroups),
        name: `conv_filter_subgroup ${suffix}`,
        shader: 'conv_filter_subgroup',
        tiles,
        constants: { ...shape, QUADS: whole },
        vectors: true,
      };
    // Every chunk runs over all taps, with a part of the channels.
    return {
      ...cut(sourceChannels, Math.ceil((SHORTEST * sourceChannels) / terms), workgroups),
      name: `conv_subgroup ${suffix}`,
      shader: 'conv_subgroup',
      tiles,
      constants: { DIRECTION: DIRECTIONS.indexOf(direction), ...shape, WHOLE: whole },
      vectors: true,
    };
  };
  const acrossOf = (halves: boolean): number => {
    const width = halves ? 4 : lanes;
    return Math.min(16 / width, 2 ** Math.ceil(Math.log2(Math.ceil(columns / (4 * width)))));
  };
  const guess = variant(few, acrossOf(few));
  const others = [1, 2, 4].filter((across) => across !== acrossOf(few) && across <= 16 / (few ? 4 : lanes));
  return [
    ...cuts(guess),
    ...others.map((across) => variant(few, across)),
    ...(lanes === 8 && columns <= 64 ? [variant(!few, acrossOf(!few))] : []),
  ];
}

/** A variant, and where its sums are cut the same with whole ones. */
function cuts(variant: ConvolutionVariant): ConvolutionVariant[] {
  return variant.chunks === 1
    ? [variant]
    : [variant, { ...variant, name: `${variant.name} uncut`, chunks: 1, chunk: 0 }];
}

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

/**
 * Convolutions that take the same kernel once one of them was measured: `convolution forward 32x32x32x64 to 64, 3x3`, of
 * outputs N x OH x OW x C to O and taps, and what else their speed depends on.
 */
export function convolutionClass(sizes: ConvolutionSizes, direction: Direction, halves: boolean): string {
  const { examples, outputHeight, outputWidth, channels, filters, groups, batch, stride, dilation } = sizes;
  const image = [examples, outputHeight, outputWidth, channels].map(extentClass).join('x');
  const unless = (text: string, plain: boolean): string[] => (plain ? [] : [text]);
  return [
    `convolution ${direction} ${image} to ${extentClass(filters)}`,
    `${sizes.filterHeight}x${sizes.filterWidth}`,
    ...unless(
      `stride ${stride.join('x')}`,
      stride.every((step) => step === 1),
    ),
    ...unless(
      `dilation ${dilation.join('x')}`,
      dilation.every((step) => step === 1),
    ),
    ...unless(`groups ${groups}`, groups === 1),
    ...unless(`batch ${extentClass(batch)}`, batch === 1),
    ...unless('channels by element', (channels / groups) % 4 === 0),
    ...unless('filters by element', (filters / groups) % 4 === 0),
    ...unless('f16', !halves),
  ].join(', ');
}
