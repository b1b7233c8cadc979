/** Sizes of convolutions and windows: what fits, and how large the result is. */
import { fail } from '../graph/errors.ts';
import type { Aval } from '../graph/ndarray.ts';
import { sameShape, show, sizeOf, type Shape } from '../graph/shape.ts';

type Pair = readonly [number, number];

/** How a filter is laid over an image; each pair is [vertical, horizontal]. */
export type ConvolutionAttributes = {
  readonly stride: Pair;
  /** [[top, bottom], [left, right]] */
  readonly padding: readonly [Pair, Pair];
  readonly dilation: Pair;
  readonly groups: number;
};
/** `inputSize` is [H, W], which strides leave open. */
export type InputGradientAttributes = ConvolutionAttributes & { readonly inputSize: readonly number[] };
/** `filterSize` is [R, S], which strides leave open. */
export type FilterGradientAttributes = ConvolutionAttributes & { readonly filterSize: readonly number[] };

/**
 * Zeros around an image: none (`valid`), as many as make the result ceil(extent / stride) with the odd one at the
 * bottom and right (`same`, as in XLA), a number on all sides, or [[top, bottom], [left, right]].
 */
export type Padding = 'valid' | 'same' | number | readonly [Pair, Pair];

export interface WindowOptions {
  /** Default 1. */
  readonly stride?: number | Pair;
  /** Default `valid`. */
  readonly padding?: Padding;
}

export interface Conv2dOptions extends WindowOptions {
  /** Distance between the pixels that neighbouring weights see. Default 1. */
  readonly dilation?: number | Pair;
  /** Default 1. */
  readonly groups?: number;
}

/** The extents of x [batch, examples, height, width, channels], its filters and its outputs. */
export interface ConvolutionSizes extends ConvolutionAttributes {
  /** Product of the leading axes: convolutions with a filter each. */
  readonly batch: number;
  readonly examples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly filters: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

/** The extents of a convolution whose operands and result fit each other. */
export function sizesOf(x: Aval, w: Aval, y: Aval, attributes: ConvolutionAttributes): ConvolutionSizes {
  const [examples, height, width, channels] = x.shape.slice(-4) as [number, number, number, number];
  const [filterHeight, filterWidth] = w.shape.slice(-4, -2) as [number, number];
  const [outputHeight, outputWidth, filters] = y.shape.slice(-3) as [number, number, number];
  const { stride, padding, dilation, groups } = attributes;
  return {
    batch: sizeOf(x.shape.slice(0, -4)),
    examples,
    height,
    width,
    channels,
    filterHeight,
    filterWidth,
    filters,
    outputHeight,
    outputWidth,
    stride,
    padding,
    dilation,
    groups,
  };
}

/** Positions of a window of `size` elements, `dilation` apart, in steps of `stride` over a padded axis. */
export function windowCount(
  extent: number,
  size: number,
  stride: number,
  [before, after]: Pair,
  dilation: number,
): number {
  return Math.floor((before + extent + after - (size - 1) * dilation - 1) / stride) + 1;
}

/** A number as a pair of itself. */
export function pairOf(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : value;
}

/** Padding in numbers. */
export function paddingOf(
  padding: Padding,
  image: readonly number[],
  window: readonly number[],
  stride: Pair,
  dilation: Pair,
): readonly [Pair, Pair] {
  if (padding === 'valid') padding = 0;
  if (typeof padding === 'number')
    return [
      [padding, padding],
      [padding, padding],
    ];
  if (padding !== 'same') return padding;
  const side = (axis: 0 | 1): Pair => {
    const [extent, step] = [image[axis] as number, stride[axis]];
    const reach = ((window[axis] as number) - 1) * dilation[axis] + 1;
    const total = Math.max(0, (Math.ceil(extent / step) - 1) * step + reach - extent);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  return [side(0), side(1)];
}

/** The attributes of conv2d(x, filter, options). */
export function canonical(
  x: Aval,
  filter: Aval,
  { stride = 1, padding = 'valid', dilation = 1, groups = 1 }: Conv2dOptions,
): ConvolutionAttributes {
  const [strides, dilations] = [pairOf(stride), pairOf(dilation)];
  requireSteps('conv2d', 'stride', strides);
  requireSteps('conv2d', 'dilation', dilations);
  const image = x.shape.slice(-3, -1);
  return {
    stride: strides,
    padding: paddingOf(padding, image, filter.shape.slice(-4, -2), strides, dilations),
    dilation: dilations,
    groups,
  };
}

/** @throws CONVOLUTION unless every step is a positive integer */
export function requireSteps(operation: string, what: string, steps: readonly number[]): void {
  if (steps.length !== 2 || steps.some((step) => !Number.isInteger(step) || step < 1))
    fail('CONVOLUTION', `${operation}: ${what} ${show(steps)} must be two integers of at least 1.`);
}

/** @throws CONVOLUTION unless every width is a natural number */
export function requirePadding(operation: string, padding: readonly [Pair, Pair]): void {
  if (padding.flat().length !== 4 || padding.flat().some((n) => !Number.isInteger(n) || n < 0))
    fail(
      'CONVOLUTION',
      `${operation}: padding ${padding.map(show).join(', ')} must be natural numbers: cut an image with slice.`,
    );
}

/** [H', W'] of a window over an image. */
export function windowedSize(
  operation: string,
  image: readonly number[],
  window: readonly number[],
  { stride, padding, dilation }: Omit<ConvolutionAttributes, 'groups'>,
): Pair {
  const count = (axis: 0 | 1): number =>
    windowCount(image[axis] as number, window[axis] as number, stride[axis], padding[axis], dilation[axis]);
  const result: Pair = [count(0), count(1)];
  if (result.some((n) => n < 1))
    fail(
      'CONVOLUTION',
      `${operation}: a window of ${show(window)}, ${show(dilation)} apart, does not fit into an image of ${show(image)} with padding ${padding.map(show).join(', ')}: pad more, or take a smaller window.`,
    );
  return result;
}

function requireOperands(operation: string, a: Aval, b: Aval, attributes: ConvolutionAttributes): void {
  if (a.dtype !== 'f32' || b.dtype !== 'f32')
    fail('DTYPE', `${operation}: is defined for f32, not ${a.dtype} and ${b.dtype}: cast first.`);
  if (a.shape.length < 4 || !sameShape(a.shape.slice(0, -4), b.shape.slice(0, -4)))
    fail(
      'SHAPE',
      `${operation}: ${show(a.shape)} and ${show(b.shape)} must have four axes each, after leading ones that are equal.`,
    );
  requireSteps(operation, 'stride', attributes.stride);
  requireSteps(operation, 'dilation', attributes.dilation);
  requirePadding(operation, attributes.padding);
}

function requireGroups(operation: string, channels: number, filters: number, groups: number): void {
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || filters % groups !== 0)
    fail(
      'CONVOLUTION',
      `${operation}: ${groups} groups do not divide ${channels} channels and ${filters} filters: take a common divisor.`,
    );
}

/** The result of conv2d(x, w). */
export function outputShape(x: Aval, w: Aval, attributes: ConvolutionAttributes): Aval {
  requireOperands('conv2d', x, w, attributes);
  const [examples, height, width, channels] = x.shape.slice(-4) as [number, number, number, number];
  const [r, s, seen, filters] = w.shape.slice(-4) as [number, number, number, number];
  requireGroups('conv2d', channels, filters, attributes.groups);
  if (seen * attributes.groups !== channels)
    fail(
      'SHAPE',
      `conv2d: filters ${show(w.shape)} see ${seen} channels in ${attributes.groups} groups, but ${show(x.shape)} has ${channels}: C/groups is the filter's third axis.`,
    );
  const size = windowedSize('conv2d', [height, width], [r, s], attributes);
  return { shape: [...x.shape.slice(0, -4), examples, ...size, filters], dtype: 'f32' };
}

/** The x of which `y` is the shape of conv2d(x, w). */
export function inputGradientShape(y: Aval, w: Aval, attributes: InputGradientAttributes): Aval {
  requireOperands('conv2dInputGradient', y, w, attributes);
  const channels = (w.shape.at(-2) as number) * attributes.groups;
  const shape = [...y.shape.slice(0, -3), ...attributes.inputSize, channels];
  requireSame('conv2dInputGradient', y.shape, outputShape({ shape, dtype: 'f32' }, w, attributes).shape);
  return { shape, dtype: 'f32' };
}

/** The w of which `y` is the shape of conv2d(x, w). */
export function filterGradientShape(x: Aval, y: Aval, attributes: FilterGradientAttributes): Aval {
  requireOperands('conv2dFilterGradient', x, y, attributes);
  const channels = x.shape.at(-1) as number;
  const filters = y.shape.at(-1) as number;
  requireGroups('conv2dFilterGradient', channels, filters, attributes.groups);
  const shape = [...x.shape.slice(0, -4), ...attributes.filterSize, channels / attributes.groups, filters];
  requireSame('conv2dFilterGradient', y.shape, outputShape(x, { shape, dtype: 'f32' }, attributes).shape);
  return { shape, dtype: 'f32' };
}

function requireSame(operation: string, given: Shape, expected: Shape): void {
  if (!sameShape(given, expected))
    fail(
      'SHAPE',
      `${operation}: ${show(given)} is not the shape of the convolution's result, which is ${show(expected)}.`,
    );
}
