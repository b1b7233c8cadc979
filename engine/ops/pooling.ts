/**
 * Pooling over windows of images [N, H, W, C].
 *
 * A maximum over windows is told by three primitives: which element of a window is its greatest (`poolArgmax`, an
 * integer without derivative), the element that an index names in every window (`poolGather`), and its transpose, which
 * adds every window's value to the element that its index names (`poolScatter`). For fixed indices the last two are
 * linear and each other's derivative, so derivatives of any order are right. All three are index maps: they
 * fuse into what reads them, and no element is ever written twice.
 *
 * Ties: the first greatest element in row-major order is the maximum, and takes the whole gradient. A NaN is greater than
 * all else. Padding takes no part: it is never the maximum, and adds nothing to a sum.
 */
import { fail } from '../graph/errors.ts';
import { buildArray, emptyArray, reader, type Aval, type NdArray } from '../graph/ndarray.ts';
import type { Differential, Index, Primitive, Site } from '../graph/primitive.ts';
import { sameShape, show, type Shape } from '../graph/shape.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { add, mul } from './arithmetic.ts';
import {
  paddingOf,
  pairOf,
  requirePadding,
  requireSteps,
  windowedSize,
  type WindowOptions,
} from './convolution-geometry.ts';
import { withLongerAxis } from './batching.ts';
import { tensor } from './create.ts';
import { reshape } from './movement.ts';
import { mean } from './reduction.ts';
import { pad, slice } from './slice.ts';

type Pair = readonly [number, number];

/** Windows of `size` pixels in steps of `stride` over an image padded by [[top, bottom], [left, right]]. */
export type WindowAttributes = {
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: readonly [Pair, Pair];
};
/** `inputSize` is [H, W], which strides leave open. */
export type ScatterAttributes = WindowAttributes & { readonly inputSize: readonly number[] };

const undilated = { dilation: [1, 1] } as const;
const exact = { kind: 'exact' } as const;

function pooledShape(operation: string, x: Aval, attributes: WindowAttributes): Shape {
  if (x.shape.length !== 4)
    fail('SHAPE', `${operation}: ${show(x.shape)} must be images [N, H, W, C]: reshape first.`);
  requireSteps(operation, 'size', attributes.size);
  requireSteps(operation, 'stride', attributes.stride);
  requirePadding(operation, attributes.padding);
  const { padding, size } = attributes;
  if (padding.some(([before, after], axis) => Math.max(before, after) >= (size[axis] as number)))
    fail(
      'CONVOLUTION',
      `${operation}: padding ${padding.map(show).join(', ')} reaches over windows of ${show(size)}, so that some hold no pixel: pad less than a window.`,
    );
  const [examples, height, width, channels] = x.shape as readonly [number, number, number, number];
  const pooled = windowedSize(operation, [height, width], size, { ...attributes, ...undilated });
  return [examples, ...pooled, channels];
}

function requirePooled(operation: string, x: Shape, pooled: Aval, attributes: WindowAttributes): void {
  const expected = pooledShape(operation, { shape: x, dtype: pooled.dtype }, attributes);
  if (!sameShape(pooled.shape, expected))
    fail(
      'SHAPE',
      `${operation}: ${show(pooled.shape)} does not have the windows of ${show(x)}, which are ${show(expected)}.`,
    );
}

/** Row and column in the image of element k of window (oy, ox). */
function elementOf(
  k: number,
  [, oy, ox]: readonly number[],
  { size, stride, padding }: WindowAttributes,
): [y: number, x: number] {
  return [
    (oy as number) * stride[0] + Math.floor(k / size[1]) - padding[0][0],
    (ox as number) * stride[1] + (k % size[1]) - padding[1][0],
  ];
}

// ---- poolArgmax: which element of each window is the greatest ------------------------------------------

export const poolArgmaxPrimitive: Primitive<WindowAttributes> = {
  name: 'poolArgmax',
  shape([x]: [Aval], attributes) {
    if (x.dtype !== 'f32') fail('DTYPE', `maxPool2d: is defined for f32, not ${x.dtype}: cast first.`);
    return { shape: pooledShape('maxPool2d', x, attributes), dtype: 'u32' };
  },
  vjp: () => [null],
  jvp: () => null,
  batch: (call) => withLongerAxis(call),
  reference([x]: [NdArray], attributes, output) {
    const [, height, width] = x.shape as [number, number, number, number];
    const read = reader(x);
    return buildArray(output, (at) => {
      let [best, greatest] = [-1, Number.NaN];
      for (let k = 0; k < attributes.size[0] * attributes.size[1]; k++) {
        const [row, column] = elementOf(k, at, attributes);
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const value = read([at[0] as number, row, column, at[3] as number]);
        if (best < 0 || value > greatest || (Number.isNaN(value) && !Number.isNaN(greatest)))
          [best, greatest] = [k, value];
      }
      return best;
    });
  },
  kernel: {
    kind: 'index',
    expensive: true,
    uses: ['isNotANumber'],
    read(index, site) {
      const { size } = site.attributes;
      let best: { readonly k: string; readonly value: string } | undefined;
      for (let k = 0; k < size[0] * size[1]; k++) {
        const { inside, value } = windowElement(index, site, k);
        if (best === undefined) {
          // An element of the padding is named until the first pixel is met, and then below every value.
          best = { k: inside === 'true' ? '0u' : site.bind(`select(${NONE}, 0u, ${inside})`), value };
          continue;
        }
        const unknown = site.attributes.padding.flat().some((n) => n > 0) ? `${best.k} == ${NONE} || ` : '';
        const better = site.bind(
          `(${inside} && (${unknown}${value} > ${best.value} || (isNotANumber(${value}) && !isNotANumber(${best.value}))))`,
        );
        best = {
          k: site.bind(`select(${best.k}, ${k}u, ${better})`),
          value: site.bind(`select(${best.value}, ${value}, ${better})`),
        };
      }
      return (best as { readonly k: string }).k;
    },
  },
  accuracy: exact,
};

/** No element of a window. */
const NONE = '0xffffffffu';

/** Element k of a window, 0 outside of the image; `inside` is a WGSL bool. */
function windowElement(
  index: Index,
  site: Site<WindowAttributes>,
  k: number,
): { readonly inside: string; readonly value: string } {
  const { shape } = site.inputs[0] as Aval;
  const { size, stride, padding } = site.attributes;
  const [n, oy, ox, c] = site.coordinates(index) as [string, string, string, string];
  // An unsigned difference below zero wraps to a value above every extent, so one comparison does.
  const along = (at: string, axis: 0 | 1, offset: number): { at: string; inside: string[] } => {
    const shift = offset - padding[axis][0];
    const moved = site.bind(`(${at} * ${stride[axis]}u ${shift < 0 ? `- ${-shift}u` : `+ ${shift}u`})`);
    const isPadded = padding[axis].some((width) => width > 0);
    return { at: moved, inside: isPadded ? [`${moved} < ${shape[axis + 1]}u`] : [] };
  };
  const row = along(oy, 0, Math.floor(k / size[1]));
  const column = along(ox, 1, k % size[1]);
  const conditions = [...row.inside, ...column.inside];
  const inside = conditions.length === 0 ? 'true' : site.bind(`(${conditions.join(' && ')})`);
  const value = site.readWhere(inside, 0, { shape, coordinates: [n, row.at, column.at, c] }, '0.0');
  return { inside, value };
}

// ---- poolGather: the element of each window that an index names ------------------------------------------

export const poolGatherPrimitive: Primitive<WindowAttributes> = {
  name: 'poolGather',
  shape([x, index]: [Aval, Aval], attributes) {
    requireIndexed('poolGather', x, index);
    requirePooled('poolGather', x.shape, index, attributes);
    return { shape: index.shape, dtype: x.dtype };
  },
  vjp: (ct, [x, index]: [Tensor, Tensor], _output, attributes) => [
    scatter(ct, index, attributes, x.shape.slice(1, 3)),
    null,
  ],
  jvp: ([t]: [Differential], [, index]: [Tensor, Tensor], _output, attributes) =>
    t && gather(t, index, attributes),
  batch: (call) => withLongerAxis(call),
  reference([x, index]: [NdArray, NdArray], attributes, output) {
    const read = reader(x);
    return buildArray(output, (at, linear) => {
      const [row, column] = elementOf(index.data[linear] as number, at, attributes);
      return read([at[0] as number, row, column, at[3] as number]);
    });
  },
  kernel: {
    kind: 'index',
    read(index, site) {
      const { shape } = site.inputs[0] as Aval;
      const { size, stride, padding } = site.attributes;
      const [n, oy, ox, c] = site.coordinates(index) as [string, string, string, string];
      const k = site.read(1, index);
      const row = `(${oy} * ${stride[0]}u + ${k} / ${size[1]}u - ${padding[0][0]}u)`;
      const column = `(${ox} * ${stride[1]}u + ${k} % ${size[1]}u - ${padding[1][0]}u)`;
      return site.read(0, { shape, coordinates: [n, site.bind(row), site.bind(column), c] });
    },
  },
  accuracy: exact,
};

// ---- poolScatter: every window's value, added to the element that its index names ------------------------

// Pixel p of a padded axis lies in the windows o with o·stride <= p < o·stride + size, which are among the
// ceil(size / stride) windows p / stride, p / stride - 1, …; it is element p - o·stride of window o.
export const poolScatterPrimitive: Primitive<ScatterAttributes> = {
  name: 'poolScatter',
  shape([values, index]: [Aval, Aval], attributes) {
    requireIndexed('poolScatter', values, index);
    const [examples, , , channels] = values.shape as readonly [number, number, number, number];
    const shape = [examples, ...attributes.inputSize, channels];
    requirePooled('poolScatter', shape, values, attributes);
    requirePooled('poolScatter', shape, index, attributes);
    return { shape, dtype: values.dtype };
  },
  vjp: (ct, [, index]: [Tensor, Tensor], _output, attributes) => [gather(ct, index, attributes), null],
  jvp: ([t]: [Differential], [, index]: [Tensor, Tensor], _output, attributes) =>
    t && scatter(t, index, attributes, attributes.inputSize),
  batch: (call) => withLongerAxis(call),
  reference([values, index]: [NdArray, NdArray], attributes, output) {
    const x = emptyArray(output);
    const [, height, width, channels] = output.shape as [number, number, number, number];
    buildArray(values, (at, linear) => {
      const [row, column] = elementOf(index.data[linear] as number, at, attributes);
      x.data[(((at[0] as number) * height + row) * width + column) * channels + (at[3] as number)]! += values
        .data[linear] as number;
      return 0;
    });
    return x;
  },
  kernel: {
    kind: 'index',
    expensive: true,
    read(index, site) {
      const { shape } = site.inputs[0] as Aval;
      const { size, stride, padding } = site.attributes;
      const [n, y, x, c] = site.coordinates(index) as [string, string, string, string];
      const along = (at: string, axis: 0 | 1): { window: string; element: string; inside: string }[] => {
        const p = site.bind(`(${at} + ${padding[axis][0]}u)`);
        return Array.from({ length: Math.ceil(size[axis] / stride[axis]) }, (_, j) => {
          // Below zero it wraps to a value above every extent.
          const window = site.bind(`(${p} / ${stride[axis]}u - ${j}u)`);
          const element = site.bind(`(${p} - ${window} * ${stride[axis]}u)`);
          return {
            window,
            element,
            inside: `${window} < ${shape[axis + 1]}u && ${element} < ${size[axis]}u`,
          };
        });
      };
      const columns = along(x, 1);
      const terms = along(y, 0).flatMap((row) =>
        columns.map((column) => {
          const at: Index = { shape, coordinates: [n, row.window, column.window, c] };
          const named = site.readWhere(`${row.inside} && ${column.inside}`, 1, at, NONE);
          const own = `${named} == ${row.element} * ${size[1]}u + ${column.element}`;
          return site.readWhere(own, 0, at, '0.0');
        }),
      );
      return terms.join(' + ');
    },
  },
  accuracy: {
    kind: 'sum',
    terms: (_inputs, { size, stride }) => Math.ceil(size[0] / stride[0]) * Math.ceil(size[1] / stride[1]),
  },
};

function requireIndexed(operation: string, values: Aval, index: Aval): void {
  if (values.dtype !== 'f32' || index.dtype !== 'u32')
    fail('DTYPE', `${operation}: takes f32 values and u32 indices, not ${values.dtype} and ${index.dtype}.`);
  if (values.shape.length !== 4)
    fail('SHAPE', `${operation}: ${show(values.shape)} must be images [N, H, W, C]: reshape first.`);
}

function windowsOf({ size, stride, padding }: WindowAttributes): WindowAttributes {
  return { size, stride, padding };
}

function gather(x: Tensor, index: Tensor, attributes: WindowAttributes): Tensor {
  return apply(poolGatherPrimitive, [x, index], windowsOf(attributes));
}

function scatter(
  values: Tensor,
  index: Tensor,
  attributes: WindowAttributes,
  inputSize: readonly number[],
): Tensor {
  return apply(poolScatterPrimitive, [values, index], { ...windowsOf(attributes), inputSize });
}

// ---- the public operations ----------------------------------------------------------------------------------

export interface PoolOptions extends WindowOptions {
  /** Pixels of a window, [vertical, horizontal] or one number for both. */
  readonly size: number | Pair;
  /** Default `size`: windows side by side. */
  readonly stride?: number | Pair;
}

function windows(x: Tensor, { size, stride = size, padding = 'valid' }: PoolOptions): WindowAttributes {
  const [sizes, strides] = [pairOf(size), pairOf(stride)];
  return {
    size: sizes,
    stride: strides,
    padding: paddingOf(padding, x.shape.slice(1, 3), sizes, strides, [1, 1]),
  };
}

/**
 * The greatest element of every window of x [N, H, W, C], as [N, H', W', C]. Of equal ones the first in row-major order
 * takes the gradient. Padding is never the maximum.
 * @throws CONVOLUTION for windows that do not fit, or that could lie in the padding altogether
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  const attributes = windows(x, options);
  return gather(x, apply(poolArgmaxPrimitive, [x], attributes), attributes);
}

/**
 * The mean of every window of x [N, H, W, C], as [N, H', W', C]. The mean is over the pixels of the image: padding adds
 * nothing to the sum and does not count.
 * @throws CONVOLUTION for windows that do not fit, or that could lie in the padding altogether
 */
export function averagePool2d(x: Tensor, options: PoolOptions): Tensor {
  const attributes = windows(x, options);
  const [examples, height, width, channels] = pooledShape('averagePool2d', x, attributes) as [
    number,
    number,
    number,
    number,
  ];
  const { size, stride, padding } = attributes;
  const isTiled =
    sameShape(size, stride) && height * size[0] === x.shape[1] && width * size[1] === x.shape[2];
  if (isTiled) return mean(reshape(x, [examples, height, size[0], width, size[1], channels]), [2, 4]);
  const padded = pad(x, [[0, 0], ...padding, [0, 0]]);
  const sum = Array.from({ length: size[0] * size[1] }, (_, k) => {
    const [row, column] = [Math.floor(k / size[1]), k % size[1]];
    const end = [row + (height - 1) * stride[0] + 1, column + (width - 1) * stride[1] + 1];
    return slice(padded, [0, row, column, 0], [examples, ...end, channels], [1, ...stride, 1]);
  }).reduce(add);
  return mul(sum, inverseCounts(x, [height, width], attributes));
}

/** [H', W', 1]: one over the number of pixels in each window. */
function inverseCounts(
  x: Tensor,
  [height, width]: Pair,
  { size, stride, padding }: WindowAttributes,
): Tensor {
  const along = (axis: 0 | 1, windowCount: number): number[] =>
    Array.from({ length: windowCount }, (_, window) => {
      const from = window * stride[axis] - padding[axis][0];
      return Math.min(from + size[axis], x.shape[axis + 1] as number) - Math.max(from, 0);
    });
  const columns = along(1, width);
  const inverse = along(0, height).flatMap((rows) => columns.map((count) => 1 / (rows * count)));
  return tensor(Float64Array.from(inverse), [height, width, 1]);
}

/** The mean over the pixels of x [N, H, W, C], as [N, C]. */
export function globalAveragePool(x: Tensor): Tensor {
  if (x.rank !== 4)
    fail('SHAPE', `globalAveragePool: ${show(x.shape)} must be images [N, H, W, C]: reshape first.`);
  return mean(x, [1, 2]);
}
