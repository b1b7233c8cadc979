/** Whether a description of a training makes sense. */
import { fail, LangevinError } from '../../engine/graph/errors.ts';
import { check, checkCounts, natural } from '../checks.ts';
import { initializers } from '../../nn/index.ts';
import { keptCount } from '../../optim/index.ts';
import { groupOf, networkOf } from './network.ts';
import { optimizerOf } from './optimizer.ts';
import { batchSizeOf, scheduleOf } from './schedule.ts';
import type { MlpSpec, NetworkSpec, OptimizerSpec, TrainingSpec } from './settings.ts';
import { extentOf } from './timeline.ts';

const what = 'training';

/**
 * @param count N, of the training examples
 * @returns the same
 * @throws CONFIG naming the field and its value
 */
export function checkSpec(spec: TrainingSpec, count: number): TrainingSpec {
  const { network, images, loss = {}, optimizer, replica, measure = {}, microbatch = 0 } = spec;
  checkNetwork(network);
  checkOptimizer(optimizer);
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
  if (discard) described(() => keptCount(1, discard.fraction));
  described(() => scheduleOf(spec.learningRate));
  const first = described(() => batchSizeOf(spec.batchSize)({ steps: 0, epochs: 0 }));
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
  described(() => extentOf(spec, count));
  return spec;
}

// Kinds and names come from the command line as well, where no type keeps them.
const KINDS: readonly NetworkSpec['kind'][] = [
  'mlp',
  'convolutions',
  'k16',
  'alexnet',
  'vgg11',
  'resnet',
  'resnet50',
];
const ACTIVATIONS: readonly NonNullable<MlpSpec['activation']>[] = ['relu', 'tanh', 'sigmoid'];
const OPTIMIZERS: readonly OptimizerSpec['name'][] = [
  'sgd',
  'adam',
  'adamw',
  'lamb',
  'lars',
  'mclr',
  'percentDelta',
  'cblr',
];

function checkNetwork(spec: NetworkSpec): void {
  checkOneOf('network.kind', spec.kind, KINDS);
  const group = groupOf(spec);
  check(
    what,
    group === undefined || group === 'batch' || (natural(group) && group > 1),
    `network.norm is ${group}: give batch, or groups of at least 2`,
  );
  if (spec.kind !== 'mlp' && spec.kind !== 'convolutions') {
    described(() => networkOf(spec, 10));
    return;
  }
  if (spec.kind === 'mlp') {
    check(what, Array.isArray(spec.hidden), 'network.hidden is absent: give the units of a perceptron');
    checkOneOf('network.activation', spec.activation ?? 'relu', ACTIVATIONS);
  } else {
    check(what, Array.isArray(spec.stages), 'network.stages is absent: give the channels of convolutions');
    check(what, group !== undefined, 'network.norm is absent: give batch, or groups of at least 2');
  }
  const { hidden = [], initializer = 'zeros' } = spec;
  const stages = spec.kind === 'convolutions' ? spec.stages : [];
  check(
    what,
    [...stages.flat(), ...hidden].every((units) => natural(units) && units > 0),
    `network has ${JSON.stringify([...stages, ...hidden])} channels and units: give positive numbers`,
  );
  checkOneOf('network.initializer', initializer, Object.keys(initializers));
}

function checkOptimizer(spec: OptimizerSpec): void {
  checkOneOf('optimizer.name', spec.name, OPTIMIZERS);
  if (spec.name === 'cblr') checkCounts(what, { 'optimizer.probes': spec.probes ?? 1 });
  described(() => optimizerOf(spec));
}

function checkOneOf(field: string, value: string, choices: readonly string[]): void {
  check(what, choices.includes(value), `${field} is '${value}': take one of ${choices.join(', ')}`);
}

/** What is made of a part of a description. Who refuses that part refuses the description. */
function described<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof LangevinError) || error.code === 'CONFIG') throw error;
    return fail('CONFIG', `${what}: ${error.message}`, { cause: error });
  }
}
