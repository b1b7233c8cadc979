/** One training from its description: what `settings.ts` says of it, done. */
import { LangevinError, tensor, tree } from '../../engine/index.ts';
import type { RunRecord } from '../types.ts';
import { courseOf, resultOf, type TrainingContext } from './course.ts';
import { equipmentOf } from './equipment.ts';
import { TrainingFailure } from './failure.ts';
import { follow } from './loop.ts';
import type { Measurements } from './measurement.ts';
import type { Params } from './problem.ts';
import { alone } from './replicas.ts';
import type { TrainingSpec } from './settings.ts';
import { fitsOnePass } from './steps.ts';

export type { TrainingContext } from './course.ts';

/**
 * Trains, and yields the records that `settings.ts` names. A loss, parameter or measurement that is not finite is an outcome of
 * the training and no error.
 * @throws CONFIG for a description that makes no sense
 */
export async function* trainingRecords(
  spec: TrainingSpec,
  context: TrainingContext,
): AsyncGenerator<RunRecord> {
  const { member = alone(), signal, checkpoints } = context;
  try {
    const equipment = member.share('training', () => equipmentOf(spec, context.dataset, context.seed));
    const course = courseOf(spec, equipment, context);
    try {
      yield* follow(course, { signal, member, ...(checkpoints && { checkpoints }) });
    } catch (error) {
      if (!(error instanceof TrainingFailure)) throw error;
      yield resultOf({
        outcome: 'diverged',
        ...course.reached(error.step),
        trainLoss: null,
        trainAccuracy: null,
        testLoss: null,
        testAccuracy: null,
        ...course.sizes,
        message: error.message,
      });
    }
  } finally {
    member.leave();
  }
}

/**
 * What trainings have in common that can be made as replicas: all but repeat and learning rate. A step in several passes
 * fills the memory by itself.
 */
export function replicaKeyOf(spec: TrainingSpec): string | undefined {
  const { replica: _replica, learningRate: _rate, ...common } = spec;
  const size = typeof spec.batchSize === 'number' ? spec.batchSize : Infinity;
  return fitsOnePass(spec, size) ? JSON.stringify(common) : undefined;
}

/** The parameters at the end of a training, copied: for what needs two trainings, as a path between minima does. @throws NO_PARAMETERS if it diverged or was stopped */
export async function trainedParameters(
  spec: TrainingSpec,
  context: Omit<TrainingContext, 'checkpoints' | 'measurements' | 'member'>,
): Promise<Params> {
  let found: Params | undefined;
  const whole: TrainingSpec = { ...spec, measure: { extra: [{ name: 'final', at: { end: true } }] } };
  const measurements: Measurements = {
    async *final({ params }) {
      const copies = tree
        .leaves(params)
        .map(async (leaf) => tensor(await leaf.data(), leaf.shape, leaf.dtype));
      found = tree.unflatten(params, await Promise.all(copies));
      yield { kind: 'event', name: 'final' };
    },
  };
  let end: RunRecord | undefined;
  for await (const record of trainingRecords(whole, { ...context, measurements })) end = record;
  if (found) return found;
  throw new LangevinError(
    'NO_PARAMETERS',
    `A training has no last parameters: ${(end?.['message'] as string | undefined) ?? 'it was stopped.'}`,
  );
}
