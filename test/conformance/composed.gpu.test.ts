/**
 * Composed operations and their derivatives on the device, against float64 within a bound composed from the bounds of
 * their primitives (bound.ts); and a second run gives the same bits.
 */
import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { currentBackend } from '../../engine/graph/backend.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import { sameShape, show } from '../../engine/graph/shape.ts';
import { hostTensor, topologicalOrder } from '../../engine/graph/tensor.ts';
import * as lv from '../../engine/index.ts';
import type { Tensor } from '../../engine/index.ts';
import { bounded } from './bound.ts';
import { compare, failures, ratio, sameBits, type Deviation } from './checkers.ts';
import { array, distinct, floats, integers, uniform } from './draw.ts';
import { COMPOSED, GRADIENT } from './tolerance.ts';

interface Case {
  readonly name: string;
  readonly f: (...x: Tensor[]) => Tensor;
  readonly inputs: readonly NdArray[];
}

function of(name: string, f: Case['f'], ...inputs: readonly NdArray[]): Case {
  return { name, f, inputs };
}

const ratios: Deviation[] = [];

beforeAll(() => lv.init());
afterAll(() => {
  const last = [...ratios].sort((a, b) => ratio(b) - ratio(a)).slice(0, 8);
  const shown = last.map((x) => `${x.what.split(':')[0]} ${ratio(x).toFixed(2)}`);
  console.log(`achieved / allowed: ${shown.join(', ')}`);
});

/** All cases in one graph. */
async function compute(cases: readonly Case[]): Promise<NdArray[]> {
  const results = cases.map(({ f, inputs }) => f(...inputs.map((x) => hostTensor(x, x.data))));
  await currentBackend().realize(results);
  const data = await Promise.all(results.map((x) => x.data()));
  return results.map(({ shape, dtype }, k) => ({ shape, dtype, data: data[k] as NdArray['data'] }));
}

/** One sentence for every case that leaves its bound, or whose second run gives other bits. */
async function faults(cases: readonly Case[], factor: number = COMPOSED): Promise<string[]> {
  const results = await compute(cases);
  const deviations = cases.map(({ name, f, inputs }, k) => {
    const result = results[k] as NdArray;
    const { value, allowed } = bounded(f(...inputs.map((x) => hostTensor(x, x.data))), factor);
    return sameShape(value.shape, result.shape)
      ? compare(name, value, result, allowed)
      : { what: `${name}: has shape ${show(result.shape)}`, achieved: 1, allowed: 0 };
  });
  ratios.push(...deviations);
  const again = await compute(cases);
  const changed = cases.filter((_, k) => !sameBits((again[k] as NdArray).data, (results[k] as NdArray).data));
  return [...failures(deviations), ...changed.map(({ name }) => `${name}: a second run differs`)];
}

/** The gradient with respect to the first argument of the sum of squares of `f`. */
const gradient =
  (f: Case['f']): Case['f'] =>
  (x, ...rest) =>
    lv.grad((y: Tensor) =>
      f(y, ...rest)
        .square()
        .sum(),
    )(x);

const logits = uniform('logits', [5, 7], [[-6, 6]]);
const labels = array('i32', [5], [0, 6, 3, 3, 1]);
const weights = uniform('weights', [5], [[0, 1]]);

describe('softmax and its kin', () => {
  test('agree with float64', async () => {
    expect(
      await faults([
        of('softmax', (x) => lv.softmax(x), logits),
        of('softmax over the first axis', (x) => lv.softmax(x, 0), logits),
        of('logSoftmax', (x) => lv.logSoftmax(x), logits),
        of('logsumexp', (x) => lv.logsumexp(x), logits),
        of('logsumexp at 80', (x) => lv.logsumexp(x), floats([2, 3], [80, -80, 79, -80, -81, -200])),
        of('crossEntropy', (x, y) => lv.crossEntropy(x, y), logits, labels),
        of('crossEntropy with weights', (x, y, w) => lv.crossEntropy(x, y, w), logits, labels, weights),
        of('the loss of each example', (x, y) => lv.crossEntropyPerExample(x, y), logits, labels),
      ]),
    ).toEqual([]);
  });

  test('have gradients that agree with float64', async () => {
    expect(
      await faults(
        [
          of(
            'softmax′',
            gradient((x) => lv.softmax(x)),
            logits,
          ),
          of(
            'logsumexp′',
            gradient((x) => lv.logsumexp(x)),
            logits,
          ),
          of(
            'crossEntropy′',
            (x, y, w) => lv.grad((z: Tensor) => lv.crossEntropy(z, y, w))(x),
            logits,
            labels,
            weights,
          ),
          of(
            'crossEntropy″',
            (x, y, v) => lv.hvp((z: Tensor) => lv.crossEntropy(z, y))(x, v),
            logits,
            labels,
            uniform('direction', [5, 7]),
          ),
        ],
        GRADIENT,
      ),
    ).toEqual([]);
  });
});

describe('products of elements', () => {
  const zeros = (...positions: readonly number[]): NdArray =>
    floats(
      [7],
      [...uniform('prod', [7], [[0.5, 2]]).data].map((x, k) => (positions.includes(k) ? 0 : x)),
    );
  const points = [zeros(), zeros(2), zeros(2, 5), zeros(0, 3, 6)];

  test('and both their derivatives are right, at zeros too', async () => {
    expect(
      await faults(
        points.flatMap((x, k) => [
          of(`prod with ${k} zeros`, (y) => lv.prod(y), x),
          of(`prod′ with ${k} zeros`, (y) => lv.grad((z: Tensor) => lv.prod(z))(y), x),
          of(
            `prod″ with ${k} zeros`,
            (y, v) => lv.hvp((z: Tensor) => lv.prod(z))(y, v),
            x,
            uniform('direction', [7]),
          ),
        ]),
        GRADIENT,
      ),
    ).toEqual([]);
  });
});

describe('statistics and elementwise compositions', () => {
  test('agree with float64', async () => {
    expect(
      await faults([
        of('mean', (x) => lv.mean(x, 0), uniform('mean', [33, 5])),
        of('variance', (x) => lv.variance(x, 1), uniform('variance', [5, 33])),
        of('variance far from 0', (x) => lv.variance(x.add(100)), uniform('variance', [65])),
        of('variance over n - 1', (x) => lv.variance(x, 0, { correction: 1 }), uniform('variance', [9, 2])),
        of(
          'normalised rows',
          (x) => x.sub(x.mean(1, true)).mul(x.variance(1, { keep: true }).add(1e-5).rsqrt()),
          uniform('norm', [3, 33]),
        ),
        of('remainder', (x) => lv.remainder(x, 0.75), floats([6], [0.3, 1.1, -0.2, -3.3, 2.7, 100.1])),
        of('clamp', (x) => lv.clamp(x, -0.5, 0.5), uniform('clamp', [9])),
        of('ceil', (x) => lv.ceil(x), uniform('ceil', [9])),
        of('gelu by erf', (x) => x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1)), uniform('gelu', [65])),
        of(
          'powers',
          (x) => lv.concat([0, 0.5, 1, 2, 3, -1, -0.5].map((p) => lv.pow(x, p))),
          uniform('powers', [9], [[0.25, 4]]),
        ),
        of(
          'powers of negative numbers',
          (x) => lv.concat([0, 1, 2, 3, -1, -2].map((p) => lv.pow(x, p))),
          floats([4], [-2, -0.5, -3, -1]),
        ),
      ]),
    ).toEqual([]);
  });

  test('of integers agree exactly', async () => {
    expect(
      await faults([
        of(
          'remainder of i32',
          (x, y) => lv.remainder(x, y),
          array('i32', [6], [7, -7, 7, -7, 6, 0]),
          array('i32', [6], [3, 3, -3, -3, -3, 5]),
        ),
        of('remainder of u32', (x) => lv.remainder(x, 7), array('u32', [3], [6, 7, 2 ** 32 - 1])),
        of('oneHot', (x) => lv.oneHot(x, 4), array('i32', [5], [0, 3, 3, 1, 2])),
        of('argmin', (x) => lv.argmin(x, 0), uniform('argmin', [9, 4])),
        of('argmin of u32', (x) => lv.argmin(x), integers('argmin', [3, 9], 'u32', 0, 2 ** 32 - 1)),
        of('any', (x) => lv.any(x.greater(1.9), 1), uniform('any', [9, 9])),
        of('all', (x) => lv.all(x.greater(-1.9), 0), uniform('all', [9, 9])),
        of('sum of bool', (x) => lv.sum(x.greater(0)), uniform('count', [300])),
      ]),
    ).toEqual([]);
  });
});

describe('movement compositions', () => {
  test('agree exactly', async () => {
    expect(
      await faults([
        of(
          'take',
          (x, y) => lv.take(x, y, 1),
          uniform('take', [3, 5, 2]),
          array('i32', [2, 2], [4, 0, 0, 3]),
        ),
        of(
          'takeAlongAxis, broadcast',
          (x, y) => lv.takeAlongAxis(x, y, 1),
          uniform('along', [3, 5]),
          array('i32', [1, 2], [4, 1]),
        ),
        of('sort', (x) => lv.sort(x), distinct('sort', [3, 33])),
        of(
          'sort, descending, first axis',
          (x) => lv.sort(x, 0, { descending: true }),
          distinct('sort', [33, 3]),
        ),
        of('stack', (x, y) => lv.stack([x, y, x], 1), uniform('stack a', [3, 2]), uniform('stack b', [3, 2])),
        of(
          'concat of nine',
          (x) => lv.concat(Array.from({ length: 9 }, (_, k) => x.mul(k))),
          uniform('nine', [3]),
        ),
        of(
          'a transposed slice of a padded flip',
          (x) =>
            x
              .flip(0)
              .pad(
                [
                  [1, 1],
                  [0, 2],
                ],
                3,
              )
              .slice([1, 1], [4, 5], [2, 1])
              .transpose(),
          uniform('chain', [3, 4]),
        ),
        of(
          'a reshape of a transpose',
          (x) => x.transpose([2, 0, 1]).reshape([4, 6]),
          uniform('moved', [2, 3, 4]),
        ),
      ]),
    ).toEqual([]);
  });

  test('have gradients that scatter and gather', async () => {
    expect(
      await faults(
        [
          of(
            'take′',
            gradient((x, y) => lv.take(x, y)),
            uniform('take', [4, 3]),
            array('i32', [5], [1, 1, 3, 0, 1]),
          ),
          of(
            'sort′',
            gradient((x) => lv.sort(x).mul(lv.arange(9, 'f32'))),
            distinct('sort', [9]),
          ),
          of(
            'cumsum′',
            gradient((x) => lv.cumsum(x)),
            uniform('cumsum', [3, 70]),
          ),
          of(
            'max′',
            gradient((x) => lv.max(x, 1)),
            distinct('max', [5, 33]),
          ),
          of(
            'pad and slice with steps′',
            gradient((x) => x.pad([[2, 1]]).slice([1], [8], [3])),
            uniform('steps', [7]),
          ),
        ],
        GRADIENT,
      ),
    ).toEqual([]);
  });
});

describe('matrix products', () => {
  const a = uniform('matmul a', [2, 3, 5]);
  const b = uniform('matmul b', [5, 4]);
  const v = uniform('matmul v', [5]);

  test('broadcast over batches in every layout, and take vectors', async () => {
    expect(
      await faults([
        of('batch · matrix', (x, y) => lv.matmul(x, y), a, b),
        of('batch · matrixᵀ', (x, y) => lv.matmul(x, y.transpose(), { transposeB: true }), a, b),
        of('batchᵀ · matrix', (x, y) => lv.matmul(x.swapAxes(1, 2), y, { transposeA: true }), a, b),
        of(
          'batchᵀ · matrixᵀ',
          (x, y) => lv.matmul(x.swapAxes(1, 2), y.transpose(), { transposeA: true, transposeB: true }),
          a,
          b,
        ),
        of('matrixᵀ · batchᵀ', (x, y) => lv.matmul(y, x, { transposeA: true, transposeB: true }), a, b),
        of(
          'batch · batch, broadcast',
          (x, y) => lv.matmul(x.expandDims(1), y),
          a,
          uniform('matmul c', [3, 5, 2]),
        ),
        of('batch · vector', (x, y) => lv.matmul(x, y), a, v),
        of('vector · matrix', (x, y) => lv.matmul(x, y), v, b),
        of('dot', (x, y) => lv.dot(x, y), v, uniform('matmul w', [5])),
        of(
          'bias and relu',
          (x, y, z) => lv.relu(x.matmul(y).add(z)),
          uniform('rows', [9, 5]),
          b,
          uniform('bias', [4]),
        ),
      ]),
    ).toEqual([]);
  });

  test('have gradients in every layout', async () => {
    expect(
      await faults(
        [
          of(
            'batch · matrix, left′',
            gradient((x, y) => lv.matmul(x, y)),
            a,
            b,
          ),
          of(
            'batch · matrix, right′',
            gradient((y, x) => lv.matmul(x, y)),
            b,
            a,
          ),
          of(
            'transposed both, left′',
            gradient((x, y) => lv.matmul(x, y, { transposeA: true, transposeB: true })),
            uniform('l', [5, 3]),
            uniform('r', [4, 5]),
          ),
          of(
            'transposed both, right′',
            gradient((y, x) => lv.matmul(x, y, { transposeA: true, transposeB: true })),
            uniform('r', [4, 5]),
            uniform('l', [5, 3]),
          ),
        ],
        GRADIENT,
      ),
    ).toEqual([]);
  });
});

describe('fusion', () => {
  const cases = [
    of('softmax', (x) => lv.softmax(x), logits),
    of(
      'normalised rows',
      (x) => x.sub(x.mean(1, true)).mul(x.variance(1, { keep: true }).add(1e-5).rsqrt()),
      uniform('norm', [3, 33]),
    ),
    of(
      'a moved and masked chain',
      (x) =>
        lv
          .where(x.transpose().greater(0), x.transpose().exp(), 0)
          .pad([
            [1, 1],
            [0, 2],
          ])
          .flip(1),
      uniform('mask', [5, 7]),
    ),
    of(
      'the gradient of a product',
      gradient((x, y) => lv.tanh(x.matmul(y))),
      uniform('rows', [9, 5]),
      uniform('columns', [5, 4]),
    ),
  ];

  test('changes nothing beyond the bound: every node computed by itself is within it too', async () => {
    const deviations = await Promise.all(
      cases.map(async ({ name, f, inputs }) => {
        const y = f(...inputs.map((x) => hostTensor(x, x.data)));
        const { value, allowed } = bounded(y);
        for (const node of topologicalOrder([y])) await currentBackend().realize([node]);
        return compare(name, value, { ...value, data: await y.data() }, allowed);
      }),
    );
    ratios.push(...deviations);
    expect(failures(deviations)).toEqual([]);
  });
});

describe('a network', () => {
  const [x, w1, b1, w2] = [
    uniform('x', [6, 4]),
    uniform('w1', [4, 5]),
    uniform('b1', [5]),
    uniform('w2', [5, 3]),
  ];
  const y = array('i32', [6], [0, 1, 2, 2, 1, 0]);
  const loss = (activation: (z: Tensor) => Tensor) => (p: Tensor[], at: Tensor, labelled: Tensor) =>
    lv.crossEntropy(activation(at.matmul(p[0]!).add(p[1]!)).matmul(p[2]!), labelled);

  test('has gradients and curvature that agree with float64', async () => {
    expect(
      await faults(
        [
          of(
            'tanh network, hidden weights′',
            (w, ...rest) =>
              lv.grad((p: Tensor) =>
                loss(lv.tanh)(
                  [p, rest[1] as Tensor, rest[2] as Tensor],
                  rest[0] as Tensor,
                  rest[3] as Tensor,
                ),
              )(w),
            w1,
            x,
            b1,
            w2,
            y,
          ),
          of(
            'tanh network, bias′',
            (b, ...rest) =>
              lv.grad((p: Tensor) =>
                loss(lv.tanh)(
                  [rest[1] as Tensor, p, rest[2] as Tensor],
                  rest[0] as Tensor,
                  rest[3] as Tensor,
                ),
              )(b),
            b1,
            x,
            w1,
            w2,
            y,
          ),
          of(
            'relu network, hidden weights′',
            (w, ...rest) =>
              lv.grad((p: Tensor) =>
                loss(lv.relu)(
                  [p, rest[1] as Tensor, rest[2] as Tensor],
                  rest[0] as Tensor,
                  rest[3] as Tensor,
                ),
              )(w),
            w1,
            x,
            b1,
            w2,
            y,
          ),
          of(
            'sigmoid network, hidden weights″',
            (w, ...rest) =>
              lv.hvp((p: Tensor) =>
                loss(lv.sigmoid)(
                  [p, rest[1] as Tensor, rest[2] as Tensor],
                  rest[0] as Tensor,
                  rest[3] as Tensor,
                ),
              )(w, rest[4] as Tensor),
            w1,
            x,
            b1,
            w2,
            y,
            uniform('v', [4, 5]),
          ),
        ],
        GRADIENT,
      ),
    ).toEqual([]);
  });
});

describe('random numbers', () => {
  const key = array('u32', [2], [7, 11]);

  test('are the host’s bits, and the functions of them agree', async () => {
    expect(
      await faults([
        of('uniform', (k) => lv.random.uniform(k, [300]), key),
        of('normal', (k) => lv.random.normal(k, [129]), key),
        of('bernoulli', (k) => lv.random.bernoulli(k, 0.3, [300]), key),
        of('permutation', (k) => lv.random.permutation(k, 100), key),
        of('split', (k) => lv.random.split(k, 3), key),
        of('foldIn', (k) => lv.random.foldIn(k, 12), key),
      ]),
    ).toEqual([]);
  });
});
