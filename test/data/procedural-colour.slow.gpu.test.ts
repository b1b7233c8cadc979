import { beforeAll, expect, it } from 'vitest';
import {
  gatherImages,
  procedural,
  resident,
  sampler,
  standardization,
  type ProceduralOptions,
} from '../../data/index.ts';
import { crossEntropy, init, jit, random, tensor, valueAndGrad, type Tensor } from '../../engine/index.ts';
import { accuracy, conv2d, dense, maxPool, relu, sequential, type Layer } from '../../nn/index.ts';
import { adam, applyUpdates } from '../../optim/index.ts';

beforeAll(() => init());

const COUNT = 2_000;
const BATCH = 50;
const EPOCHS = 6;

/** Accuracy on 1,000 unseen images after training on 2,000, with Adam at 1e-3. */
async function heldOut(model: Layer): Promise<number> {
  const draw = (options: Pick<ProceduralOptions, 'part' | 'count'>): ReturnType<typeof procedural> =>
    procedural({ ...options, size: 32, channels: 3 });
  const drawn = draw({ part: 'train', count: COUNT });
  const standardize = standardization(drawn);
  const train = resident(drawn, { standardize });
  const test = resident(draw({ part: 'test', count: 1_000 }), { standardize });
  const optimizer = adam({ learningRate: 1e-3 });
  let { params } = model.init(random.key(1), [32, 32, 3]);
  let state = optimizer.init(params);
  const loss = (p: typeof params, indices: Tensor): Tensor => {
    const { images, labels } = gatherImages(train, indices);
    return crossEntropy(model.apply(p, images), labels);
  };
  const step = jit(
    (p: typeof params, s: typeof state, indices: Tensor) => {
      const [, gradient] = valueAndGrad(loss)(p, indices);
      const [updates, next] = optimizer.update(gradient, s, p);
      return [applyUpdates(p, updates), next] as const;
    },
    { donate: [0, 1] },
  );
  const batches = sampler({ mode: 'epoch-shuffle', count: COUNT, batchSize: BATCH, seed: 1 });
  for (let k = 0; k < EPOCHS * batches.stepsPerEpoch; k++)
    [params, state] = step(params, state, tensor(batches.indices(k)));
  const score = jit((p: typeof params, indices: Tensor) => {
    const { images, labels } = gatherImages(test, indices);
    return accuracy(model.apply(p, images), labels);
  });
  let sum = 0;
  for (let from = 0; from < 1_000; from += 100) {
    const indices = Int32Array.from({ length: 100 }, (_, i) => from + i);
    sum += await score(params, tensor(indices)).item();
  }
  return sum / 10;
}

it('the colour variant is for convolutions: a small one beats a perceptron by a fifth after six epochs', async () => {
  const pooled = (filters: number): Layer[] => [conv2d(filters), relu(), maxPool(2)];
  const convolutional = sequential(...pooled(16), ...pooled(32), ...pooled(32), dense(10));
  const perceptron = sequential(dense(128), relu(), dense(64), relu(), dense(10));
  const accuracies = {
    linear: await heldOut(sequential(dense(10))),
    perceptron: await heldOut(perceptron),
    convolutional: await heldOut(convolutional),
  };
  console.log(accuracies);
  expect(accuracies.linear).toBeLessThan(0.3);
  expect(accuracies.perceptron).toBeLessThan(0.75);
  expect(accuracies.convolutional).toBeGreaterThan(0.8);
  expect(accuracies.convolutional).toBeGreaterThan(accuracies.perceptron + 0.2);
});
