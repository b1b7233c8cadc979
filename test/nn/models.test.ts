import { beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  crossEntropy,
  grad,
  hvp,
  init,
  mul,
  random,
  sub,
  tensor,
  tree,
  type Tensor,
} from '../../engine/index.ts';
import {
  alexnet,
  c1,
  c1Mini,
  c1Nano,
  c2,
  k16,
  mlp,
  normalizedMlp,
  parameterCount,
  resnet,
  resnet18,
  resnet34,
  vgg,
  type Layer,
} from '../../nn/index.ts';
import { code, flat, relativeDistance, values } from './helpers.ts';

beforeAll(() => init({ backend: 'reference' }));

const key = random.key(1);

describe('the models of the papers', () => {
  const published: readonly (readonly [string, Layer, side: number, parameters: number])[] = [
    ['C1', c1(), 32, 1_963_658],
    ['C1-mini', c1Mini(), 32, 34_058],
    ['C1-nano', c1Nano(), 16, 15_786],
    ['C2', c2(), 32, 7_665_380],
    ['VGG-11', vgg(), 32, 9_231_114],
    ['ResNet-20 for 100 classes', resnet(20, { classes: 100 }), 32, 275_572],
    ['ResNet-56', resnet(56), 32, 853_018],
    ['ResNet-110 for 100 classes', resnet(110, { classes: 100 }), 32, 1_733_812],
    ['ResNet-18', resnet18(), 32, 11_173_962],
    ['ResNet-18 for 100 classes', resnet18({ classes: 100 }), 32, 11_220_132],
    ['ResNet-34 for 100 classes', resnet34({ classes: 100 }), 32, 21_328_292],
    ['AlexNet', alexnet(), 32, 23_272_266],
    ['K16', k16(), 16, 72_042],
  ];
  for (const [name, model, side, parameters] of published)
    it(`${name} has ${parameters.toLocaleString('en')} parameters`, () => {
      const { params, outputShape } = model.init(key, [side, side, 3]);
      expect(parameterCount(params)).toBe(parameters);
      expect(outputShape).toEqual([/100 classes|C2/.test(name) ? 100 : 10]);
      // Counted by shape: nothing was drawn.
      expect(tree.leaves(params).every((leaf) => leaf.source.kind !== 'value')).toBe(true);
    });

  it('the perceptron with batch normalisation has 898,510 parameters, and 3,000 scales and offsets', () => {
    const { params, outputShape } = normalizedMlp().init(key, [784]);
    expect(parameterCount(params)).toBe(901_510);
    expect(parameterCount(mlp({ widths: [500, 500, 500, 10] }).init(key, [784]).params)).toBe(898_510);
    expect(outputShape).toEqual([10]);
    expect(Object.keys(params)).toContain('batchNorm2');
    const ghost = normalizedMlp({ width: 4, norm: 10 }).init(key, [784]).params;
    expect(Object.keys(ghost)).toContain('ghostBatchNorm2');
  });

  it('the deeper configurations of VGG end in one pixel too', () => {
    for (const depth of [13, 16, 19] as const)
      expect(vgg({ depth, hidden: [8], classes: 7 }).init(key, [32, 32, 3]).outputShape).toEqual([7]);
  });

  it('refuse depths that there are not', () => {
    expect(() => resnet(18)).toThrow(code('LAYER'));
    expect(() => resnet(2)).toThrow(code('LAYER'));
    expect(() => resnet(20, { filters: [4, 8] })).toThrow(code('LAYER'));
    expect(() => vgg({ depth: 12 as 11 })).toThrow(code('LAYER'));
  });
});

describe('every model, scaled down,', () => {
  const plan = [2, 'M', 3, 'M'] as const;
  const small: readonly (readonly [string, Layer])[] = [
    ['C1', c1({ plan, groupSize: 2 })],
    ['C2', c2({ plan, groupSize: 2, hidden: [4], classes: 10 })],
    ['VGG', vgg({ plan, hidden: [4] })],
    ['ResNet-8', resnet(8, { filters: [2, 3, 4] })],
    ['ResNet-18', resnet18({ filters: [2, 2, 3, 3] })],
    ['AlexNet', alexnet({ filters: [2, 2, 3, 2, 2], hidden: [4, 4] })],
    ['K16', k16({ plan, hidden: 4 })],
  ];
  for (const [name, model] of small)
    it(`trains and evaluates: ${name}`, async () => {
      const side = name === 'AlexNet' ? 16 : 8;
      const { params, state, outputShape } = model.init(key, [side, side, 3]);
      expect(outputShape).toEqual([10]);
      const x = random.uniform(random.key(2), [4, side, side, 3]);
      const [trained, next] = model.forward(params, state, x, { training: true, key });
      const evaluated = model.apply(params, x, { state: next });
      for (const output of [trained, evaluated]) {
        expect(output.shape).toEqual([4, 10]);
        expect((await values(output)).every(Number.isFinite)).toBe(true);
      }
      const labels = tensor(new Int32Array([1, 2, 3, 4]));
      const gradient = grad((p: typeof params) =>
        crossEntropy(model.apply(p, x, { training: true, key }), labels),
      )(params);
      const total = (await flat(gradient)).reduce((sum, value) => sum + Math.abs(value), 0);
      expect(total).toBeGreaterThan(0);
      expect(total).toBeLessThan(Infinity);
    });

  it('starts C1 with a cross-entropy between ln 10 and ln 10 + 1.5', async () => {
    const model = c1({ plan: [6, 'M', 8, 'M'], groupSize: 10 });
    const { params } = model.init(key, [8, 8, 3]);
    const x = random.uniform(random.key(3), [20, 8, 8, 3]);
    const labels = tensor(Int32Array.from({ length: 20 }, (_, i) => i % 10));
    const loss = await crossEntropy(model.apply(params, x, { training: true }), labels).item();
    expect(loss).toBeGreaterThan(Math.log(10) - 0.1);
    expect(loss).toBeLessThan(Math.log(10) + 1.5);
  });
});

describe('second derivatives', () => {
  it('a Hessian-vector product of C1 in miniature is the central difference of its gradients', async () => {
    const model = c1({ plan: [2, 3, 'M', 4, 'M'], groupSize: 3, classes: 4 });
    const { params } = model.init(key, [8, 8, 3]);
    const x = random.normal(random.key(4), [7, 8, 8, 3]);
    const labels = tensor(Int32Array.from({ length: 7 }, (_, i) => i % 4));
    const loss = (p: typeof params): Tensor => crossEntropy(model.apply(p, x, { training: true }), labels);
    const v = tree.unflatten(
      params,
      tree.leaves(params).map((leaf, k) => random.normal(random.foldIn(random.key(5), k), leaf.shape)),
    );
    const along = (h: number): typeof params => tree.map((p, d) => add(p, mul(d, h)), params, v);
    const gradient = grad(loss);
    // Small enough that no ReLU and no maximum changes sides between the two points.
    const h = 1e-6;
    const difference = tree.map(
      (a, b) => mul(sub(a, b), 1 / (2 * h)),
      gradient(along(h)),
      gradient(along(-h)),
    );
    const exact = await flat(hvp(loss)(params, v));
    expect(relativeDistance(exact, await flat(difference))).toBeLessThan(1e-6);
    expect(Math.max(...exact.map(Math.abs))).toBeGreaterThan(0.01);
  });
});
