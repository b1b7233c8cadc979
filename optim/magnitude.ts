/** How large the elements of a group are, as scalars of the device that record like everything else. */
import {
  abs,
  div,
  flatten,
  full,
  maximum,
  mean,
  mul,
  slice,
  sort,
  sqrt,
  square,
  sum,
  type Tensor,
} from '../engine/index.ts';

/** The median of all elements of f32: the mean of the middle two where their number is even. NaN counts as largest. */
export function median(x: Tensor): Tensor {
  const middle = Math.floor((x.size - 1) / 2);
  return mean(slice(sort(flatten(x)), [middle], [Math.floor(x.size / 2) + 1]));
}

/** ‖x‖₂, taken in units of the mean magnitude: the squares of f32 gradients below 1e-19 would underflow. */
export function norm(x: Tensor): Tensor {
  if (x.size === 0) return full([], 0, 'f32');
  const unit = maximum(mean(abs(x)), 1e-30);
  return mul(sqrt(sum(square(div(x, unit)))), unit);
}
