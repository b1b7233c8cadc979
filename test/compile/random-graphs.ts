/**
 * Random graphs of operations on small shapes, as functions of a number: what a compiler meets that nobody thought of. Values stay
 * near 1, so that no graph amplifies its roundings beyond use.
 */
import * as lv from '../../engine/index.ts';
import type { Tensor } from '../../engine/index.ts';
import { hostTensor } from '../../engine/graph/tensor.ts';
import { array, uniform } from '../conformance/draw.ts';
import { bitsAt, type Words } from '../../engine/random/threefry.ts';

const SHAPES = [[6, 8], [6, 1], [1, 8], [8], [8, 6], [2, 6, 8]] as const;
const STEPS = 14;

type Step = (x: Tensor, other: Tensor, choose: (count: number) => number) => Tensor | undefined;

const unary: readonly Step[] = [
  (x) => lv.tanh(x),
  (x) => lv.exp(lv.tanh(x)),
  (x) => lv.sigmoid(x),
  (x) => lv.relu(x),
  (x) => lv.sqrt(lv.add(lv.mul(x, x), 1)),
  (x) => lv.mul(x, 0.5).add(1),
];
const binary: readonly Step[] = [
  (x, y) => (fits(x, y) ? lv.add(x, y) : undefined),
  (x, y) => (fits(x, y) ? lv.tanh(lv.mul(x, y)) : undefined),
  (x, y) => (fits(x, y) ? lv.sub(x, y) : undefined),
  (x, y) => (fits(x, y) ? lv.maximum(x, y) : undefined),
  (x, y) => (fits(x, y) ? lv.div(x, lv.add(lv.mul(y, y), 1)) : undefined),
  (x, y) =>
    x.rank >= 2 && y.rank === 2 && x.shape.at(-1) === y.shape[0] ? lv.tanh(lv.matmul(x, y)) : undefined,
];
const reductions: readonly Step[] = [
  (x, _, choose) => (x.rank > 0 ? lv.mean(x, choose(x.rank), choose(2) === 0) : undefined),
  (x, _, choose) => (x.rank > 0 ? lv.max(x, choose(x.rank), choose(2) === 0) : undefined),
  (x, _, choose) => (x.rank > 0 ? lv.softmax(x, choose(x.rank)) : undefined),
  (x, _, choose) => {
    if (x.rank === 0) return undefined;
    const axis = choose(x.rank);
    const centred = lv.sub(x, lv.mean(x, axis, true));
    return lv.div(centred, lv.sqrt(lv.mean(lv.mul(centred, centred), axis, true).add(0.1)));
  },
  (x, _, choose) => (x.rank > 0 ? lv.mean(lv.mul(x, x), choose(x.rank), true) : undefined),
];
const movement: readonly Step[] = [
  (x) => (x.rank >= 2 ? lv.transpose(x) : undefined),
  (x, _, choose) => (x.rank > 0 ? lv.flip(x, choose(x.rank)) : undefined),
  (x) => lv.reshape(x, [x.size]),
  (x) => (x.size === 48 ? lv.reshape(x, [6, 8]) : undefined),
  (x) =>
    x.rank === 2
      ? lv.pad(x, [
          [1, 0],
          [0, 1],
        ])
      : undefined,
  (x) =>
    x.rank === 2 && x.shape[0] === 6 ? lv.takeAlongAxis(x, hostTensor(labels, labels.data), 1) : undefined,
];
const families = [unary, binary, binary, reductions, reductions, movement];
const labels = array('i32', [6, 1], [0, 0, 0, 0, 0, 0]);

/** Whether one of the shapes stretches to the other, so that graphs do not grow. */
function fits(x: Tensor, y: Tensor): boolean {
  const [long, short] = x.rank >= y.rank ? [x, y] : [y, x];
  return short.shape.every((extent, k) => extent === 1 || extent === long.shape[long.rank - short.rank + k]);
}

/** The last few values of graph `number`, all different nodes. */
export function randomGraph(number: number): Tensor[] {
  const key: Words = [number, 0x9e3779b9];
  let drawn = 0;
  const choose = (count: number): number => bitsAt(key, drawn++) % count;
  const values: Tensor[] = SHAPES.map((shape, k) => {
    const { data } = uniform(`graph ${number}, input ${k}`, shape);
    return hostTensor({ shape: [...shape], dtype: 'f32' }, data);
  });
  for (let step = 0; step < STEPS;) {
    const family = families[choose(families.length)] as readonly Step[];
    // Later values are taken more often, so that chains become long.
    const recent = (): Tensor => values[Math.max(choose(values.length), choose(values.length))] as Tensor;
    const next = (family[choose(family.length)] as Step)(recent(), recent(), choose);
    if (next === undefined) continue;
    values.push(next);
    step++;
  }
  return values.slice(-4);
}
