import { beforeAll, expect, test } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { full, init, tensor, tree, type Tensor } from '../../engine/index.ts';
import { isGrid } from '../../experiments/grid.ts';
import { experiments } from '../../experiments/index.ts';
import { isMeasurable, trainingSubject } from '../../experiments/measure/index.ts';
import { problemOf } from '../../experiments/training/problem.ts';
import type { NetworkSpec, TrainingCell, TrainingSpec } from '../../experiments/training/settings.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { memoryCheckpoints, type Kept } from './paper-resume.ts';
import { tinySpec, trainSpec } from './training-spec.ts';

let images: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await load('procedural', { train: 12, test: 4, size: 8, channels: 3 });
});

const SEED = 3;

const specOf = (network: NetworkSpec, changes: Partial<TrainingSpec> = {}): TrainingSpec =>
  tinySpec({
    network,
    images: { trainExamples: 12, testExamples: 4 },
    batchSize: 4,
    length: { steps: 3 },
    measure: {},
    ...changes,
  });

const cellOf = (training: TrainingSpec): TrainingCell => ({
  dataset: { name: 'procedural' },
  seed: SEED,
  training,
});

async function trained(spec: TrainingSpec): Promise<{ readonly kept: Kept; readonly end: RunRecord }> {
  const kept: Kept[] = [];
  const records = await trainSpec(spec, images, {
    checkpoints: memoryCheckpoints(kept, undefined, () => false),
  });
  return { kept: kept.at(-1)!, end: records.at(-1)! };
}

/** At the last snapshot of a training. */
async function placeOf(spec: TrainingSpec) {
  const { kept, end } = await trained(spec);
  const subject = trainingSubject(cellOf(spec), images);
  const snapshot = await memoryCheckpoints([], kept).restore(subject.template);
  return { subject, end, ...subject.at(snapshot!) };
}

const all = (): Tensor => tensor(Int32Array.from({ length: 12 }, (_, k) => k));
const numbers = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const networks: readonly (readonly [string, NetworkSpec, number])[] = [
  ['a perceptron', { kind: 'mlp', hidden: [3], activation: 'tanh' }, 0],
  ['a perceptron, normalised as a whole', { kind: 'mlp', hidden: [3], norm: 'batch' }, 4],
  ['a perceptron, normalised in groups', { kind: 'mlp', hidden: [3], norm: 2 }, 2],
  ['convolutions', { kind: 'convolutions', stages: [[2]], norm: 2 }, 2],
];

test.each(networks)(
  'the loss at the last snapshot of %s is that of the record of its end',
  async (_, network, ghost) => {
    const { subject, params, step, end } = await placeOf(specOf(network));
    expect({ step, ghost: subject.ghost, examples: subject.examples }).toEqual({
      step: 3,
      ghost,
      examples: 12,
    });
    const batch = subject.batch(all(), subject.statistics(params));
    const losses = await numbers(subject.problem({ kind: 'frozen' }, 12).losses(params, batch));
    expect(meanOf(losses)).toBeCloseTo(end['trainLoss'] as number, 12);
  },
);

test.each(networks.filter(([, , ghost]) => ghost > 0))(
  'the loss of %s in ghost batches is that of its minibatches in training, and of the whole batch that of one minibatch',
  async (_, network, groupSize) => {
    const { subject, params } = await placeOf(specOf(network));
    const problem = problemOf(specOf(network), images, SEED);
    const { tensors } = problem.train;
    const batch = subject.batch(all(), subject.statistics(params));
    const mean = async (policy: Parameters<typeof subject.problem>[0]): Promise<number> =>
      meanOf(await numbers(subject.problem(policy, 12).losses(params, batch)));
    const weights = full([12], 1 / 12);
    expect(await mean({ kind: 'ghost', groupSize })).toBeCloseTo(
      await problem.weightedLoss(tensors, 3)(params, all(), weights).item(),
      12,
    );
    const asOne = problemOf(specOf({ ...network, norm: 'batch' }), images, SEED);
    // The layers of both differ in their names alone.
    const alike = Object.fromEntries(
      Object.entries(params).map(([name, layer]) => [name.replace(/^ghostBatch/, 'batch'), layer]),
    );
    expect(await mean({ kind: 'whole-batch' })).toBeCloseTo(
      await asOne.weightedLoss(tensors)(alike, all(), weights).item(),
      12,
    );
  },
);

test('a training begins where its subject says, whatever the optimizer keeps beside the parameters', async () => {
  for (const name of ['adam', 'lamb'] as const) {
    const spec = specOf(
      { kind: 'mlp', hidden: [3] },
      { optimizer: { name }, length: { steps: 0 }, replica: 2 },
    );
    const subject = trainingSubject(cellOf(spec), images);
    const problem = problemOf(spec, images, SEED);
    const [from, to] = [subject.initial(), problem.initialize(2)];
    for (const [k, leaf] of tree.leaves(from).entries())
      expect(await numbers(leaf)).toEqual(await numbers(tree.leaves(to)[k]!));
    expect(subject.training).toEqual({ alpha: 1, batchSize: 4 });
  }
});

test('the noise scale is by the rate of the cross-entropy itself, and by where schedules begin', () => {
  const subject = trainingSubject(
    cellOf(
      specOf(
        { kind: 'mlp', hidden: [3] },
        {
          loss: { lossDivisor: 10, l2: 1e-3 },
          learningRate: { kind: 'multiStep', initial: 2, factor: 0.1, milestones: [1], unit: 'epochs' },
          batchSize: { kind: 'firstEpoch', first: 6, after: 3 },
        },
      ),
    ),
    images,
  );
  expect(subject.training).toEqual({
    alpha: 1,
    batchSize: 6,
    sgd: { learningRate: 0.2, momentum: 0.9 },
  });
});

test('a model of nn by its name is measured as well', async () => {
  const spec = specOf({ kind: 'resnet', depth: 8, norm: 4 }, { length: { steps: 0 } });
  const { ghost, examples } = trainingSubject(cellOf(spec), images);
  expect({ ghost, examples }).toEqual({ ghost: 4, examples: 12 });
});

test('every grid of the papers can be measured', () => {
  for (const experiment of experiments.filter(isGrid))
    expect(isMeasurable(experiment), experiment.name).toBe(true);
});
