/**
 * Spearman's rank correlation (1904), with the probability of one as large where the two have nothing to do with each other:
 * then every assignment of the second values to the first is equally likely. Few pairs are enumerated; of others a fixed
 * number of assignments is drawn, always the same ones. Ties get the mean of their ranks.
 */
import { fail } from '../engine/graph/errors.ts';
import { generator } from './trend.ts';

export interface RankCorrelation {
  /** ρ in [-1, 1]; NaN if one of the two does not vary. */
  readonly rho: number;
  /** Probability, without any relation, of a ρ at least as large, and at most as large. */
  readonly pRising: number;
  readonly pFalling: number;
  /** Whether all assignments were counted. */
  readonly exact: boolean;
  readonly pairs: number;
}

/** Pairs up to which all assignments are counted: 5,040 of 7. */
const FEW = 7;

/** Assignments drawn where there are more, the observed one among them. */
const DRAWS = 20_000;

/** @throws COUNT for fewer than two pairs; NON_FINITE */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): RankCorrelation {
  const n = pairs.length;
  if (n < 2) fail('COUNT', `rankCorrelation: ${n} pairs have no correlation: give at least two.`);
  if (!pairs.flat().every(Number.isFinite))
    fail('NON_FINITE', 'rankCorrelation: a value is NaN or infinite: leave its pair out, and say so.');
  const x = centredRanks(pairs.map(([first]) => first));
  const y = centredRanks(pairs.map(([, second]) => second));
  const size = Math.sqrt(dot(x, x) * dot(y, y));
  if (size === 0) return { rho: Number.NaN, pRising: 1, pFalling: 1, exact: true, pairs: n };
  const observed = dot(x, y);
  // Sums of ranks that are equal in the real numbers may differ in their last digits.
  const slack = 1e-9 * size;
  let [atLeast, atMost, all] = [0, 0, 0];
  for (const order of n <= FEW ? permutations(y) : shuffles(y)) {
    const score = dot(x, order);
    if (score >= observed - slack) atLeast++;
    if (score <= observed + slack) atMost++;
    all++;
  }
  return {
    rho: observed / size,
    pRising: atLeast / all,
    pFalling: atMost / all,
    exact: n <= FEW,
    pairs: n,
  };
}

/** Ranks less their mean; of equal values the mean of their ranks. */
function centredRanks(values: readonly number[]): Float64Array {
  const order = values.map((_, k) => k).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let k = from; k < to; k++) ranks[order[k]!] = (from + to - 1) / 2 - (values.length - 1) / 2;
    from = to;
  }
  return ranks;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** All orders of positions, so that ties count as often as they come (Heap, 1963). The array is used again. */
function* permutations(values: Float64Array): Generator<Float64Array> {
  const order = values.slice();
  const counts = new Uint8Array(order.length);
  yield order;
  for (let k = 0; k < order.length;) {
    if (counts[k]! < k) {
      swap(order, k % 2 === 0 ? 0 : counts[k]!, k);
      yield order;
      counts[k]!++;
      k = 0;
    } else counts[k++] = 0;
  }
}

function* shuffles(values: Float64Array): Generator<Float64Array> {
  const order = values.slice();
  yield order;
  const random = generator(1);
  for (let draw = 1; draw < DRAWS; draw++) {
    for (let k = order.length - 1; k > 0; k--) swap(order, k, Math.floor(random() * (k + 1)));
    yield order;
  }
}

function swap(list: Float64Array, i: number, j: number): void {
  [list[i], list[j]] = [list[j]!, list[i]!];
}
