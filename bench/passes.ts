/**
 * Kernels that memory bounds, one or more of every kind. Bytes are those that go in and come out, once each, however often
 * the kernels read them; where there are several kernels, what they leave for each other is not counted.
 */
import {
  add,
  crossEntropy,
  cumsum,
  maxPool2d,
  mul,
  random,
  relu,
  scatterAdd,
  sort,
  sum,
  take,
  transpose,
  tree,
  valueAndGrad,
  vjp,
  type Shape,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import { ghostBatchNorm, layerNorm } from '../nn/index.ts';
import { adam, applyUpdates } from '../optim/index.ts';
import type { KernelCase } from './kernels.ts';
import { indices, noise, sizeOf } from './tensors.ts';

const SQUARE: Shape = [2048, 2048];
/** What follows a convolution of C1's first stage at B = 32. */
const IMAGES: Shape = [32, 32, 32, 64];
const POOLED: Shape = [32, 16, 16, 64];
const CHANNELS: Shape = [64];
const LOGITS: Shape = [4096, 1000];
const FEATURES: Shape = [4096, 1024];
const ROWS: Shape = [65536, 64];
const EMBEDDINGS: Shape = [1000, 64];
const BATCHED_UPDATES: Shape = [4096, 64];
const LISTS: Shape = [64, 16384];

const bytesOf = (...shapes: readonly Shape[]): { readonly bytes: number } => ({
  bytes: 4 * shapes.reduce((total, shape) => total + sizeOf(shape), 0),
});

/** A kernel of arrays of noise that returns one array. */
function pass(
  name: string,
  shapes: readonly Shape[],
  output: Shape,
  f: (...operands: readonly [Tensor, Tensor, Tensor, Tensor]) => Tensor,
): KernelCase {
  return {
    name: `${name}, [${(shapes[0] as Shape).join(', ')}]`,
    work: bytesOf(...shapes, output),
    operands: () => shapes.map((shape, k) => noise(shape, k + 1)),
    f: (...operands) => [f(...(operands as unknown as readonly [Tensor, Tensor, Tensor, Tensor]))],
  };
}

const pool = (x: Tensor): Tensor => maxPool2d(x, { size: 2 });

const ghost = ghostBatchNorm({ groupSize: IMAGES[0] as number });
const normalize = (x: Tensor, scale: Tensor, offset: Tensor): Tensor =>
  ghost.apply({ scale, offset }, x, { training: true });

const perVector = layerNorm();
const normalizeVectors = (x: Tensor, scale: Tensor, offset: Tensor): Tensor =>
  perVector.apply({ scale, offset }, x);

const WIDTH: Shape = [FEATURES[1] as number];
const lookup = (rows: Shape): Shape => [rows[0] as number];

const rule = adam();

export const PASS_CASES: readonly KernelCase[] = [
  pass('map: x + y', [SQUARE, SQUARE], SQUARE, (x, y) => add(x, y)),
  pass('fused map: relu(2x + y)·y', [SQUARE, SQUARE], SQUARE, (x, y) => mul(relu(add(mul(x, 2), y)), y)),
  pass('sum of all', [SQUARE], [], (x) => sum(x)),
  pass('sum of each row', [SQUARE], [2048], (x) => sum(x, 1)),
  pass('sum of each column', [SQUARE], [2048], (x) => sum(x, 0)),
  pass('transpose', [SQUARE], SQUARE, (x) => transpose(x)),
  {
    name: `softmax cross-entropy and its gradient, [${LOGITS.join(', ')}]`,
    work: bytesOf(LOGITS, lookup(LOGITS), LOGITS),
    operands: () => [noise(LOGITS, 1), indices(lookup(LOGITS), 2, LOGITS[1] as number)],
    f: (...operands) => {
      const [logits, labels] = operands as [Tensor, Tensor];
      return tree.leaves(valueAndGrad((z: Tensor) => crossEntropy(z, labels))(logits));
    },
  },
  pass('batch normalisation in training', [IMAGES, CHANNELS, CHANNELS], IMAGES, (x, scale, offset) =>
    normalize(x, scale, offset),
  ),
  {
    name: `gradients of batch normalisation, [${IMAGES.join(', ')}]`,
    work: bytesOf(IMAGES, IMAGES, IMAGES, CHANNELS, CHANNELS, CHANNELS),
    operands: () => [noise(IMAGES, 1), noise(CHANNELS, 2), noise(CHANNELS, 3), noise(IMAGES, 4)],
    f: (...operands) => {
      const [x, scale, offset, ct] = operands as [Tensor, Tensor, Tensor, Tensor];
      return vjp(normalize, x, scale, offset)[1](ct);
    },
  },
  pass('layer normalisation', [FEATURES, WIDTH, WIDTH], FEATURES, (x, scale, offset) =>
    normalizeVectors(x, scale, offset),
  ),
  {
    name: `gradients of layer normalisation, [${FEATURES.join(', ')}]`,
    work: bytesOf(FEATURES, FEATURES, FEATURES, WIDTH, WIDTH, WIDTH),
    operands: () => [noise(FEATURES, 1), noise(WIDTH, 2), noise(WIDTH, 3), noise(FEATURES, 4)],
    f: (...operands) => {
      const [x, scale, offset, ct] = operands as [Tensor, Tensor, Tensor, Tensor];
      return vjp(normalizeVectors, x, scale, offset)[1](ct);
    },
  },
  pass('max pooling 2 × 2', [IMAGES], POOLED, (x) => pool(x)),
  pass('gradient of max pooling', [IMAGES, POOLED], IMAGES, (x, ct) => vjp(pool, x)[1](ct)[0]),
  {
    name: `gather of ${ROWS[0]} rows, [${ROWS.join(', ')}]`,
    work: bytesOf(ROWS, lookup(ROWS), ROWS),
    operands: () => [noise(ROWS, 1), indices(lookup(ROWS), 2, ROWS[0] as number)],
    f: (...operands) => {
      const [table, rows] = operands as [Tensor, Tensor];
      return [take(table, rows)];
    },
  },
  {
    name: `scatter-add into ${EMBEDDINGS[0]} rows, [${BATCHED_UPDATES.join(', ')}]`,
    work: bytesOf(BATCHED_UPDATES, BATCHED_UPDATES, EMBEDDINGS),
    operands: () => [indices(BATCHED_UPDATES, 1, EMBEDDINGS[0] as number), noise(BATCHED_UPDATES, 2)],
    f: (...operands) => {
      const [rows, updates] = operands as [Tensor, Tensor];
      return [scatterAdd(rows, updates, 0, EMBEDDINGS[0] as number)];
    },
  },
  pass('sort of each row', [LISTS], LISTS, (x) => sort(x)),
  pass('scan: running sum of each row', [SQUARE], SQUARE, (x) => cumsum(x, 1)),
  {
    name: `random bits, [${SQUARE.join(', ')}]`,
    work: bytesOf(SQUARE),
    operands: () => [random.key(0)],
    f: (...operands) => [random.bits(operands[0] as Tensor, SQUARE)],
  },
  {
    name: `standard normal numbers, [${SQUARE.join(', ')}]`,
    work: bytesOf(SQUARE),
    operands: () => [random.key(0)],
    f: (...operands) => [random.normal(operands[0] as Tensor, SQUARE)],
  },
  {
    // Reads the gradient, the parameters and two moments, and writes the last three.
    name: `update by Adam, [${SQUARE.join(', ')}]`,
    work: bytesOf(...Array<Shape>(7).fill(SQUARE)),
    operands: () => [noise(SQUARE, 1), noise(SQUARE, 2), ...tree.leaves(rule.init(noise(SQUARE, 2)))],
    f: updateByAdam,
  },
];

function updateByAdam(...operands: readonly Tensor[]): readonly Tensor[] {
  const [gradient, params, ...leaves] = operands as [Tensor, Tensor, ...Tensor[]];
  let next = 0;
  const state: Tree = tree.map(() => leaves[next++] as Tensor, rule.init(params));
  const [updates, moments] = rule.update(gradient, state, params);
  return [applyUpdates(params, updates), ...tree.leaves(moments)];
}
