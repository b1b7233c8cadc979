import { beforeAll, describe, expect, it } from 'vitest';
import { load, sampler, type Dataset } from '../../data/index.ts';
import { init, tensor } from '../../engine/index.ts';
import { cyclic, multiStep, powerDecay, type Schedule } from '../../optim/index.ts';
import { exampleCost, type ImageShape } from '../../experiments/training/cost.ts';
import { scheduleOf } from '../../experiments/training/schedule.ts';
import type {
  NetworkSpec,
  OptimizerSpec,
  ScheduleSpec,
  TrainingSpec,
} from '../../experiments/training/settings.ts';
import { extentOf, timelineOf, type Position, type Timeline } from '../../experiments/training/timeline.ts';
import { memoryCheckpoints, recordsAfter, type Kept } from './paper-resume.ts';
import { tinySpec, trainSpec } from './training-spec.ts';

let images: Dataset;
let coloured: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await load('procedural', { train: 40, test: 20, size: 8 });
  coloured = await load('procedural', { train: 24, test: 10, size: 8, channels: 3 });
});

const changing: TrainingSpec = tinySpec({
  optimizer: { name: 'adam' },
  loss: { lossDivisor: 10, l2: 1e-3, discard: { fraction: 0.3, epochs: 1 } },
  learningRate: { kind: 'power', initial: 0.02, gamma: 0.5, unit: 'steps' },
  batchSize: { kind: 'firstEpoch', first: 8, after: 20 },
  length: { epochs: 3 },
  measure: {
    trainLoss: { steps: 2 },
    test: { epochs: 1 },
    extra: [{ name: 'size', at: { start: true, every: { steps: 4 }, end: true }, options: { factor: 2 } }],
  },
});

describe('a training from its description', () => {
  it('measures at its cadence and ends with one result', async () => {
    const records = await trainSpec(tinySpec(), images);
    const steps = records.map(({ name, step }) => [name, step]);
    expect(steps).toEqual([
      ['evaluation', 3],
      ['evaluation', 4],
      ['evaluation', 6],
      ['evaluation', 8],
      ['training', undefined],
    ]);
    expect(records[0]).toMatchObject({ epoch: 0.75, batchSize: 10, learningRate: 0.05 });
    expect(Object.keys(records[1]!)).toContain('testLoss');
    expect(Object.keys(records[1]!)).not.toContain('trainLoss');
    expect(records[4]).toMatchObject({
      outcome: 'finished',
      steps: 8,
      epochs: 2,
      parameters: 16 * 6 + 6 + 70,
    });
    expect(records[4]!['trainLoss']).toBe(records[3]!['trainLoss']);
    expect(records[4]!['trainLoss']).toBeLessThan(records[0]!['trainLoss'] as number);
  });

  it.each([
    ['with changing rate, batch size and discarded examples', changing, 'grey'],
    [
      'of convolutions in several passes',
      tinySpec({
        network: { kind: 'convolutions', stages: [[2]], norm: 3 },
        images: { trainExamples: 24, testExamples: 0, pool: true, standardize: true },
        batchSize: 6,
        microbatch: 3,
        piece: 12,
        length: { steps: 4 },
      }),
      'coloured',
    ],
    [
      'with curvature of its own steps',
      tinySpec({ optimizer: { name: 'cblr', gamma: 0.1, probes: 2 }, length: { steps: 4 } }),
      'grey',
    ],
  ])('%s goes on from the snapshot of any step as if it had never stopped', async (_, spec, which) => {
    const dataset = which === 'grey' ? images : coloured;
    const measurements = {
      async *size(point: { params: object; nextBatch: Int32Array }, options: object) {
        yield { kind: 'result', name: 'size', next: point.nextBatch.length, options } as never;
      },
    };
    const records = await trainSpec(spec, dataset, { measurements });
    const kept: Kept[] = [];
    const checked = await trainSpec(spec, dataset, { measurements, checkpoints: memoryCheckpoints(kept) });
    expect(checked).toEqual(records);
    for (const k of [0, 2, kept.length - 1]) {
      const snapshot = kept[k]!;
      const later: Kept[] = [];
      const rest = await trainSpec(spec, dataset, {
        measurements,
        checkpoints: memoryCheckpoints(later, snapshot),
      });
      const last = k === kept.length - 1;
      const expected = recordsAfter(records, last ? k : k + 1);
      expect(rest).toEqual(expected);
      expect(later).toEqual(kept.slice(k + 1));
    }
  });

  it('in several passes leaves out the same examples as in one, and ends with the same losses', async () => {
    const lossOf = async (changes: Partial<TrainingSpec>): Promise<number> => {
      const spec = tinySpec({ batchSize: 10, length: { steps: 6 }, ...changes });
      return (await trainSpec(spec, images)).at(-1)!['trainLoss'] as number;
    };
    const loss = { l2: 1e-3, discard: { fraction: 0.3, epochs: 1 } };
    const whole = await lossOf({ loss });
    expect(await lossOf({ loss, microbatch: 4 })).toBeCloseTo(whole, 12);
    expect(Math.abs(whole - (await lossOf({ loss: { l2: 1e-3 } })))).toBeGreaterThan(1e-4);
  });

  it('whose loss is not finite ends as diverged, with its step', async () => {
    const records = await trainSpec(
      tinySpec({
        loss: { l2: 1 },
        learningRate: 1e160,
      }),
      images,
    );
    expect(records.at(-1)).toMatchObject({ name: 'training', outcome: 'diverged', testAccuracy: null });
    expect(records.at(-1)!['message']).toMatch(/^Step [1-9].*learning rate 1e\+160, B = 10.*not finite/);
  });

  it('ends when its training loss is below the limit', async () => {
    const records = await trainSpec(
      tinySpec({ length: { epochs: 50, trainLossBelow: 2.1 }, measure: { trainLoss: { steps: 5 } } }),
      images,
    );
    const result = records.at(-1)!;
    expect(result).toMatchObject({ outcome: 'reached' });
    expect(result['trainLoss']).toBeLessThan(2.1);
    expect(records.filter(({ name }) => name === 'evaluation').at(-1)).toMatchObject({
      step: result['steps'],
    });
  });

  const rules: OptimizerSpec[] = [
    { name: 'adam' },
    { name: 'adamw', weightDecay: 0.1 },
    { name: 'lamb' },
    { name: 'lars', gamma: 0.01, globalRate: 0.01, momentum: 0.9 },
    { name: 'mclr', gamma: 0.002, globalRate: 0.01 },
    { name: 'percentDelta', gamma: 0.002, globalRate: 0.01 },
    { name: 'cblr', gamma: 0.01 },
  ];
  it.each(rules.map((optimizer) => [optimizer.name, optimizer] as const))(
    'is made with %s',
    async (_, optimizer) => {
      const rate = optimizer.name.startsWith('ada') || optimizer.name === 'lamb' ? 0.01 : 1;
      const records = await trainSpec(
        tinySpec({ optimizer, learningRate: rate, length: { steps: 12 } }),
        images,
      );
      const [first, last] = [records[0]!, records.at(-1)!];
      expect(last).toMatchObject({ outcome: 'finished' });
      expect(last['trainLoss']).toBeLessThan(first['trainLoss'] as number);
    },
  );

  it.each([
    ['no end', { length: {} }, 'CONFIG', /^length is \{\}/],
    [
      'a rate that gets nowhere',
      { learningRate: 0, length: { time: 3 } },
      'CONFIG',
      /more than 100000000 steps/,
    ],
    ['a batch larger than the set', { batchSize: 41 }, 'CONFIG', /batchSize is 41, and there are 40/],
    [
      'a batch that grows beyond the set',
      { batchSize: { kind: 'firstEpoch', first: 10, after: 50 }, length: { epochs: 2 } },
      'CONFIG',
      /batchSize is 50 after 4 steps/,
    ],
    [
      'a schedule that does not begin',
      { learningRate: { kind: 'piecewise', entries: [{ from: 1, value: 1 }], unit: 'epochs' } },
      'CONFIG',
      /in epochs changes at 1: begin at 0/,
    ],
    ['a share that is all', { loss: { discard: { fraction: 1 } } }, 'CONFIG', /share is 1/],
    [
      'a measurement that there is not',
      { measure: { extra: [{ name: 'noise', at: { end: true } }] } },
      'CONFIG',
      /has 'noise', and the experiment measures nothing/,
    ],
    [
      'a loss to reach that is never measured',
      { length: { steps: 3, trainLossBelow: 1 }, measure: {} },
      'CONFIG',
      /say how often/,
    ],
  ] as const)('is refused: %s', async (_, changes, code, message) => {
    await expect(trainSpec(tinySpec(changes as Partial<TrainingSpec>), images)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as unknown,
    });
  });
});

describe('the timeline', () => {
  const walk = (timeline: Timeline): Position[] => {
    const positions = [timeline.start];
    while (!timeline.ended(positions.at(-1)!)) positions.push(timeline.after(positions.at(-1)!));
    return positions;
  };

  it.each(['epoch-shuffle', 'iid-with-replacement', 'without-replacement'] as const)(
    'draws the batches of the sampler: %s',
    (sampling) => {
      const timeline = timelineOf(tinySpec({ sampling, batchSize: 12 }), 40, 7);
      const plain = sampler({ mode: sampling, count: 40, batchSize: 12, seed: 7, stream: 0 });
      walk(timeline)
        .slice(0, -1)
        .forEach((position) => {
          expect(timeline.indices(position)).toEqual(plain.indices(position.done));
          expect(position.epoch).toBe(plain.epoch(position.done));
        });
    },
  );

  it('sees every example of an epoch at most once while batches grow', () => {
    const spec = tinySpec({
      batchSize: {
        kind: 'piecewise',
        entries: [
          { from: 0, value: 4 },
          { from: 3, value: 9 },
        ],
        unit: 'steps',
      },
      length: { epochs: 2 },
    });
    const timeline = timelineOf(spec, 40, 7);
    const steps = walk(timeline).slice(0, -1);
    expect(steps.map((position) => timeline.batchSize(position))).toEqual([4, 4, 4, 9, 9, 9, 9, 9, 9, 9]);
    const first = steps
      .filter(({ epoch }) => epoch === 0)
      .flatMap((position) => [...timeline.indices(position)]);
    expect(new Set(first).size).toBe(first.length);
    expect(extentOf(spec, 40)).toEqual({ steps: 10, examples: 75 });
  });

  it.each([
    [{ steps: 7 }, 7],
    [{ epochs: 3 }, 12],
    [{ time: 1 }, 20],
    [{ time: 1, epochs: 1 }, 4],
  ])('ends by %j', (length, steps) => {
    const spec = tinySpec({ length });
    expect(walk(timelineOf(spec, 40, 0)).at(-1)!.done).toBe(steps);
    expect(extentOf(spec, 40).steps).toBe(steps);
  });

  it.each<[string, ScheduleSpec, Schedule]>([
    [
      'cyclic',
      { kind: 'cyclic', from: 1, to: 5, period: 10, unit: 'steps' },
      cyclic({ from: 1, to: 5, period: 10 }),
    ],
    [
      'triangular',
      { kind: 'cyclic', from: 1, to: 5, period: 8, unit: 'steps', shape: 'triangle' },
      cyclic({ from: 1, to: 5, period: 8, shape: 'triangle' }),
    ],
    [
      'in stairs',
      { kind: 'multiStep', initial: 2, factor: 0.1, milestones: [3, 9], unit: 'steps' },
      multiStep({ initial: 2, factor: 0.1, milestones: [3, 9] }),
    ],
    [
      'a power',
      { kind: 'power', initial: 0.5, gamma: 0.4, unit: 'steps' },
      powerDecay({ initial: 0.5, gamma: 0.4 }),
    ],
  ])('has the rates of optim: %s', async (_, spec, schedule) => {
    const here = scheduleOf(spec);
    for (let step = 0; step < 22; step++)
      expect(here({ steps: step, epochs: 0 })).toBeCloseTo(
        await schedule(tensor(Int32Array.of(step), [])).item(),
        12,
      );
  });
});

describe('the costs of networks', () => {
  const cifar: ImageShape = [32, 32, 3];
  it.each<[string, NetworkSpec, ImageShape, number, number]>([
    ['K16', { kind: 'k16' }, [16, 16, 3], 10, 9.4e5],
    ['AlexNet', { kind: 'alexnet' }, cifar, 10, 1.26e8],
    ['VGG-11', { kind: 'vgg11' }, cifar, 10, 3.06e8],
    ['ResNet-56', { kind: 'resnet', depth: 56 }, cifar, 10, 2.51e8],
    ['ResNet-20', { kind: 'resnet' }, cifar, 100, 8.1e7],
    ['ResNet-18', { kind: 'resnet', depth: 18 }, cifar, 10, 1.11e9],
    ['ResNet-34', { kind: 'resnet', depth: 34 }, cifar, 100, 2.32e9],
    ['ResNet-50', { kind: 'resnet50' }, cifar, 100, 2.6e9],
    ['the perceptron of bayes-sgd', { kind: 'mlp', hidden: [800] }, [28, 28, 1], 10, 1.27e6],
  ])('are those of papers.md: %s', (_, network, shape, classes, flops) => {
    expect((2 * exampleCost(network, shape, classes).multiplyAdds) / flops).toBeCloseTo(1, 1.7);
  });
});
