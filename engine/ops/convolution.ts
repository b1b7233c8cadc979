/**
 * Convolution in two dimensions and its two gradients. Layout [..., N, H, W, C], filters [..., R, S, C/groups, O];
 * leading axes are a batch of convolutions, each with a filter of its own.
 *
 * All three are parts of one trilinear form. With the taps of an output, i_y = o_y·stride + r·dilation - top and
 * likewise i_x, over those that lie inside the image,
 *
 *   T(x, w, y) = Σ x[n, i_y, i_x, c] · w[r, s, c, o] · y[n, o_y, o_x, o]
 *
 *   conv2d(x, w) = ∂T/∂y        conv2dInputGradient(y, w) = ∂T/∂x        conv2dFilterGradient(x, y) = ∂T/∂w
 *
 * Each is linear in both of its operands, and its derivatives with respect to them are the other two. So the set is
 * closed under differentiation, and the rules are the same line three times.
 */
import { emptyArray, type Aval, type NdArray } from '../graph/ndarray.ts';
import type { Attributes, BatchCall, Differential, Primitive } from '../graph/primitive.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { add } from './arithmetic.ts';
import { withLeadingAxis, withLongerAxis } from './batching.ts';
import {
  canonical,
  filterGradientShape,
  inputGradientShape,
  outputShape,
  sizesOf,
  type Conv2dOptions,
  type ConvolutionAttributes,
  type ConvolutionSizes,
  type FilterGradientAttributes,
  type InputGradientAttributes,
} from './convolution-geometry.ts';
import { convolutionLaunches } from './convolution-launch.ts';

const convolve = (
  x: Tensor,
  w: Tensor,
  { stride, padding, dilation, groups }: ConvolutionAttributes,
): Tensor => apply(conv2dPrimitive, [x, w], { stride, padding, dilation, groups });

const inputGradient = (
  y: Tensor,
  w: Tensor,
  { stride, padding, dilation, groups }: ConvolutionAttributes,
  inputSize: readonly number[],
): Tensor => apply(conv2dInputGradientPrimitive, [y, w], { stride, padding, dilation, groups, inputSize });

const filterGradient = (
  x: Tensor,
  y: Tensor,
  { stride, padding, dilation, groups }: ConvolutionAttributes,
  filterSize: readonly number[],
): Tensor => apply(conv2dFilterGradientPrimitive, [x, y], { stride, padding, dilation, groups, filterSize });

/** [H, W] of [..., H, W, C]; [R, S] of [..., R, S, C, O]. */
const imageSize = (x: Tensor): readonly number[] => x.shape.slice(-3, -1);
const filterSizeOf = (w: Tensor): readonly number[] => w.shape.slice(-4, -2);

/** The derivative of f(a, b), linear in both: f(ta, b) + f(a, tb). */
function bilinear(
  f: (a: Tensor, b: Tensor) => Tensor,
  [ta, tb]: readonly Differential[],
  [a, b]: readonly Tensor[],
): Differential {
  const left = ta ? f(ta, b as Tensor) : null;
  const right = tb ? f(a as Tensor, tb) : null;
  return left && right ? add(left, right) : (left ?? right);
}

/** Whether one filter serves all elements of a batch of plain convolutions, which are then one with more examples. */
function isShared<A extends Attributes>({ inputs, batched }: BatchCall<A>, filter: number): boolean {
  return !batched[filter] && (inputs[filter] as Tensor).rank === 4;
}

export const conv2dPrimitive: Primitive<ConvolutionAttributes> = {
  name: 'conv2d',
  shape: ([x, w]: [Aval, Aval], attributes) => outputShape(x, w, attributes),
  vjp: (ct, [x, w]: [Tensor, Tensor], _output, attributes) => [
    inputGradient(ct, w, attributes, imageSize(x)),
    filterGradient(x, ct, attributes, filterSizeOf(w)),
  ],
  jvp: (tangents, inputs, _output, attributes) =>
    bilinear((x, w) => convolve(x, w, attributes), tangents, inputs),
  batch: (call) => (isShared(call, 1) ? withLongerAxis(call, (k) => k === 0) : withLeadingAxis(call)),
  reference([x, w]: [NdArray, NdArray], attributes, output) {
    const y = emptyArray(output);
    visitProducts(sizesOf(x, w, output, attributes), (i, j, k) => {
      y.data[k]! += x.data[i]! * w.data[j]!;
    });
    return y;
  },
  kernel: {
    kind: 'launch',
    launch: (call) => convolutionLaunches(call, 'forward'),
    buffers: [0, 1],
    operandRank: 4,
  },
  accuracy: { kind: 'sum', terms: ([, w]) => product((w as Aval).shape.slice(-4, -1)) },
};

export const conv2dInputGradientPrimitive: Primitive<InputGradientAttributes> = {
  name: 'conv2dInputGradient',
  shape: ([y, w]: [Aval, Aval], attributes) => inputGradientShape(y, w, attributes),
  vjp: (ct, [y, w]: [Tensor, Tensor], _output, attributes) => [
    convolve(ct, w, attributes),
    filterGradient(ct, y, attributes, filterSizeOf(w)),
  ],
  jvp: (tangents, inputs, _output, attributes) =>
    bilinear((y, w) => inputGradient(y, w, attributes, attributes.inputSize), tangents, inputs),
  batch: (call) => (isShared(call, 1) ? withLongerAxis(call, (k) => k === 0) : withLeadingAxis(call)),
  reference([y, w]: [NdArray, NdArray], attributes, output) {
    const x = emptyArray(output);
    visitProducts(sizesOf(output, w, y, attributes), (i, j, k) => {
      x.data[i]! += w.data[j]! * y.data[k]!;
    });
    return x;
  },
  kernel: {
    kind: 'launch',
    launch: (call) => convolutionLaunches(call, 'input'),
    buffers: [0, 1],
    operandRank: 4,
  },
  accuracy: {
    kind: 'sum',
    terms: ([, w], { groups }) =>
      (product((w as Aval).shape.slice(-4, -2)) * ((w as Aval).shape.at(-1) as number)) / groups,
  },
};

export const conv2dFilterGradientPrimitive: Primitive<FilterGradientAttributes> = {
  name: 'conv2dFilterGradient',
  shape: ([x, y]: [Aval, Aval], attributes) => filterGradientShape(x, y, attributes),
  vjp: (ct, [x, y]: [Tensor, Tensor], _output, attributes) => [
    inputGradient(y, ct, attributes, imageSize(x)),
    convolve(x, ct, attributes),
  ],
  jvp: (tangents, inputs, _output, attributes) =>
    bilinear((x, y) => filterGradient(x, y, attributes, attributes.filterSize), tangents, inputs),
  batch: (call) => withLeadingAxis(call),
  reference([x, y]: [NdArray, NdArray], attributes, output) {
    const w = emptyArray(output);
    visitProducts(sizesOf(x, output, y, attributes), (i, j, k) => {
      w.data[j]! += x.data[i]! * y.data[k]!;
    });
    return w;
  },
  kernel: {
    kind: 'launch',
    launch: (call) => convolutionLaunches(call, 'filter'),
    buffers: [0, 1],
    operandRank: 4,
  },
  accuracy: { kind: 'sum', terms: ([, y]) => product((y as Aval).shape.slice(-4, -1)) },
};

function product(extents: readonly number[]): number {
  return extents.reduce((result, extent) => result * extent, 1);
}

/** Every product of the trilinear form: the positions of its factors in x, w and y. */
function visitProducts(
  sizes: ConvolutionSizes,
  visit: (inInput: number, inFilter: number, inOutput: number) => void,
): void {
  const { batch, examples, height, width, channels, filterHeight, filterWidth, filters, outputHeight } =
    sizes;
  const { outputWidth, groups, stride, padding, dilation } = sizes;
  const [groupChannels, groupFilters] = [channels / groups, filters / groups];
  for (let image = 0; image < batch * examples; image++) {
    const filterStart = Math.floor(image / examples) * filterHeight * filterWidth * groupChannels * filters;
    for (let oy = 0; oy < outputHeight; oy++)
      for (let ox = 0; ox < outputWidth; ox++)
        for (let r = 0; r < filterHeight; r++)
          for (let s = 0; s < filterWidth; s++) {
            const iy = oy * stride[0] + r * dilation[0] - padding[0][0];
            const ix = ox * stride[1] + s * dilation[1] - padding[1][0];
            if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
            const x = ((image * height + iy) * width + ix) * channels;
            const w = filterStart + (r * filterWidth + s) * groupChannels * filters;
            const y = ((image * outputHeight + oy) * outputWidth + ox) * filters;
            for (let g = 0; g < groups; g++)
              for (let c = 0; c < groupChannels; c++)
                for (let o = g * groupFilters; o < (g + 1) * groupFilters; o++)
                  visit(x + g * groupChannels + c, w + c * filters + o, y + o);
          }
  }
}

/**
 * Convolution of x [..., N, H, W, C] with filter [..., R, S, C/groups, O], without flipping it: the cross-correlation
 * that networks call convolution. The result is [..., N, H', W', O]. Leading axes are equal in both and make a batch of
 * convolutions with a filter each.
 *
 * Filter (r, s) of output (o_y, o_x) sees the pixel (o_y·stride + r·dilation - top, …); pixels outside are 0.
 * With `groups`, output channel o sees the C/groups channels of group floor(o·groups/O) alone.
 *
 * @throws CONVOLUTION for strides or dilations below 1, negative padding, groups that do not divide, a filter that does
 *   not fit; SHAPE for operands that do not fit each other
 */
export function conv2d(x: Tensor, filter: Tensor, options: Conv2dOptions = {}): Tensor {
  return convolve(x, filter, canonical(x, filter, options));
}
