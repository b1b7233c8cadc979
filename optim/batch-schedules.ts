/**
 * Batch sizes over time, the counterparts of learning-rate schedules. A batch size is a shape, so these are functions
 * of the host's: of the epochs completed, since a step's length in data is what they change. Only rate/size
 * enters the SDE that SGD discretises (LB, section 2.1), so `cyclic` rates and `cyclicBatchSize` with equal ratios at
 * equal epochs should train alike.
 */
import { LangevinError } from '../engine/index.ts';
import { cycle, type Cycle } from './schedules.ts';

/** @param epoch epochs completed, 0 during the first; the result is a positive integer */
export type BatchSizeSchedule = (epoch: number) => number;

/** The same in every epoch. */
export function constantBatchSize(size: number): BatchSizeSchedule {
  requireSizes('constantBatchSize', [size]);
  return () => size;
}

/** From one size to the other and back, as `cyclic` does with rates; `period` in epochs. Sizes are rounded. */
export function cyclicBatchSize(options: Cycle): BatchSizeSchedule {
  requireSizes('cyclicBatchSize', [options.from, options.to]);
  const { from, to } = options;
  const share = cycle('cyclicBatchSize', options);
  return (epoch) => Math.round(from + (to - from) * share(epoch));
}

/**
 * `size` of the last entry whose `from` is not above the epoch; the first begins at 0. A small first epoch
 * (CL, section 4.3) and growth in place of rate decay (HT-5) are of this kind.
 */
export function piecewiseBatchSize(
  entries: readonly { readonly from: number; readonly size: number }[],
): BatchSizeSchedule {
  const begins = entries.map((entry) => entry.from);
  requireSizes(
    'piecewiseBatchSize',
    entries.map((entry) => entry.size),
  );
  if (begins[0] !== 0 || begins.some((from, k) => k > 0 && !(from > (begins[k - 1] as number))))
    throw new LangevinError(
      'SCHEDULE',
      `piecewiseBatchSize: the entries begin at ${begins.join(', ')}: begin at 0 and ascend.`,
    );
  return (epoch) => entries.findLast(({ from }) => from <= epoch)?.size ?? (entries[0]?.size as number);
}

function requireSizes(schedule: string, sizes: readonly number[]): void {
  for (const size of sizes)
    if (!(Number.isInteger(size) && size > 0))
      throw new LangevinError('SCHEDULE', `${schedule}: a batch of ${size}; give a positive integer.`);
}
