import { beforeAll, describe, expect, it } from 'vitest';
import { grad, init, jit, ones, random, sum, tensor, tree, type Tensor } from '../../engine/index.ts';
import {
  batchNorm,
  dense,
  dropout,
  layerOf,
  named,
  relu,
  residual,
  sequential,
  type RunningStatistics,
  type SequentialState,
} from '../../nn/index.ts';
import { code, flat, values } from './helpers.ts';

beforeAll(() => init({ backend: 'reference' }));

const key = (n: number): Tensor => random.key(n);
const paths = (x: Parameters<typeof tree.paths>[0]): string[] => tree.paths(x).map(({ path }) => path);

describe('the state of a model', () => {
  const model = sequential(dense(3), batchNorm(), relu(), named('head', sequential(dense(2), batchNorm())));
  const x = random.normal(key(1), [6, 4]);

  it('stands beside the parameters under the same paths, for layers that have any', () => {
    const { params, state } = model.init(key(2), [4]);
    expect(paths(state)).toEqual([
      'batchNorm0/mean',
      'batchNorm0/variance',
      'head/batchNorm0/mean',
      'head/batchNorm0/variance',
    ]);
    expect(paths(params)).toContain('head/batchNorm0/scale');
    expect(model.init(key(2), [4]).outputShape).toEqual([2]);
  });

  it('goes in and comes out: training moves it, evaluation does not, and nothing else remembers', async () => {
    const { params, state } = model.init(key(2), [4]);
    const before = await flat(state);
    const [output, trained] = model.forward(params, state, x, { training: true });
    expect(await flat(state)).toEqual(before);
    expect(paths(trained)).toEqual(paths(state));
    expect(await flat(trained)).not.toEqual(before);
    expect(await values(model.apply(params, x, { training: true }))).toEqual(await values(output));
    const [evaluated, after] = model.forward(params, trained, x);
    expect(await flat(after)).toEqual(await flat(trained));
    expect(await values(model.apply(params, x, { state: trained }))).toEqual(await values(evaluated));
  });

  it('passes through a recorded training step', async () => {
    const { params, state } = model.init(key(2), [4]);
    const step = jit(
      (p: typeof params, s: SequentialState, batch: Tensor): SequentialState =>
        model.forward(p, s, batch, { training: true })[1],
    );
    const twice = step(params, step(params, state, x), x);
    const plain = (s: SequentialState): SequentialState => model.forward(params, s, x, { training: true })[1];
    expect(await flat(twice)).toEqual(await flat(plain(plain(state))));
  });
});

describe('a residual connection', () => {
  it('adds its input to its branch, or what a shortcut makes of it', async () => {
    const x = tensor([[1, -2]]);
    const branch = named('main', relu());
    expect(await values(residual(branch).apply({}, x))).toEqual([2, -2]);
    expect(await values(residual(branch, sequential(relu())).apply({}, x))).toEqual([2, 0]);
  });

  it('keeps the trees of branch and shortcut apart and labels their nodes', () => {
    const layer = sequential(residual(sequential(dense(3), batchNorm()), dense(3)));
    const { params, state, outputShape } = layer.init(key(1), [3]);
    expect(paths(params)).toEqual([
      'residual0/branch/batchNorm0/offset',
      'residual0/branch/batchNorm0/scale',
      'residual0/branch/dense0/bias',
      'residual0/branch/dense0/weight',
      'residual0/shortcut/bias',
      'residual0/shortcut/weight',
    ]);
    expect(paths(state)).toEqual([
      'residual0/branch/batchNorm0/mean',
      'residual0/branch/batchNorm0/variance',
    ]);
    expect(outputShape).toEqual([3]);
    const output = layer.apply(params, ones([2, 3]), { state });
    expect(layerOf(output)).toBe('residual0');
    const [branch, shortcut] = output.source.kind === 'operation' ? output.source.inputs : [];
    expect([layerOf(branch!), layerOf(shortcut!)]).toEqual([
      'residual0/branch/batchNorm0',
      'residual0/shortcut',
    ]);
  });

  it('refuses terms of two shapes when it is initialised', () => {
    expect(() => residual(dense(3)).init(key(1), [2])).toThrow(code('LAYER'));
    expect(() => residual(dense(3)).init(key(1), [2])).toThrow('the branch gives [3] and the shortcut [2]');
  });
});

describe('dropout', () => {
  const x = ones([40, 50]);
  const training = (n: number): { training: true; key: Tensor } => ({ training: true, key: key(n) });

  it('is the identity in evaluation and at rate 0, without a key', () => {
    expect(dropout({ rate: 0.5 }).apply({}, x)).toBe(x);
    expect(dropout({ rate: 0 }).apply({}, x, { training: true })).toBe(x);
  });

  it('drops the given share, and scales the rest so that the expectation stays', async () => {
    const y = await values(dropout({ rate: 0.2 }).apply({}, x, training(1)));
    expect(new Set(y)).toEqual(new Set([0, 1.25]));
    // 2,000 draws of mean 1 and variance 0.2/0.8: s.e. 0.011.
    expect(Math.abs(y.reduce((a, b) => a + b) / y.length - 1)).toBeLessThan(0.05);
  });

  it('drops the same elements in the backward pass', async () => {
    const layer = dropout({ rate: 0.5 });
    const gradient = grad((v: Tensor) => sum(layer.apply({}, v, training(2))))(x);
    expect(await values(gradient)).toEqual(await values(layer.apply({}, x, training(2))));
  });

  it('draws its mask from the key and the path of the layer alone', async () => {
    const model = sequential(dropout({ rate: 0.5 }), dropout({ rate: 0.5 }));
    const mask = (n: number): Promise<number[]> => values(model.apply({}, x, training(n)));
    expect(await mask(1)).toEqual(await mask(1));
    expect(await mask(1)).not.toEqual(await mask(2));
    // Were the two masks one, the second would drop nothing more than the half that the first dropped.
    const kept = (await mask(1)).filter((value) => value !== 0).length;
    expect(Math.abs(kept / 2000 - 0.25)).toBeLessThan(0.05);
    const longer = sequential(dropout({ rate: 0.5 }), relu(), dropout({ rate: 0.5 }), relu());
    expect(await values(longer.apply({}, x, training(1)))).toEqual(await mask(1));
  });

  it('refuses to train without a key, and rates that are no probability below 1', () => {
    const model = sequential(dense(2), dropout({ rate: 0.5 }));
    const { params } = model.init(key(1), [50]);
    expect(() => model.apply(params, x, { training: true })).toThrow(code('KEY'));
    expect(() => model.apply(params, x, { training: true })).toThrow("'dropout0'");
    for (const rate of [1, -0.1, Number.NaN]) expect(() => dropout({ rate })).toThrow(code('LAYER'));
  });
});

it('a batch normalisation alone takes the state that it gave', () => {
  const layer = batchNorm();
  const { params, state } = layer.init(key(1), [3]);
  const next: RunningStatistics = layer.forward(params, state, ones([4, 3]), { training: true })[1];
  expect(next.mean.shape).toEqual([3]);
});
