/** The memory plan, against its definition. */
import { fc } from '../property.ts';
import { beforeAll, expect, test } from 'vitest';
import { captureGraph } from '../../engine/compile/capture.ts';
import { compile, type Target } from '../../engine/compile/compile.ts';
import { leastBytes, planMemory, type Interval } from '../../engine/compile/memory.ts';
import type { Program } from '../../engine/compile/program.ts';
import { placeholder } from '../../engine/graph/tensor.ts';
import {
  crossEntropy,
  init,
  random,
  tree,
  valueAndGrad,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { c1Mini, f1, resnet18, type Layer } from '../../nn/index.ts';
import { adam, applyUpdates } from '../../optim/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const intervals = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 1, max: 100 }), from: fc.nat(20), length: fc.nat(8) })
    .map(({ bytes, from, length }): Interval => ({ bytes, from, to: from + length })),
  { maxLength: 30 },
);

test('values that live at once never share a slot, and every slot holds its largest value', () => {
  fc.assert(
    fc.property(intervals, (list) => {
      const { slotOf, slots } = planMemory(list);
      list.forEach((a, i) => {
        expect(slots[slotOf[i] as number]).toBeGreaterThanOrEqual(a.bytes);
        const rivals = list.flatMap((b, j) => (i < j && a.from <= b.to && b.from <= a.to ? [slotOf[j]] : []));
        expect(rivals).not.toContain(slotOf[i]);
      });
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('a plan needs no less than what lives at once, and what does not vary in size needs no more', () => {
  fc.assert(
    fc.property(intervals, (list) => {
      const total = (plan: readonly Interval[]): number => planMemory(plan).slots.reduce((a, b) => a + b, 0);
      expect(total(list)).toBeGreaterThanOrEqual(leastBytes(list));
      const equal = list.map((interval) => ({ ...interval, bytes: 16 }));
      expect(total(equal)).toBe(leastBytes(equal));
    }),
    { seed: 2, numRuns: 200 },
  );
});

/** A recorded step of Adam. */
function step(layer: Layer, shape: readonly number[], batch: number): Program {
  const { params: drawn, state: initial } = layer.init(random.key(0), shape);
  const rule = adam({ learningRate: 1e-3 });
  const stand = <T extends Tree>(owner: T): T => tree.map((x) => placeholder(x, 'x'), owner);
  const [params, state, moments] = [stand(drawn), stand(initial), stand(rule.init(drawn))];
  const x = placeholder({ shape: [batch, ...shape], dtype: 'f32' }, 'x');
  const labels = placeholder({ shape: [batch], dtype: 'i32' }, 'labels');
  const loss = (weights: Tree): readonly [Tensor, Tree] => {
    const [logits, next] = layer.forward(weights, state, x, { training: true });
    return [crossEntropy(logits, labels), next];
  };
  const [[value, memory], gradients] = valueAndGrad(loss, { aux: true })(params);
  const [updates, next] = rule.update(gradients, moments, params);
  const owned = tree.leaves([params, state, moments]);
  const results = tree.leaves([applyUpdates(params, updates), memory, next, value]);
  const args = [...owned, x, labels];
  const target: Target = { adapter: { kind: 'cpu', name: 'test', lanes: 8 }, maxBuffers: 10 };
  const graph = captureGraph(results, args, 'constants');
  return compile(graph, [...owned.map(() => true), false, false], target);
}

test.each([
  ['F1', f1(), [784], 256],
  ['C1-mini', c1Mini({ groupSize: 20 }), [32, 32, 3], 100],
  ['ResNet-18', resnet18({ classes: 10 }), [32, 32, 3], 16],
] as const)(
  'a training step of %s takes at most 1.2 of the scratch memory that must live at once',
  (_, layer, shape, batch) => {
    const { slots, lifetimes } = step(layer, shape, batch);
    const scratch = slots.reduce((sum, bytes) => sum + bytes, 0);
    expect(scratch / leastBytes(lifetimes)).toBeLessThanOrEqual(1.2);
  },
);
