/** Whether a description of a training makes sense. */
import { check, natural } from '../checks.ts';
import { initializers } from '../../nn/index.ts';
import { keptCount } from '../../optim/index.ts';
import { groupOf } from './network.ts';
import { batchSizeOf, scheduleOf } from './schedule.ts';
import type { NetworkSpec, TrainingSpec } from './settings.ts';
import { extentOf } from './timeline.ts';

const what = 'training';

/**
 * @param count N, of the training examples
 * @returns the same
 * @throws CONFIG, SCHEDULE or DISCARD naming the field and its value
 */
export function checkSpec(spec: TrainingSpec, count: number): TrainingSpec {
  const { network, images, loss = {}, optimizer, replica, measure = {}, microbatch = 0 } = spec;
  checkNetwork(network);
  for (const [name, value] of Object.entries({
    'images.trainExamples': images.trainExamples,
    'images.testExamples': images.testExamples,
    replica,
    microbatch,
    piece: spec.piece ?? 0,
    'measure.lossExamples': measure.lossExamples ?? 0,
    'measure.statisticsExamples': measure.statisticsExamples ?? 0,
  }))
    check(what, natural(value), `${name} is ${value}: give a natural number`);
  const { lossDivisor = 1, l2 = 0, discard } = loss;
  check(what, lossDivisor > 0, `loss.lossDivisor is ${lossDivisor}: give a positive number`);
  check(what, l2 >= 0, `loss.l2 is ${l2}: give a number of at least 0`);
  if (discard) keptCount(1, discard.fraction);
  scheduleOf(spec.learningRate);
  const first = batchSizeOf(spec.batchSize)({ steps: 0, epochs: 0 });
  check(what, first <= count, `batchSize is ${first}, and there are ${count} training examples: take fewer`);
  for (const span of [
    measure.trainLoss,
    measure.test,
    ...(measure.extra ?? []).map(({ at: { every } }) => every),
  ])
    if (span) {
      const [value] = Object.values(span);
      check(what, (value as number) > 0, `measure has a span of ${value}: give a positive number`);
    }
  check(
    what,
    spec.length.trainLossBelow === undefined || measure.trainLoss !== undefined,
    `length.trainLossBelow is ${spec.length.trainLossBelow}, and measure.trainLoss is absent: say how often the loss is measured`,
  );
  if (microbatch > 0) {
    check(what, groupOf(network) !== 'batch', 'microbatch cannot cut a batch that is normalised as a whole');
    check(what, optimizer.name !== 'cblr', 'microbatch cannot cut a batch whose curvature is looked at');
  }
  extentOf(spec, count);
  return spec;
}

function checkNetwork(spec: NetworkSpec): void {
  const group = groupOf(spec);
  check(
    what,
    group === undefined || group === 'batch' || (natural(group) && group > 1),
    `network.norm is ${group}: give batch, or groups of at least 2`,
  );
  if (spec.kind !== 'mlp' && spec.kind !== 'convolutions') return;
  const { hidden = [], initializer = 'zeros' } = spec;
  const stages = spec.kind === 'convolutions' ? spec.stages : [];
  check(
    what,
    [...stages.flat(), ...hidden].every((units) => natural(units) && units > 0),
    `network has ${JSON.stringify([...stages, ...hidden])} channels and units: give positive numbers`,
  );
  check(
    what,
    Object.hasOwn(initializers, initializer),
    `network.initializer is '${initializer}': take one of ${Object.keys(initializers).join(', ')}`,
  );
}
