/** ResNet-50: bottlenecks with projections. */
import { beforeAll, expect, it } from 'vitest';
import { init, random, tree } from '../../engine/index.ts';
import { parameterCount, resnet50 } from '../../nn/index.ts';

beforeAll(() => init({ backend: 'reference' }));

it('ResNet-50 for 100 classes has 23,705,252 parameters', () => {
  const { params, outputShape } = resnet50({ classes: 100 }).init(random.key(1), [32, 32, 3]);
  expect(parameterCount(params)).toBe(23_705_252);
  expect(outputShape).toEqual([100]);
  // Counted by shape: nothing was drawn.
  expect(tree.leaves(params).every((leaf) => leaf.source.kind !== 'value')).toBe(true);
});

it('bottlenecks widen at every stage, and halve the image from the second on', async () => {
  const model = resnet50({ filters: [2, 2, 2, 2], classes: 3 });
  const { params, state } = model.init(random.key(2), [4, 4, 3]);
  const images = random.normal(random.key(3), [2, 4, 4, 3]);
  const output = model.apply(params, images, { state, training: true });
  expect(output.shape).toEqual([2, 3]);
  expect((await output.data()).every(Number.isFinite)).toBe(true);
  // 1x1 from 8 to 2, 3x3, 1x1 to 8, and the projection beside the first block of a stage.
  const shapes = tree
    .paths(params)
    .filter(({ leaf }) => leaf.shape.length === 4)
    .map(({ leaf }) => leaf.shape.join('x'));
  expect(shapes.filter((shape) => shape === '1x1x2x8')).toHaveLength(16 + 1);
  expect(shapes.filter((shape) => shape === '3x3x2x2')).toHaveLength(16);
});
