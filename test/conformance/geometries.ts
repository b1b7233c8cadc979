/** Random convolutions: extents, strides, padding, dilation and groups that fit together. */
import { fc } from '../property.ts';
import { windowCount, type ConvolutionAttributes } from '../../engine/ops/convolution-geometry.ts';

export interface Geometry extends ConvolutionAttributes {
  /** [N, H, W, C] */
  readonly x: readonly [number, number, number, number];
  /** [R, S, C/groups, O] */
  readonly w: readonly [number, number, number, number];
  /** [N, OH, OW, O] */
  readonly y: readonly [number, number, number, number];
}

const integer = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const pair = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(integer(min, max), integer(min, max));

/** @param channels the most channels and filters of a group */
export function geometries(channels: number): fc.Arbitrary<Geometry> {
  return fc
    .record({
      examples: integer(1, 3),
      image: pair(1, 8),
      window: pair(1, 4),
      seen: integer(1, channels),
      made: integer(1, channels),
      groups: integer(1, 3),
      stride: pair(1, 3),
      dilation: pair(1, 3),
      padding: fc.tuple(pair(0, 3), pair(0, 3)),
    })
    .map(({ examples, image, window, seen, made, groups, stride, dilation, padding }): Geometry => {
      const size = ([0, 1] as const).map((axis) =>
        windowCount(image[axis], window[axis], stride[axis], padding[axis], dilation[axis]),
      ) as [number, number];
      return {
        x: [examples, ...image, seen * groups],
        w: [...window, seen, made * groups],
        y: [examples, ...size, made * groups],
        stride,
        dilation,
        padding,
        groups,
      };
    })
    .filter(({ y }) => y[1] > 0 && y[2] > 0);
}
