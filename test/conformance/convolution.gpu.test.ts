/** Convolution's kernels on random geometries, against float64 within the accuracy of their records. */
import { beforeAll, expect, test } from 'vitest';
import { fc } from '../property.ts';
import { currentBackend } from '../../engine/graph/backend.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { Attributes, Primitive } from '../../engine/graph/primitive.ts';
import { apply, hostTensor, type Tensor } from '../../engine/graph/tensor.ts';
import { init } from '../../engine/index.ts';
import {
  conv2dFilterGradientPrimitive,
  conv2dInputGradientPrimitive,
  conv2dPrimitive,
} from '../../engine/ops/convolution.ts';
import { checkKernel, failures } from './checkers.ts';
import { uniform } from './draw.ts';
import { geometries, type Geometry } from './geometries.ts';

beforeAll(() => init());

interface Case {
  readonly primitive: Primitive;
  readonly inputs: readonly NdArray[];
  readonly attributes: Attributes;
}

function cases({ x, w, y, ...geometry }: Geometry): Case[] {
  const { stride, padding, dilation, groups } = geometry;
  const shared = { stride, padding, dilation, groups };
  const [image, filter, result] = [uniform('x', x), uniform('w', w), uniform('y', y)];
  return [
    { primitive: conv2dPrimitive, inputs: [image, filter], attributes: shared },
    {
      primitive: conv2dInputGradientPrimitive,
      inputs: [result, filter],
      attributes: { ...shared, inputSize: x.slice(1, 3) },
    },
    {
      primitive: conv2dFilterGradientPrimitive,
      inputs: [image, result],
      attributes: { ...shared, filterSize: w.slice(0, 2) },
    },
  ];
}

// Every geometry is three pipelines; they compile beside each other when all are realised at once.
test('every direction agrees with float64 for any stride, padding, dilation, groups and channels', async () => {
  const drawn = fc.sample(geometries(20), {
    seed: 20_261_121,
    numRuns: 12,
  });
  const all = drawn.flatMap(cases);
  const results = all.map(({ primitive, inputs, attributes }) =>
    apply(
      primitive,
      inputs.map((input) => hostTensor(input, input.data)),
      attributes,
    ),
  );
  await currentBackend().realize(results);
  const data = await Promise.all(results.map((result) => result.data()));
  const deviations = all.map(({ primitive, inputs, attributes }, k) => {
    const { shape, dtype } = results[k] as Tensor;
    return checkKernel(primitive, { inputs, attributes }, { shape, dtype, data: data[k] as NdArray['data'] });
  });
  expect(failures(deviations)).toEqual([]);
});
