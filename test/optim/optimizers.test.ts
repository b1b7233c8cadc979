import { beforeAll, describe, expect, it } from 'vitest';
import { init, jit, mul, sub, tensor, tree, type Tensor, type Tree } from '../../engine/index.ts';
import {
  adam,
  adamw,
  adjustable,
  applyUpdates,
  chain,
  constant,
  cosineDecay,
  exponentialDecay,
  lamb,
  piecewise,
  scaleBySchedule,
  sgd,
  stepDecay,
  trace,
  withLearningRate,
  type GradientTransformation,
  type Schedule,
} from '../../optim/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const start = [1, -2, 3];
const curvature = [0.5, 1, 4];

/** Parameters after every step on ½ Σ h (w - 1)², whose gradient is h (w - 1). */
async function descend(optimizer: GradientTransformation, steps: number): Promise<number[][]> {
  const h = tensor(curvature);
  const step = jit(
    (w: { a: Tensor }, state: Tree) => {
      const gradient = { a: mul(h, sub(w.a, 1)) };
      const [updates, next] = optimizer.update(gradient, state, w);
      return [applyUpdates(w, updates), next] as [{ a: Tensor }, Tree];
    },
    { donate: [0, 1] },
  );
  let w = { a: tensor(start) };
  let state = optimizer.init(w);
  const path: number[][] = [];
  for (let t = 0; t < steps; t++) {
    [w, state] = step(w, state);
    path.push([...(await w.a.data())]);
  }
  return path;
}

/** The same in plain float64: `rule` maps (gradient, weight, t from 1, memory) to the change of the weight. */
function expected(
  steps: number,
  rule: (g: number, w: number, t: number, memory: { m: number; v: number }) => number,
): number[][] {
  const w = [...start];
  const memory = w.map(() => ({ m: 0, v: 0 }));
  return Array.from({ length: steps }, (_, t) => {
    w.forEach((weight, k) => {
      w[k] = weight + rule(curvature[k]! * (weight - 1), weight, t + 1, memory[k]!);
    });
    return [...w];
  });
}

function adamRule(rate: number, coupled: number, decoupled: number) {
  return (gradient: number, w: number, t: number, memory: { m: number; v: number }): number => {
    const g = gradient + coupled * w;
    memory.m = 0.9 * memory.m + 0.1 * g;
    memory.v = 0.999 * memory.v + 0.001 * g * g;
    const adapted = memory.m / (1 - 0.9 ** t) / (Math.sqrt(memory.v / (1 - 0.999 ** t)) + 1e-7);
    return -rate * (adapted + decoupled * w);
  };
}

function momentumRule(rate: number, momentum: number, nesterov: boolean, decay = 0) {
  return (gradient: number, w: number, _t: number, memory: { m: number; v: number }): number => {
    const g = gradient + decay * w;
    memory.m = momentum * memory.m + g;
    return -rate * (nesterov ? g + momentum * memory.m : memory.m);
  };
}

/** The largest difference between two paths. */
function distance(actual: number[][], reference: number[][]): number {
  expect(actual.length).toBe(reference.length);
  return Math.max(...actual.flatMap((row, t) => row.map((value, k) => Math.abs(value - reference[t]![k]!))));
}

describe('optimizers follow their float64 definitions for 100 steps', () => {
  const cases: [string, GradientTransformation, Parameters<typeof expected>[1]][] = [
    ['sgd', sgd({ learningRate: 0.1 }), (g) => -0.1 * g],
    ['sgd with coupled decay', sgd({ learningRate: 0.1, weightDecay: 0.3 }), (g, w) => -0.1 * (g + 0.3 * w)],
    ['momentum', sgd({ learningRate: 0.02, momentum: 0.9 }), momentumRule(0.02, 0.9, false)],
    [
      'Nesterov momentum with decay',
      sgd({ learningRate: 0.02, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
      momentumRule(0.02, 0.9, true, 0.1),
    ],
    ['adam', adam({ learningRate: 0.05 }), adamRule(0.05, 0, 0)],
    ['adam with coupled decay', adam({ learningRate: 0.05, weightDecay: 0.2 }), adamRule(0.05, 0.2, 0)],
    ['adamw', adamw({ learningRate: 0.05, weightDecay: 0.2 }), adamRule(0.05, 0, 0.2)],
  ];
  for (const [name, optimizer, rule] of cases)
    it(`${name} does`, async () =>
      expect(distance(await descend(optimizer, 100), expected(100, rule))).toBeLessThan(1e-11));
});

describe('optimizers', () => {
  it('SGD on a quadratic is the closed form 1 + (w0 - 1)(1 - rate·h)^t', async () => {
    const path = await descend(sgd({ learningRate: 0.1 }), 50);
    start.forEach((w, k) => {
      const closed = 1 + (w - 1) * (1 - 0.1 * curvature[k]!) ** 50;
      expect(path[49]![k]).toBeCloseTo(closed, 12);
    });
  });

  it('a learning rate of zero changes nothing', async () => {
    for (const optimizer of [
      sgd({ learningRate: 0, momentum: 0.9, weightDecay: 0.1 }),
      adam({ learningRate: 0 }),
      adamw({ learningRate: 0 }),
      sgd({ learningRate: constant(0) }),
      sgd({ learningRate: adjustable(0) }),
    ])
      expect((await descend(optimizer, 3)).at(-1)).toEqual(start);
  });

  it('coupled and decoupled decay differ: Adam divides only the coupled one by the root of its square', async () => {
    const [coupled] = await descend(adam({ learningRate: 0.05, weightDecay: 0.2 }), 1);
    const [decoupled] = await descend(adamw({ learningRate: 0.05, weightDecay: 0.2 }), 1);
    // Gradients 0, -3, 8 at weights 1, -2, 3; Adam's first step is the sign.
    [1 - 0.05, -2 + 0.05, 3 - 0.05].forEach((w, k) => expect(coupled![k]).toBeCloseTo(w, 6));
    [1 - 0.05 * 0.2, -2 + 0.05 * (1 + 0.4), 3 - 0.05 * (1 + 0.6)].forEach((w, k) =>
      expect(decoupled![k]).toBeCloseTo(w, 6),
    );
  });

  it('the first step of Adam is the learning rate times the sign of the gradient', async () => {
    const [first] = await descend(adam({}), 1);
    expect(first![1]! - start[1]!).toBeCloseTo(1e-3, 9);
    expect(first![2]! - start[2]!).toBeCloseTo(-1e-3, 9);
  });

  it('every chained transformation sees the updates of the one before and the parameters', async () => {
    const doubled = chain(sgd({ learningRate: 0.1 }), scaleBySchedule(constant(2)));
    expect(
      distance(
        await descend(doubled, 5),
        expected(5, (g) => -0.2 * g),
      ),
    ).toBeLessThan(1e-11);
  });
});

describe('schedules', () => {
  const rates = async (schedule: Schedule, steps: number[]): Promise<number[]> =>
    Promise.all(steps.map((step) => schedule(tensor(Int32Array.of(step), [])).item()));

  it('stairs, exponentials, cosines and pieces have their tabulated values', async () => {
    expect(await rates(constant(0.3), [0, 99])).toEqual([0.3, 0.3]);
    const stairs = await rates(stepDecay({ initial: 1, factor: 0.5, every: 10 }), [0, 9, 10, 19, 20, 30]);
    [1, 1, 0.5, 0.5, 0.25, 0.125].forEach((rate, k) => expect(stairs[k]).toBeCloseTo(rate, 12));
    const smooth = await rates(exponentialDecay({ initial: 2, factor: 0.25, every: 10 }), [0, 5, 10]);
    [2, 1, 0.5].forEach((rate, k) => expect(smooth[k]).toBeCloseTo(rate, 12));
    const cosine = await rates(cosineDecay({ initial: 1, steps: 100, final: 0.2 }), [0, 50, 100, 1000]);
    [1, 0.6, 0.2, 0.2].forEach((rate, k) => expect(cosine[k]).toBeCloseTo(rate, 12));
    const pieces = piecewise([
      { from: 0, value: 1 },
      { from: 3, value: 0.5 },
      { from: 7, value: 0.1 },
    ]);
    expect(await rates(pieces, [0, 2, 3, 6, 7, 100])).toEqual([1, 1, 0.5, 0.5, 0.1, 0.1]);
  });

  it('a schedule inside a recorded step counts its updates', async () => {
    const schedule = piecewise([
      { from: 0, value: 0.1 },
      { from: 2, value: 0 },
    ]);
    const path = await descend(sgd({ learningRate: schedule }), 4);
    expect(
      distance(
        path,
        expected(4, (g, _w, t) => (t <= 2 ? -0.1 * g : 0)),
      ),
    ).toBeLessThan(1e-11);
  });

  it('refuses pieces out of order and rates that cannot decay', () => {
    expect(() => piecewise([{ from: 1, value: 1 }])).toThrow(expect.objectContaining({ code: 'SCHEDULE' }));
    expect(() => stepDecay({ initial: 1, factor: 0, every: 3 })).toThrow(
      expect.objectContaining({ code: 'SCHEDULE' }),
    );
  });
});

describe('an optimizer', () => {
  it.each<[string, () => unknown]>([
    ['momentum that keeps all', () => sgd({ learningRate: 0.1, momentum: 1 })],
    ['momentum of 2', () => sgd({ learningRate: 0.1, momentum: 2 })],
    ['negative momentum', () => sgd({ learningRate: 0.1, momentum: -1 })],
    ['momentum that is no number', () => trace({ momentum: NaN })],
    ['negative decay', () => sgd({ learningRate: 0.1, weightDecay: -1 })],
    ['decoupled decay that is no number', () => adamw({ weightDecay: NaN })],
    ['β1 of 2', () => adam({ beta1: 2 })],
    ['β2 of 1', () => adam({ beta2: 1 })],
    ['negative eps', () => lamb({ eps: -1 })],
    ['a negative rate', () => sgd({ learningRate: -0.1 })],
    ['a rate that is no number', () => adam({ learningRate: NaN })],
  ])('with %s is refused', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'OPTIMIZER' }));
  });
});

describe('an adjustable learning rate', () => {
  it('changes between steps without the step being recorded again', async () => {
    const optimizer = sgd({ learningRate: adjustable(0.5), momentum: 0.5 });
    let recordings = 0;
    const step = jit(
      (w: Tensor, state: Tree) => {
        recordings++;
        const [updates, next] = optimizer.update(w, state, w);
        return [applyUpdates(w, updates), next] as [Tensor, Tree];
      },
      { donate: [0, 1] },
    );
    let w = tensor([1]);
    let state = optimizer.init(w);
    [w, state] = step(w, state); // trace 1, w = 1 - 0.5
    state = withLearningRate(state, 0.25);
    [w, state] = step(w, state); // trace 0.5 + 0.5 = 1, w = 0.5 - 0.25
    expect(await w.item()).toBeCloseTo(0.25, 14);
    expect(recordings).toBe(1);
    expect(tree.paths(state).map(({ path }) => path)).toEqual(['0/trace', '1/learningRate']);
  });

  it('is missed where there is none', () => {
    expect(() => withLearningRate(sgd({ learningRate: 0.1 }).init(tensor([1])), 1)).toThrow(
      expect.objectContaining({ code: 'OPTIMIZER' }),
    );
  });
});
