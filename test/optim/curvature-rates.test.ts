/** MCLR, LARS, PercentDelta, LAMB and CBLR against float64 loops and the invariants of papers.md, section 4.2. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  grad,
  hvp,
  init,
  jit,
  mul,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import {
  adjustable,
  applyUpdates,
  curvatureRadius,
  curvatureRate,
  groupRate,
  lamb,
  lars,
  medianCurvature,
  percentDelta,
  scaleByGroupRate,
  withLearningRate,
  type GradientTransformation,
  type GroupRateOptions,
  type GroupRule,
} from '../../optim/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const start = { even: [1, -2, 3, 0.5], odd: [0.3, -0.7, 2], zero: [0, 0] };
const stiffness = { even: [0.5, 1, 4, 2], odd: [3, 0.2, 1], zero: [1, 2] };
const names = ['even', 'odd', 'zero'] as const;
type Groups<T> = Record<(typeof names)[number], T>;
const each = <A, B>(groups: Groups<A>, f: (value: A, name: (typeof names)[number]) => B): Groups<B> => ({
  even: f(groups.even, 'even'),
  odd: f(groups.odd, 'odd'),
  zero: f(groups.zero, 'zero'),
});

/** All parameters after every step on ½ Σ h (w - 1)². */
async function descend(optimizer: GradientTransformation, steps: number): Promise<number[][]> {
  const h = each(stiffness, (values) => tensor(values));
  const step = jit(
    (w: Groups<Tensor>, state: Tree) => {
      const gradient = each(w, (value, name) => mul(h[name], sub(value, 1)));
      const [updates, next] = optimizer.update(gradient, state, w);
      return [applyUpdates(w, updates), next] as [Groups<Tensor>, Tree];
    },
    { donate: [0, 1] },
  );
  let w = each(start, (values) => tensor(values));
  let state = optimizer.init(w);
  const path: number[][] = [];
  for (let t = 0; t < steps; t++) {
    [w, state] = step(w, state);
    const values = await Promise.all(names.map(async (name) => [...(await w[name].data())]));
    path.push(values.flat());
  }
  return path;
}

/** The same in plain float64: `rule` maps a group's weights, gradient and memory to what is subtracted. */
type Memory = { v: number[]; m: number[]; s: number[] };
type Step = (w: number[], g: number[], memory: Memory, t: number) => number[];
function expected(steps: number, rule: Step): number[][] {
  const w = each(start, (values) => [...values]);
  const memory = each(w, (values) => ({
    v: values.map(() => 0),
    m: values.map(() => 0),
    s: values.map(() => 0),
  }));
  return Array.from({ length: steps }, (_, t) => {
    for (const name of names) {
      const g = w[name].map((x, k) => stiffness[name][k]! * (x - 1));
      rule(w[name], g, memory[name], t + 1).forEach((d, k) => (w[name][k]! -= d));
    }
    return names.flatMap((name) => [...w[name]]);
  });
}

const norm = (x: number[]): number => Math.hypot(...x);
const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const median = (x: number[]): number => {
  const sorted = x.toSorted((a, b) => a - b);
  return (sorted[(x.length - 1) >> 1]! + sorted[x.length >> 1]!) / 2;
};
const absolute = (x: number[]): number[] => x.map(Math.abs);

const sizes: Record<string, (w: number[], g: number[]) => [number, number]> = {
  medians: (w, g) => [median(absolute(w)), median(absolute(g))],
  'median-of-ratios': (w, g) => [median(w.map((x, k) => Math.abs(x / g[k]!))), 1],
  norms: (w, g) => [norm(w), norm(g)],
  'percent-delta': (w, g) => [
    w.some((x) => x !== 0) ? 1 : 0,
    mean(w.flatMap((x, k) => (x === 0 ? [] : [Math.abs(g[k]! / x)]))),
  ],
};

function groupStep(rule: GroupRule, gamma: number, globalRate: number, decay = 0, momentum = 0): Step {
  return (w, g, memory) => {
    const [W, G] = sizes[rule]!(w, g);
    const rate = W < 1e-12 || G < 1e-12 ? globalRate : (gamma * W) / (G + decay * W + 1e-9);
    return g.map((x, k) => (memory.v[k] = momentum * memory.v[k]! + rate * (x + decay * w[k]!)));
  };
}

const lambStep: Step = (w, g, memory, t) => {
  const u = g.map((x, k) => {
    memory.m[k] = 0.9 * memory.m[k]! + 0.1 * x;
    memory.s[k] = 0.999 * memory.s[k]! + 0.001 * x * x;
    const adapted = memory.m[k] / (1 - 0.9 ** t) / (Math.sqrt(memory.s[k] / (1 - 0.999 ** t)) + 1e-6);
    return adapted + 0.1 * w[k]!;
  });
  const ratio = norm(w) < 1e-12 || norm(u) < 1e-12 ? 1 : norm(w) / norm(u);
  return u.map((x) => 0.02 * ratio * x);
};

function distance(actual: number[][], reference: number[][]): number {
  expect(actual.length).toBe(reference.length);
  return Math.max(...actual.flatMap((row, t) => row.map((x, k) => Math.abs(x - reference[t]![k]!))));
}

describe('group rates follow their float64 definitions for 50 steps, a zero-initialised group included', () => {
  const options = { gamma: 0.02, globalRate: 0.05 };
  const cases: [string, GradientTransformation, Step][] = [
    ['MCLR', medianCurvature(options), groupStep('medians', 0.02, 0.05)],
    [
      'MCLR of ratios with decay',
      medianCurvature({ ...options, rule: 'median-of-ratios', weightDecay: 0.1 }),
      groupStep('median-of-ratios', 0.02, 0.05, 0.1),
    ],
    ['LARS', lars(options), groupStep('norms', 0.02, 0.05)],
    [
      'LARS with decay and momentum',
      lars({ ...options, weightDecay: 0.1, momentum: 0.9 }),
      groupStep('norms', 0.02, 0.05, 0.1, 0.9),
    ],
    ['PercentDelta', percentDelta(options), groupStep('percent-delta', 0.02, 0.05)],
    [
      'PercentDelta with decay',
      percentDelta({ ...options, weightDecay: 0.1 }),
      groupStep('percent-delta', 0.02, 0.05, 0.1),
    ],
    ['LAMB', lamb({ learningRate: 0.02, weightDecay: 0.1 }), lambStep],
  ];
  for (const [name, optimizer, rule] of cases)
    it(`${name} does`, async () =>
      expect(distance(await descend(optimizer, 50), expected(50, rule))).toBeLessThan(1e-10));
});

const rules: GroupRule[] = ['medians', 'median-of-ratios', 'norms', 'percent-delta'];
const w0 = [1, -2, 3, 0.5, 7];
const g0 = [0.3, 0.1, -2, 4, -0.7];
const rate = (rule: GroupRule, w: number[], g: number[], options: Partial<GroupRateOptions> = {}) =>
  groupRate(rule, tensor(w), tensor(g), { gamma: 0.1, globalRate: 0.7, eps: 0, ...options }).item();
const times = (x: number[], c: number): number[] => x.map((value) => value * c);

describe('the rates per group', () => {
  it('are all γR, and γR/(1 + βR) with decay, where |w/g| is R throughout', async () => {
    const g = w0.map((x, k) => (k % 2 === 0 ? x : -x) / 2.5);
    for (const rule of rules) {
      expect(await rate(rule, w0, g)).toBeCloseTo(0.1 * 2.5, 12);
      expect(await rate(rule, w0, g, { weightDecay: 0.4 })).toBeCloseTo((0.1 * 2.5) / (1 + 0.4 * 2.5), 12);
    }
  });

  it('leave the update as it is when the loss is scaled', async () => {
    for (const rule of rules) {
      const update = async (g: number[]): Promise<number[]> => {
        const optimizer = scaleByGroupRate(rule, { gamma: 0.1, globalRate: 0.7 });
        return [...(await optimizer.update({ g: tensor(g) }, [], { g: tensor(w0) })[0].g.data())];
      };
      const [plain, scaled] = [await update(g0), await update(times(g0, 10))];
      plain.forEach((value, k) => expect(scaled[k]! / value).toBeCloseTo(1, 7));
    }
  });

  it('scale by c² under the reparametrisation w -> cw, g -> g/c', async () => {
    for (const rule of rules)
      expect((await rate(rule, times(w0, 3), times(g0, 1 / 3))) / (await rate(rule, w0, g0))).toBeCloseTo(
        9,
        11,
      );
  });

  it('are the global rate where weights or gradients are zero, and never not a number', async () => {
    for (const rule of rules)
      for (const weightDecay of [0, 0.1]) {
        expect(await rate(rule, [0, 0, 0], [1, 2, 3], { weightDecay })).toBe(0.7);
        expect(await rate(rule, [1, 2, 3], [0, 0, 0], { weightDecay })).toBe(0.7);
        expect(await rate(rule, [0, 0, 0], [0, 0, 0], { weightDecay })).toBe(0.7);
      }
    expect(await rate('medians', [1, 2, 3], [0, 1e-13, 5])).toBe(0.7);
    expect(await rate('norms', [], [])).toBe(0.7);
  });

  it('of PercentDelta leave weights of zero out of the mean', async () => {
    expect(await rate('percent-delta', [0, 2, 4], [5, 1, 2])).toBeCloseTo(0.1 * 2, 12);
  });

  it('stay below a bound', async () => {
    for (const rule of rules) expect(await rate(rule, w0, times(g0, 1e-6), { maxRate: 0.3 })).toBe(0.3);
  });

  it('are multiplied, the global one included, by a learning rate that the host may change', async () => {
    const optimizer = lars({ gamma: 0.1, globalRate: 0.7, learningRate: adjustable(1) });
    const params = [tensor(w0), tensor([0])];
    const update = async (state: Tree): Promise<number[]> => {
      const updates = optimizer.update([tensor(g0), tensor([2])], state, params)[0];
      return [...(await updates[0]!.data()), ...(await updates[1]!.data())];
    };
    const state = optimizer.init(params);
    const [full, half] = [await update(state), await update(withLearningRate(state, 0.5))];
    expect(full[5]).toBeCloseTo(-1.4, 12);
    full.forEach((value, k) => expect(half[k]).toBeCloseTo(value / 2, 12));
  });

  it('refuse shares that are not positive, and negative decay', () => {
    const refused: unknown = expect.objectContaining({ code: 'OPTIMIZER' });
    const call = (options: Partial<GroupRateOptions>) => () =>
      scaleByGroupRate('norms', { gamma: 0.1, globalRate: 0.7, ...options });
    for (const gamma of [0, -1, Number.NaN, Infinity]) expect(call({ gamma })).toThrow(refused);
    expect(call({ globalRate: -1 })).toThrow(refused);
    expect(call({ weightDecay: -0.1 })).toThrow(refused);
    expect(call({ maxRate: 0 })).toThrow(refused);
    expect(() => lamb({ weightDecay: -1 })).toThrow(refused);
  });
});

describe('the curvature-based rate', () => {
  const h = [0.5, 4, 12, 1];
  const b = [1, -2, 3, 0.25];
  const loss = (w: Tensor): Tensor => sum(mul(tensor(h.map((x) => x / 2)), square(sub(w, tensor(b)))));
  const axis = (k: number): Tensor => tensor(h.map((_, i) => Number(i === k)));

  it('with γ = 1 near a minimum is a Newton step on a separable quadratic, the diagonal from columns of hvp', async () => {
    const w = tensor(b.map((x, k) => x + 1e-4 * (k + 1)));
    const columns = await Promise.all(h.map(async (_, k) => (await hvp(loss)(w, axis(k)).data())[k]!));
    columns.forEach((value, k) => expect(value).toBeCloseTo(h[k]!, 12));
    const optimizer = curvatureRate({ gamma: 1, curvature: tensor(columns) });
    const [updates] = optimizer.update(grad(loss)(w), optimizer.init(w), w);
    const next = await applyUpdates(w, updates).data();
    next.forEach((value, k) => expect(Math.abs(value - b[k]!)).toBeLessThan(1e-3 * 1e-4 * (k + 1)));
  });

  it('is the radius of the circle: 1/(2a) at the vertex of a x², 1/a where the loss is ½ a x²', async () => {
    const radius = (g: number, curvature: number) =>
      curvatureRadius(tensor([g]), tensor([curvature]), 100).item();
    expect(await radius(0, 2 * 3)).toBeCloseTo(1 / 6, 14);
    expect(await radius(0, 3)).toBeCloseTo(1 / 3, 14);
    expect(await radius(2, -3)).toBeCloseTo(5 ** 1.5 / 3, 12); // negative curvature counts by its magnitude
    expect(await radius(2, 0)).toBeCloseTo(100, 11);
    expect(await radius(0, 1e-9)).toBeCloseTo(100, 11);
  });

  it('follows its float64 definition for 50 steps, recorded with the curvature of every step', async () => {
    const options = { gamma: 0.1, weightDecay: 0.1 };
    // L = Σ w⁴/24 + w²/2.
    const step = jit((w: Tensor) => {
      const g = mul(w, mul(square(w), 1 / 6).add(1));
      const curvature = mul(square(w), 0.5).add(1);
      const optimizer = curvatureRate({ ...options, curvature });
      return applyUpdates(w, optimizer.update(g, optimizer.init(w), w)[0]);
    });
    let w = tensor([0.8, -0.5, 0.1]);
    const reference = [0.8, -0.5, 0.1];
    for (let t = 0; t < 50; t++) {
      w = step(w);
      reference.forEach((x, k) => {
        const g = x ** 3 / 6 + x + 0.1 * x;
        reference[k] = x - (0.1 * g * (1 + g * g) ** 1.5) / (x * x * 0.5 + 1 + 0.1);
      });
    }
    (await w.data()).forEach((x, k) => expect(x).toBeCloseTo(reference[k]!, 10));
  });

  it('refuses a curvature of another shape and a γ that is not positive', () => {
    const w = tensor([1, 2]);
    const optimizer = curvatureRate({ gamma: 1, curvature: tensor([1]) });
    expect(() => optimizer.update(w, optimizer.init(w), w)).toThrow(
      expect.objectContaining({ code: 'SHAPE' }),
    );
    expect(() => curvatureRate({ gamma: 0, curvature: w })).toThrow(
      expect.objectContaining({ code: 'OPTIMIZER' }),
    );
  });
});
