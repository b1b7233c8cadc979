/**
 * Softmax, its logarithm, and the cross-entropy loss. The maximum is subtracted first, as a constant of
 * differentiation: exp then never overflows, and ln Σ exp(x - m) + m does not depend on m, so no derivative
 * of any order is lost.
 */
import { fail } from '../graph/errors.ts';
import { show } from '../graph/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { exp, log } from './transcendental.ts';
import { isFinite, stopGradient, where } from './compare.ts';
import { takeAlongAxis } from './indexing.ts';
import { expandDims, squeeze } from './movement.ts';
import { max, mean, sum } from './reduction.ts';
import { normalizeAxis } from '../graph/shape.ts';

/** ln Σ exp(x) along `axis`, which is dropped unless `keep`. */
export function logsumexp(x: Tensor, axis = -1, keep = false): Tensor {
  const at = normalizeAxis('logsumexp', axis, x.rank);
  const shift = finiteMax(x, at);
  const total = add(log(sum(exp(sub(x, shift)), at, true)), shift);
  return keep ? total : squeeze(total, at);
}

/** x minus ln Σ exp(x), along `axis`. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const at = normalizeAxis('logSoftmax', axis, x.rank);
  const shifted = sub(x, finiteMax(x, at));
  return sub(shifted, log(sum(exp(shifted), at, true)));
}

/** exp(x) / Σ exp(x), along `axis`. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return exp(logSoftmax(x, axis));
}

/** The maximum to subtract; 0 where it is infinite, since ∞ - ∞ has no value. */
function finiteMax(x: Tensor, axis: number): Tensor {
  const largest = stopGradient(max(x, axis, true));
  return where(isFinite(largest), largest, 0);
}

/**
 * Softmax cross-entropy: -Σ_i w_i ln softmax(logits_i)[label_i].
 *
 * @param logits [..., K]
 * @param labels class indices [...], i32 or u32, each below K
 * @param weights [...]; by default 1/N each, so the result is the mean over the N examples
 * @returns a scalar in nats
 */
export function crossEntropy(logits: Tensor, labels: Tensor, weights?: Tensor): Tensor {
  const losses = crossEntropyPerExample(logits, labels);
  return weights ? sum(mul(losses, weights)) : mean(losses);
}

/** The loss of every example: -ln softmax(logits_i)[label_i], shape [...]. */
export function crossEntropyPerExample(logits: Tensor, labels: Tensor): Tensor {
  if (show(labels.shape) !== show(logits.shape.slice(0, -1)))
    fail(
      'SHAPE',
      `crossEntropy: labels ${show(labels.shape)} must have the shape of logits ${show(logits.shape)} without its last axis.`,
    );
  const picked = squeeze(takeAlongAxis(logits, expandDims(labels, -1), -1), -1);
  return sub(logsumexp(logits), picked);
}
