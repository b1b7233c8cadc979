/** Where a training stands, as the functions of stats/ take it: losses as they are evaluated, without dropout. */
import type { ResidentTensors } from '../../data/resident.ts';
import type { Tensor } from '../../engine/index.ts';
import { describePolicy, indexMicrobatches, type GradientPoint } from '../../stats/index.ts';
import type { MeasurementPoint } from '../training/measurement.ts';
import type { Params, State } from '../training/problem.ts';

type Batch = { readonly indices: Tensor; readonly tensors: ResidentTensors; readonly state: State };

/** @param examples the first so many; 0 is all  @param piece examples per pass */
export function gradientPoint(
  { problem, params, statistics }: MeasurementPoint,
  examples: number,
  piece: number,
): GradientPoint<Params, Batch> {
  const { train } = problem;
  const policy = { kind: 'frozen' } as const;
  const count = examples === 0 ? train.count : Math.min(examples, train.count);
  const normalised = Object.keys(statistics).length > 0;
  return {
    problem: {
      losses: (p, { indices, tensors, state }) => problem.losses(train, p, tensors, indices, state),
      policy: normalised ? describePolicy(policy) : 'no batch normalisation',
    },
    params,
    data: indexMicrobatches(count, piece, (indices) => ({
      indices,
      tensors: train.tensors,
      state: statistics,
    })),
    policy,
    shared: (path) => path !== 'indices',
  };
}
