import { beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  concat,
  dot,
  init,
  LangevinError,
  log,
  matmul,
  mean,
  mul,
  random,
  reshape,
  square,
  stack,
  sub,
  sum,
  take,
  tensor,
  tree,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { batchNorm, conv2d, dense, ghostBatchNorm, relu, sequential } from '../../nn/index.ts';
import {
  cheaperForm,
  classification,
  cosineStatistics,
  eachGradient,
  emptyTreeMoments,
  gradientDiversity,
  gradientGram,
  gradientMoments,
  indexMicrobatches,
  meanGradient,
  mergeTreeMoments,
  microbatches,
  normCost,
  observeTrees,
  pairCost,
  perExampleGradients,
  perExampleSquaredNorms,
  policyContext,
  treeMomentsOf,
  unitPoint,
  type ByPath,
  type GradientForm,
  type GradientPoint,
  type NormalizationPolicy,
  type Problem,
} from '../../stats/index.ts';
import {
  flat,
  gradientsByLoop,
  images,
  imageShape,
  inner,
  meanOf,
  numbers,
  part,
  problemOf,
  rowsOf,
  smallConvNet,
  worst,
  type Batch,
} from './per-example-helpers.ts';

beforeAll(() => init({ backend: 'reference' }));

const COUNT = 6;
const net = smallConvNet();
const { params } = net.init(random.key(2), imageShape);
const data = images(COUNT);
const problem = problemOf(net);
const point = (size?: number, from: Batch = data) => ({ problem, params, data: microbatches(from, size) });
const squares = (rows: readonly Float64Array[]): number[] => rows.map((row) => inner(row, row));
const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;

let loop: Promise<Float64Array[]> | undefined;
const byLoop = (): Promise<Float64Array[]> => (loop ??= gradientsByLoop(problem, params, data));

describe('the gradients of single examples', () => {
  it('are those of a loop over the examples', async () => {
    const rows = await byLoop();
    for (const size of [1, 4]) {
      const found: Float64Array[] = [];
      for await (const { gradients, first, count } of eachGradient(point(size))) {
        expect(first).toBe(found.length);
        const leaves = await numbers(concat(tree.leaves(gradients).map(rowsOf), 1));
        const width = leaves.length / count;
        for (let k = 0; k < count; k++) found.push(leaves.slice(k * width, (k + 1) * width));
      }
      expect(Math.max(...found.map((row, mu) => worst(row, rows[mu]!)))).toBeLessThan(1e-12);
      expect(found).toHaveLength(COUNT);
    }
  });

  it('of a loss of one example are that loss differentiated and mapped over the batch', async () => {
    const [w, b] = [tensor([1, -2, 0.5]), tensor(0.25)];
    const x = random.normal(random.key(1), [4, 3]);
    const y = random.normal(random.key(2), [4]);
    type Line = { readonly w: Tensor; readonly b: Tensor };
    const gradients = perExampleGradients(
      (p: Line, example: Batch) => mul(square(sub(add(dot(p.w, example.x), p.b), example.y)), 0.5),
      { w, b },
      { x, y },
    );
    // (wᵀx + b - y) x, and its factor.
    const errors = sub(add(matmul(x, w), b), y);
    expect(worst(await numbers(gradients.b), await numbers(errors))).toBeLessThan(1e-14);
    expect(worst(await numbers(gradients.w), await numbers(mul(x, reshape(errors, [4, 1]))))).toBeLessThan(
      1e-14,
    );
  });

  it('have the gradient of the batch for mean', async () => {
    const { mean: average, meanLoss } = await gradientMoments(point(3));
    const { gradient, loss } = await meanGradient(point());
    expect(worst(await flat(average), await numbers(gradient))).toBeLessThan(1e-14);
    expect(worst(await flat(average), meanOf(await byLoop()))).toBeLessThan(1e-14);
    expect(meanLoss).toBeCloseTo(await loss.item(), 14);
  });

  it('do not depend on the order of the examples, nor on how many are taken at once', async () => {
    const order = [4, 0, 2, 5, 1, 3];
    const pick = tensor(Int32Array.from(order));
    const shuffled = { x: take(data.x, pick), y: take(data.y, pick) };
    const reference = await perExampleSquaredNorms(point());
    for (const size of [1, 4]) {
      const { whole, losses, microbatch } = await perExampleSquaredNorms(point(size, shuffled));
      expect(microbatch).toBe(size);
      expect(
        worst(
          whole,
          order.map((mu) => reference.whole[mu]!),
        ),
      ).toBeLessThan(1e-11);
      expect(
        worst(
          losses,
          order.map((mu) => reference.losses[mu]!),
        ),
      ).toBeLessThan(1e-14);
    }
  });
});

describe('squared norms of gradients', () => {
  it('are the same in the Gram form and materialised, whatever the cost model chooses', async () => {
    const expected = squares(await byLoop());
    const byForm = new Map<GradientForm | undefined, ByPath<GradientForm>>();
    for (const form of [undefined, 'gram', 'materialised'] as const) {
      const norms = await perExampleSquaredNorms(point(3), form ? { form } : {});
      expect(worst(norms.whole, expected) / Math.max(...expected)).toBeLessThan(1e-14);
      byForm.set(form, norms.forms);
    }
    const weights = (form: GradientForm): unknown =>
      ['conv2d0/weight', 'conv2d1/weight', 'dense0/weight'].map((path) => byForm.get(form)?.[path]);
    expect(weights('gram')).toEqual(['gram', 'gram', 'gram']);
    expect(weights('materialised')).toEqual(['materialised', 'materialised', 'materialised']);
    expect(byForm.get('gram')?.['layerNorm0/scale']).toBe('materialised');
  });

  it('of tensors add up to those of layers, and these to the whole', async () => {
    const { perTensor, perLayer, whole } = await perExampleSquaredNorms(point());
    const rows = await byLoop();
    let offset = 0;
    for (const { path, leaf } of tree.paths(params)) {
      const expected = rows.map((row) => row.slice(offset, offset + leaf.size)).map((g) => inner(g, g));
      expect(worst(perTensor[path]!, expected)).toBeLessThan(1e-12);
      offset += leaf.size;
    }
    expect(Object.keys(perLayer)).toEqual(['conv2d0', 'conv2d1', 'dense0', 'layerNorm0']);
    const total = whole.map((_, mu) => Object.values(perLayer).reduce((s, layer) => s + layer[mu]!, 0));
    expect(worst(total, whole)).toBeLessThan(1e-12);
  });

  it('of a weight that is used twice, transposed and not, are of the sum over its uses', async () => {
    type Weight = { readonly w: Tensor };
    // As the right factor, transposed and not, and as the left one, transposed and not.
    const tied: Problem<Weight, Batch> = {
      losses({ w }, { x }) {
        const h = matmul(x, w);
        const terms = [
          sum(square(matmul(h, w, { transposeB: true })), 1),
          sum(square(matmul(w, h, { transposeB: true })), 0),
          sum(square(matmul(w, x, { transposeA: true, transposeB: true })), 0),
        ];
        return terms.reduce((a, b) => add(a, b));
      },
    };
    const w = random.normal(random.key(5), [4, 3]);
    const x = random.normal(random.key(6), [5, 4]);
    const at = { problem: tied, params: { w }, data: microbatches({ x, y: sum(x, 1) }, 2) };
    const rows = await gradientsByLoop(tied, { w }, { x, y: sum(x, 1) });
    const norms = await perExampleSquaredNorms(at, { form: 'gram' });
    expect(norms.forms).toEqual({ w: 'gram' });
    expect(worst(norms.whole, squares(rows)) / Math.max(...norms.whole)).toBeLessThan(1e-14);
  });

  it('are of the chosen parameters alone where a filter chooses', async () => {
    const chosen = await perExampleSquaredNorms({
      ...point(),
      parameters: (path) => path.startsWith('dense0'),
    });
    expect(chosen.paths).toEqual(['dense0/bias', 'dense0/weight']);
    expect(chosen.whole).toEqual((await perExampleSquaredNorms(point())).perLayer['dense0']);
  });

  it('take data that lies on the device as indices, with what they point into shared', async () => {
    const indexed = {
      problem: {
        losses: (p: Tree, { at, set }: { readonly at: Tensor; readonly set: Batch }) =>
          problem.losses(p, { x: take(set.x, at), y: take(set.y, at) }),
      },
      params,
      data: indexMicrobatches(COUNT, 3, (at) => ({ at, set: data })),
      shared: (path: string) => path.startsWith('set/'),
    };
    expect(worst((await perExampleSquaredNorms(indexed)).whole, squares(await byLoop()))).toBeLessThan(1e-11);
  });
});

describe('the cost model', () => {
  it('takes the Gram form for few positions and the gradient itself for many', () => {
    const sizes = { rows: 576, columns: 64, groups: 1, patches: true };
    const formAt = (positions: number): GradientForm =>
      cheaperForm((form) => normCost({ ...sizes, positions }, form));
    expect([1, 16, 1024].map(formAt)).toEqual(['gram', 'gram', 'materialised']);
    const pairsAt = (positions: number): GradientForm =>
      cheaperForm((form) => pairCost({ ...sizes, positions }, form, 32));
    expect([1, 4, 64].map(pairsAt)).toEqual(['gram', 'gram', 'materialised']);
    expect(normCost({ ...sizes, positions: 1, patches: false }, 'gram')).toBe(640);
  });
});

describe('moments of gradients', () => {
  it('are those of a list, over N and over N - 1', async () => {
    const rows = await byLoop();
    const average = meanOf(rows);
    const moments = await gradientMoments(point(3));
    const second = meanOf(rows.map((row) => row.map((value) => value ** 2)));
    const variance = meanOf(rows.map((row) => row.map((value, k) => (value - average[k]!) ** 2)));
    expect(worst(await flat(moments.secondMomentOverN), second)).toBeLessThan(1e-13);
    expect(worst(await flat(moments.varianceOverN), variance)).toBeLessThan(1e-13);
    const unbiased = variance.map((value) => (value * COUNT) / (COUNT - 1));
    expect(worst(await flat(moments.varianceOverNMinus1), unbiased)).toBeLessThan(1e-13);
    const total = (values: Float64Array): number => values.reduce((s, value) => s + value, 0);
    expect(moments.whole.varianceOverN).toBeCloseTo(total(variance), 12);
    expect(moments.whole.varianceOverNMinus1).toBeCloseTo(total(unbiased), 12);
    expect(moments.whole.secondMomentOverN).toBeCloseTo(total(second), 12);
    expect(moments.whole.squaredNormOfMean).toBeCloseTo(inner(average, average), 12);
    expect(moments.perLayer['dense0']!.varianceOverN).toBeCloseTo(
      moments.perTensor['dense0/bias']!.varianceOverN + moments.perTensor['dense0/weight']!.varianceOverN,
      13,
    );
  });

  it('merge in any grouping to what two passes over all values give', async () => {
    // A mean of 1e3 spreads, of which sums of squares would lose six digits.
    const values = {
      a: add(random.normal(random.key(8), [23, 3]), 1e3),
      b: random.normal(random.key(9), [23]),
    };
    const cut = (from: number, to: number) =>
      treeMomentsOf(
        tree.map(
          (leaf) => take(leaf, tensor(Int32Array.from({ length: to - from }, (_, k) => from + k))),
          values,
        ),
      );
    const whole = treeMomentsOf(values);
    const left = mergeTreeMoments(mergeTreeMoments(cut(0, 5), cut(5, 6)), cut(6, 23));
    const right = mergeTreeMoments(cut(0, 5), mergeTreeMoments(cut(5, 6), cut(6, 23)));
    const streamed = observeTrees(emptyTreeMoments(tree.map((leaf) => mean(leaf, 0), values)), values);
    for (const merged of [left, right, streamed]) {
      expect(await merged.count.item()).toBe(23);
      for (const [found, expected] of [
        [merged.mean, whole.mean],
        [merged.squares, whole.squares],
      ] as const) {
        const [x, y] = [await flat(found), await flat(expected)];
        expect(worst(x, y) / Math.max(...y.map(Math.abs))).toBeLessThan(1e-12);
      }
    }
    const none = emptyTreeMoments(tensor([1, 2]));
    expect(await numbers(mergeTreeMoments(none, none).mean)).toEqual(Float64Array.of(0, 0));
  });
});

describe('the Gram matrix of gradients', () => {
  it('holds the products of the gradients of a loop, in either form and with any pieces', async () => {
    const rows = await byLoop();
    const expected = rows.flatMap((a) => rows.map((b) => inner(a, b)));
    const scale = Math.max(...expected);
    for (const [size, form] of [
      [3, undefined],
      [2, 'gram'],
      [COUNT, 'materialised'],
    ] as const) {
      const { gram } = await gradientGram(point(size), form ? { form } : {});
      expect(worst(gram, expected) / scale).toBeLessThan(1e-14);
    }
  });

  it('gives cosines and diversity', () => {
    // Gradients (1, 0), (0, 2), (-3, 0) and 0.
    const rows = [
      [1, 0],
      [0, 2],
      [-3, 0],
      [0, 0],
    ];
    const gram = rows.flatMap((a) => rows.map((b) => inner(a, b)));
    const found = cosineStatistics(gram);
    const length = Math.hypot(2, 2);
    expect(found).toEqual({
      count: 3,
      zeroGradients: 1,
      meanOverPairs: -1 / 3,
      standardDeviationOverPairs: Math.sqrt(1 / 3 - 1 / 9),
      smallest: -1,
      largest: 0,
      negativeShare: 1 / 3,
      meanWithMean: expect.closeTo((-2 + 2 + 2) / length / 3, 14) as number,
    });
    // Equal gradients have 1/N, orthogonal ones of one length 1.
    expect(gradientDiversity(4, 9, 9)).toEqual({ diversity: 1 / 4, batchSizeBound: 1 });
    expect(gradientDiversity(4, 9, 9 / 4)).toEqual({ diversity: 1, batchSizeBound: 4 });
  });
});

describe('batch normalisation in a measurement', () => {
  const model = (norm: 'batch' | 'ghost') =>
    sequential(
      conv2d(3),
      norm === 'batch' ? batchNorm() : ghostBatchNorm({ groupSize: 3 }),
      relu(),
      dense(3),
    );
  const six = data;
  const measured = (norm: 'batch' | 'ghost', policy: NormalizationPolicy, size?: number) => {
    const layer = model(norm);
    const start = layer.init(random.key(4), imageShape);
    const { losses } = classification<typeof start.params, Batch>({
      outputs: (p, { x }) => layer.apply(p, x, { state: start.state, ...policyContext(policy) }),
      targets: ({ y }) => y,
    });
    const at: GradientPoint<Tree, Batch> = {
      problem: { losses },
      params: start.params,
      data: microbatches(six, size),
      policy,
    };
    return at;
  };

  it('frozen has independent examples', async () => {
    const at = measured('batch', { kind: 'frozen' }, 4);
    const norms = await perExampleSquaredNorms(at);
    expect(norms.unit).toBe('example');
    expect(norms.policy).toEqual({ kind: 'frozen' });
    expect(worst(norms.whole, squares(await gradientsByLoop(at.problem, at.params, six)))).toBeLessThan(
      1e-12,
    );
  });

  it('over the whole batch has the rows of the Jacobian of all losses', async () => {
    const at = measured('batch', { kind: 'whole-batch' }, 4);
    const rows = await Promise.all(
      Array.from({ length: 6 }, async (_, mu) => {
        const one: Problem<Tree, Batch> = {
          losses: (p, batch) => mul(take(at.problem.losses(p, batch), tensor(Int32Array.of(mu))), 1),
        };
        return (await gradientsByLoop(one, at.params, six, 6))[0] as Float64Array;
      }),
    );
    for (const form of ['gram', 'materialised'] as const)
      expect(worst((await perExampleSquaredNorms(at, { form })).whole, squares(rows))).toBeLessThan(1e-11);
    const moments = await gradientMoments(at);
    expect(moments.policy.kind).toBe('whole-batch');
    expect(worst(await flat(moments.mean), meanOf(rows))).toBeLessThan(1e-13);
    const { gradient } = await meanGradient(unitPoint(at));
    expect(worst(await numbers(gradient), meanOf(rows))).toBeLessThan(1e-13);
    const { gram } = await gradientGram(at);
    expect(
      worst(
        gram,
        rows.flatMap((a) => rows.map((b) => inner(a, b))),
      ),
    ).toBeLessThan(1e-11);
  });

  it('in ghost batches has these for units, and says so', async () => {
    const at = measured('ghost', { kind: 'ghost', groupSize: 3 }, 3);
    const rows = await gradientsByLoop(at.problem, at.params, six, 3);
    const norms = await perExampleSquaredNorms(at);
    expect(norms).toMatchObject({
      unit: 'ghost batch',
      count: 2,
      policy: { kind: 'ghost', groupSize: 3 },
      microbatch: 1,
    });
    expect(worst(norms.whole, squares(rows))).toBeLessThan(1e-12);
    const { mean: average, whole } = await gradientMoments(at);
    expect(worst(await flat(average), meanOf(rows))).toBeLessThan(1e-14);
    expect(whole.varianceOverN).toBeCloseTo(
      inner(
        ...([0, 1].map(() => rows[0]!.map((v, k) => (v - rows[1]![k]!) / 2)) as [Float64Array, Float64Array]),
      ),
      12,
    );
  });

  it('is refused where the policy is not what the model does', async () => {
    // Training statistics of one image are not those of the batch.
    const coupled = { ...measured('batch', { kind: 'whole-batch' }), policy: { kind: 'frozen' } } as const;
    for (const size of [1, 6])
      await expect(perExampleSquaredNorms({ ...coupled, data: microbatches(six, size) })).rejects.toThrow(
        code('COUPLED_EXAMPLES'),
      );
    // Four examples on their own are one group, and twelve are four groups of three.
    const twelve = microbatches({ x: concat([six.x, six.x]), y: concat([six.y, six.y]) });
    const ofGroups = (groupSize: number) =>
      perExampleSquaredNorms({
        ...measured('ghost', { kind: 'ghost', groupSize: 3 }),
        data: twelve,
        policy: { kind: 'ghost', groupSize },
      });
    await expect(ofGroups(4)).rejects.toThrow(code('COUPLED_EXAMPLES'));
    await expect(ofGroups(2)).rejects.toThrow(code('GHOST_BATCH'));
    await expect(ofGroups(5)).rejects.toThrow(code('GHOST_BATCH'));
    await expect(ofGroups(0)).rejects.toThrow(code('GHOST_BATCH'));
  });
});

describe('bad input', () => {
  it('a gradient that is not finite is named by its example and tensor', async () => {
    type Line = { readonly b: Tensor; readonly w: Tensor };
    const bad: Problem<Line, Batch> = {
      // d/dw log(w x) is infinite at w x = 0 only for its own example, where the loss is -inf.
      losses: ({ w, b }, { x, y }) => add(mul(log(add(mul(x, w), 1)), 1), mul(b, y)),
    };
    const at = {
      problem: bad,
      params: { w: tensor(1), b: tensor(0) },
      data: microbatches({ x: tensor([1, 2, -1, 3]), y: tensor([1, 1, 1, 1]) }, 2),
    };
    await expect(perExampleSquaredNorms(at)).rejects.toThrow(/The loss of example 2 is -Infinity/);
    const steep: Problem<Line, Batch> = { losses: ({ w, b }, { x, y }) => add(mul(x, w), mul(b, y)) };
    const far = {
      ...at,
      problem: steep,
      data: microbatches({ x: tensor([1, 2, 3, 1e200]), y: tensor([1, 1, 1, 1]) }, 2),
    };
    for (const measure of [perExampleSquaredNorms, gradientMoments, gradientGram] as const)
      await expect(measure(far)).rejects.toThrow(/gradient with respect to 'w' of example 3 is Infinity/);
  });

  it('losses that are not one per example, no data, and less data than announced are refused', async () => {
    const scalar: Problem<Tree, Batch> = { losses: (p, batch) => mean(problem.losses(p, batch)) };
    await expect(perExampleSquaredNorms({ ...point(), problem: scalar })).rejects.toThrow(
      code('LOSS_PER_EXAMPLE'),
    );
    const doubled: Problem<Tree, Batch> = {
      losses: (p, batch) => reshape(stack([problem.losses(p, batch), problem.losses(p, batch)]), [-1]),
    };
    await expect(gradientMoments({ ...point(), problem: doubled })).rejects.toThrow(code('LOSS_PER_EXAMPLE'));
    const short = { ...microbatches(data, 4), count: COUNT + 2 };
    for (const measure of [perExampleSquaredNorms, gradientMoments, gradientGram] as const)
      await expect(measure({ ...point(), data: short })).rejects.toThrow(code('EXAMPLE_COUNT'));
    await expect(gradientMoments({ ...point(), data: microbatches(part(data, 0, 1)) })).rejects.toThrow(
      code('EXAMPLE_COUNT'),
    );
    expect(() => perExampleGradients((w: Tensor) => w, tensor([1, 2]), data)).toThrow(code('NOT_SCALAR'));
    await expect(perExampleSquaredNorms({ ...point(), parameters: () => false })).rejects.toThrow(
      code('EMPTY_SUBSET'),
    );
  });

  it('a model whose state changes between calls is refused', async () => {
    let calls = 0;
    const drifting: Problem<Tree, Batch> = {
      losses: (p, batch) => mul(problem.losses(p, batch), 1 + ++calls * 1e-6),
    };
    await expect(perExampleSquaredNorms({ ...point(), problem: drifting })).rejects.toThrow(
      code('STATE_CHANGED'),
    );
    // Changed once, in the middle of the pass.
    let [late, seen] = [1, 0];
    const once: Problem<Tree, Batch> = { losses: (p, batch) => mul(problem.losses(p, batch), late) };
    const watched = microbatches(data, 3);
    const at = {
      ...point(),
      problem: once,
      data: {
        ...watched,
        *pieces(size: number) {
          for (const piece of watched.pieces(size)) {
            if (++seen === 3) late = 2;
            yield piece;
          }
        },
      },
    };
    await expect(perExampleSquaredNorms(at)).rejects.toThrow(code('STATE_CHANGED'));
  });

  it('memory that does not suffice halves the pieces, and the result says so', async () => {
    const tight: Problem<Tree, Batch> = { losses: (p, batch) => problem.losses(p, batch) };
    const limited = microbatches(data, 5);
    const at = {
      ...point(),
      problem: tight,
      data: {
        ...limited,
        *pieces(size: number) {
          for (const piece of limited.pieces(size)) {
            if (piece.y.size > 3) throw new LangevinError('OUT_OF_MEMORY', 'no room');
            yield piece;
          }
        },
      },
    };
    const norms = await perExampleSquaredNorms(at);
    expect(norms).toMatchObject({ microbatch: 3, halvings: 1 });
    expect(worst(norms.whole, squares(await byLoop()))).toBeLessThan(1e-11);
    expect(await gradientMoments(at)).toMatchObject({ microbatch: 3, halvings: 1 });
    expect(await gradientGram(at)).toMatchObject({ microbatch: 3, halvings: 1 });
  });
});
