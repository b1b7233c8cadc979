/** Convolution of images as a layer. */
import {
  add,
  conv2d as convolve,
  LangevinError,
  random,
  zeros as zerosOf,
  type Conv2dOptions as Geometry,
  type Tensor,
} from '../engine/index.ts';
import { show } from '../engine/graph/shape.ts';
import { glorotUniform, zeros, type Initializer } from './initializers.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';

/** `weight` [R, S, C/groups, O] and, unless left out, `bias` [O]. */
export type Conv2dParams = { readonly weight: Tensor; readonly bias?: Tensor };

/** `stride`, `dilation` and `groups` (default 1 each), and `padding` (default `same`), are those of the operation. */
export interface Conv2dOptions extends Geometry {
  /** Pixels that a filter sees, [vertical, horizontal] or one number for both. Default 3. */
  readonly size?: number | readonly [number, number];
  /**
   * Default `glorotUniform`. An output sums over R·S·C/groups inputs, and an inner input feeds R·S·O/groups outputs at
   * stride 1: these are the fans.
   */
  readonly weight?: Initializer;
  /** Default `zeros`; `false` leaves it out, as before a normalisation that would take it away. */
  readonly bias?: Initializer | false;
}

/**
 * `filters` filters over images: [B, H, W, C] to [B, H', W', filters].
 *
 * @throws LAYER for `filters` or a size that are not positive integers, for groups that do not divide filters or
 *   channels, and for examples that are not [H, W, C]; what the operation throws for strides, dilations and
 *   filters that do not fit
 */
export function conv2d(
  filters: number,
  { size = 3, weight = glorotUniform, bias = zeros, padding = 'same', ...options }: Conv2dOptions = {},
): Layer<Conv2dParams, NoParams> {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  const geometry = { ...options, padding };
  const { groups = 1 } = options;
  for (const [what, value] of [
    ['filters', filters],
    ['pixels in height', height],
    ['pixels in width', width],
    ['groups', groups],
  ] as const)
    if (!Number.isInteger(value) || value < 1)
      throw new LangevinError('LAYER', `conv2d: ${value} ${what} are not a positive integer: give how many.`);
  if (filters % groups !== 0)
    throw new LangevinError(
      'LAYER',
      `conv2d: ${groups} groups do not divide ${filters} filters: take a divisor.`,
    );
  const forward = (params: Conv2dParams, x: Tensor): Tensor => {
    const y = convolve(x, params.weight, geometry);
    return params.bias ? add(y, params.bias) : y;
  };
  return stateless<Conv2dParams>(
    'conv2d',
    (key, inputShape) => {
      const [, , channels] = inputShape;
      if (inputShape.length !== 3 || channels === undefined)
        throw new LangevinError(
          'LAYER',
          `conv2d: examples of ${show(inputShape)} are not images: give them the shape [height, width, channels].`,
        );
      if (channels % groups !== 0)
        throw new LangevinError(
          'LAYER',
          `conv2d: ${groups} groups do not divide the ${channels} channels of ${show(inputShape)}: take a divisor.`,
        );
      const seen = channels / groups;
      const fans = { fanIn: height * width * seen, fanOut: (height * width * filters) / groups };
      const params = {
        weight: weight(random.foldIn(key, 0), [height, width, seen, filters], fans),
        ...(bias && { bias: bias(random.foldIn(key, 1), [filters], fans) }),
      };
      // The operation's own shape rule, on a tensor that is never computed.
      return { params, outputShape: forward(params, zerosOf([1, ...inputShape])).shape.slice(1) };
    },
    forward,
  );
}
