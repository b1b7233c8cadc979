/**
 * Weights of the examples of a batch that goes through the network in several passes, where they depend on the losses of all of
 * them: the losses are computed first, in passes of their own.
 */
import { concat, jit, tensor, type Tensor } from '../../engine/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import { highestLossWeights } from '../../optim/index.ts';
import { keyOfPass, perSize, segment, type Cut } from './microbatches.ts';
import { lossesOf } from './objective.ts';
import type { Params, Problem } from './problem.ts';

export interface Weighing {
  /** [B], computed. @param keys of the draws of the step; its passes draw the same again */
  weights(params: Params, tensors: ResidentTensors, batch: Tensor, keys: readonly Tensor[]): Tensor;
  dispose(): void;
}

/** 1/kept at the highest losses of a batch, and 0 at the share `discard` of it with the smallest. */
export function highestLosses(problem: Problem, discard: number, pieces: readonly Cut[]): Weighing {
  const losses = lossesOf(problem);
  const { of, dispose } = perSize(pieces, (size) =>
    jit((params: Params, tensors: ResidentTensors, batch: Tensor, from: Tensor, keys: readonly Tensor[]) =>
      losses(params, tensors, segment(batch, from, size), keyOfPass(keys, from)),
    ),
  );
  const choose = jit((parts: readonly Tensor[]): Tensor => highestLossWeights(concat(parts), discard));
  return {
    weights(params, tensors, batch, keys) {
      const parts = pieces.map(({ from, size }) => {
        const start = tensor(Int32Array.of(from), []);
        const part = of(size)(params, tensors, batch, start, keys);
        start.dispose();
        return part;
      });
      const chosen = choose(parts);
      parts.forEach((part) => part.dispose());
      return chosen;
    },
    dispose() {
      dispose();
      choose.dispose();
    },
  };
}
