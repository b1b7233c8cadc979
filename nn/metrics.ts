/** What is reported beside the loss. */
import { argmax, cast, equal, mean, sum, type Tensor } from '../engine/index.ts';

/** How many examples have their largest logit at their label: a scalar i32. At a tie the lowest class counts. */
export function correctCount(logits: Tensor, labels: Tensor): Tensor {
  return sum(hits(logits, labels));
}

/** The share of examples whose largest logit is at their label: a scalar. */
export function accuracy(logits: Tensor, labels: Tensor): Tensor {
  return mean(cast(hits(logits, labels), 'f32'));
}

// argmax is i32, so labels of u32 are converted.
function hits(logits: Tensor, labels: Tensor): Tensor {
  return equal(argmax(logits, -1), cast(labels, 'i32'));
}
