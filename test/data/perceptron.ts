/**
 * A multilayer perceptron in plain loops: ReLU, softmax cross-entropy, Adam (lr 1e-3, falling linearly to 0
 * over the second half). It exists to measure how hard a data set is, independently of the engine.
 */
import { sampler } from '../../data/sampler.ts';
import { imageSize, type ImageSet } from '../../data/dataset.ts';
import { integerAt } from '../../data/permutation.ts';

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** [outputs, inputs + 1], the bias last in each row; with Adam's two moments and the gradient beside it. */
  readonly weights: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly gradient: Float32Array;
}

const BATCH = 50;
const RATE = 1e-3;

/** Trains a perceptron with the given hidden widths (none: a linear classifier); returns its accuracy on `test`. */
export function heldOutAccuracy(
  train: ImageSet,
  test: ImageSet,
  hidden: readonly number[],
  epochs: number,
): number {
  const sizes = [imageSize(train), ...hidden, train.classes.length];
  const layers = sizes.slice(1).map((outputs, l) => glorot(sizes[l] ?? 0, outputs, l));
  const batches = sampler({ mode: 'epoch-shuffle', count: train.count, batchSize: BATCH, seed: 1 });
  const steps = epochs * batches.stepsPerEpoch;
  for (let step = 0; step < steps; step++) {
    for (const layer of layers) layer.gradient.fill(0);
    for (const index of batches.indices(step)) accumulate(layers, train, index);
    adam(layers, step + 1, RATE * Math.min(1, (2 * (steps - step)) / steps));
  }
  let right = 0;
  for (let index = 0; index < test.count; index++) {
    const logits = forward(layers, pixels(test, index)).at(-1)!;
    if (logits.indexOf(Math.max(...logits)) === test.labels[index]) right += 1;
  }
  return right / test.count;
}

function glorot(inputs: number, outputs: number, l: number): Layer {
  const size = outputs * (inputs + 1);
  const limit = Math.sqrt(6 / (inputs + outputs));
  const weights = Float32Array.from({ length: size }, (_, i) =>
    i % (inputs + 1) === inputs ? 0 : limit * (integerAt([7, l], i, 20_001) / 10_000 - 1),
  );
  const zeros = (): Float32Array => new Float32Array(size);
  return { inputs, outputs, weights, first: zeros(), second: zeros(), gradient: zeros() };
}

function pixels(set: ImageSet, index: number): Float32Array {
  const size = imageSize(set);
  const x = new Float32Array(size);
  for (let i = 0; i < size; i++) x[i] = set.images[index * size + i]! / 255;
  return x;
}

function forward(layers: readonly Layer[], x: Float32Array): Float32Array[] {
  const values = [x];
  layers.forEach(({ inputs, outputs, weights }, l) => {
    const from = values[l]!;
    const to = new Float32Array(outputs);
    for (let o = 0; o < outputs; o++) {
      const row = o * (inputs + 1);
      let sum = weights[row + inputs]!;
      for (let i = 0; i < inputs; i++) sum += weights[row + i]! * from[i]!;
      to[o] = l < layers.length - 1 ? Math.max(0, sum) : sum;
    }
    values.push(to);
  });
  return values;
}

function accumulate(layers: readonly Layer[], set: ImageSet, index: number): void {
  const values = forward(layers, pixels(set, index));
  const logits = values.at(-1)!;
  const top = Math.max(...logits);
  const exps = logits.map((logit) => Math.exp(logit - top));
  const total = exps.reduce((sum, value) => sum + value, 0);
  let cotangent = exps.map((value, label) => (value / total - (label === set.labels[index] ? 1 : 0)) / BATCH);
  for (let l = layers.length - 1; l >= 0; l--) {
    const { inputs, outputs, weights, gradient } = layers[l]!;
    const from = values[l]!;
    const back = new Float32Array(inputs);
    for (let o = 0; o < outputs; o++) {
      const c = cotangent[o]!;
      if (c === 0) continue;
      const row = o * (inputs + 1);
      gradient[row + inputs]! += c;
      for (let i = 0; i < inputs; i++) gradient[row + i]! += c * from[i]!;
      if (l > 0) for (let i = 0; i < inputs; i++) back[i]! += c * weights[row + i]!;
    }
    if (l > 0) cotangent = back.map((value, i) => (from[i]! > 0 ? value : 0));
  }
}

function adam(layers: readonly Layer[], t: number, rate: number): void {
  const scale = (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
  for (const { weights, first, second, gradient } of layers)
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i]!;
      first[i] = 0.9 * first[i]! + 0.1 * g;
      second[i] = 0.999 * second[i]! + 0.001 * g * g;
      weights[i]! -= (scale * first[i]!) / (Math.sqrt(second[i]!) + 1e-8);
    }
}
