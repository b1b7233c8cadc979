/**
 * Do observations rise over ordered groups? The Jonckheere-Terpstra statistic counts, over all pairs of observations
 * from two groups, how often the one of the later group is the greater:
 *   S = Σ_{g<h} Σ_{x∈g, y∈h} sign(y - x),
 * summed over blocks that are compared only within themselves. With two groups it is the statistic of Mann and
 * Whitney, with groups of one observation each it is Kendall's S.
 *
 * If groups make no difference, every assignment of a block's observations to its places is equally likely. That is
 * the null distribution used here, so p-values hold for any number of observations, for ties, and for
 * comparisons that cannot be decided, such as of two runs that were both stopped before their end (Gehan 1965). Blocks
 * with few arrangements are enumerated; of others a fixed number of arrangements is drawn, always the same ones.
 */

export interface Trend {
  /** S. */
  readonly score: number;
  /** The largest S that any arrangement of these observations could have had. */
  readonly largest: number;
  /** Probability, if groups make no difference, of an S at least as large, and at most as large. */
  readonly pRising: number;
  readonly pFalling: number;
  /** The smallest `pRising` that these observations could have had: above a level, nothing could be found at it. */
  readonly leastP: number;
  /** Whether all arrangements were counted; else p-values come from a drawn sample of them. */
  readonly exact: boolean;
}

/** Arrangements of a block that are counted out, and that are drawn where there are more. */
const LIMIT = 20_000;

/**
 * @param blocks each a list of groups in order; empty groups and blocks add nothing
 * @param compare positive if the second argument is the greater, negative if the first, 0 if that is not known
 */
export function trend<T>(
  blocks: readonly (readonly (readonly T[])[])[],
  compare: (first: T, second: T) => number,
): Trend {
  const parts = blocks.map((groups, index) => blockOf(groups, compare, index + 1));
  const chance = parts
    .map(({ distribution }) => distribution)
    .reduce(convolve, { least: 0, mass: Float64Array.of(1) });
  const score = parts.reduce((sum, part) => sum + part.score, 0);
  const largest = chance.least + chance.mass.length - 1;
  return {
    score,
    largest,
    pRising: massWhere(chance, (s) => s >= score),
    pFalling: massWhere(chance, (s) => s <= score),
    leastP: massWhere(chance, (s) => s === largest),
    exact: parts.every((part) => part.exact),
  };
}

/** {@link trend} of numbers. */
export function numericTrend(blocks: readonly (readonly (readonly number[])[])[]): Trend {
  return trend(blocks, (first, second) => second - first);
}

/** The probabilities of the values of S from `least` on, the first and the last of them not 0. */
interface Distribution {
  readonly least: number;
  readonly mass: Float64Array;
}

interface Block {
  readonly score: number;
  readonly distribution: Distribution;
  readonly exact: boolean;
}

function blockOf<T>(
  groups: readonly (readonly T[])[],
  compare: (first: T, second: T) => number,
  seed: number,
): Block {
  const values = groups.flat();
  const count = values.length;
  // The group of each place, and the comparison of each pair of observations, row by row.
  const places = Uint8Array.from(groups.flatMap((group, g) => group.map(() => g)));
  const signs = Int8Array.from(values.flatMap((a) => values.map((b) => Math.sign(compare(a, b)))));
  const scoreOf = (assigned: Uint8Array): number => {
    let score = 0;
    for (let i = 0; i < count; i++) {
      const group = assigned[i] as number;
      for (let j = i + 1; j < count; j++) {
        const other = assigned[j] as number;
        if (other > group) score += signs[i * count + j] as number;
        else if (other < group) score -= signs[i * count + j] as number;
      }
    }
    return score;
  };
  const exact = arrangementCount(groups.map((group) => group.length)) <= LIMIT;
  const counts = new Map<number, number>();
  let total = 0;
  for (const assigned of exact ? arrangements(places) : draws(places, seed)) {
    const score = scoreOf(assigned);
    counts.set(score, (counts.get(score) ?? 0) + 1);
    total++;
  }
  return {
    score: scoreOf(places),
    distribution: distributionOf(counts, total),
    exact,
  };
}

/** n! / Π size!, as soon as it is above the limit only that it is. */
function arrangementCount(sizes: readonly number[]): number {
  let count = 1;
  let placed = 0;
  for (const size of sizes)
    for (let k = 1; k <= size; k++) {
      placed++;
      count = (count * placed) / k;
      if (count > 1e12) return Infinity;
    }
  return Math.round(count);
}

/** Every distinct order of `places`, in ascending lexicographic order. */
function* arrangements(places: Uint8Array): Generator<Uint8Array> {
  const order = places.toSorted();
  for (;;) {
    yield order;
    let i = order.length - 2;
    while (i >= 0 && (order[i] as number) >= (order[i + 1] as number)) i--;
    if (i < 0) return;
    let j = order.length - 1;
    while ((order[j] as number) <= (order[i] as number)) j--;
    swap(order, i, j);
    for (let [a, b] = [i + 1, order.length - 1]; a < b; a++, b--) swap(order, a, b);
  }
}

/** The order given and `LIMIT - 1` random ones: with the observed one counted, a p-value is never below 1/LIMIT. */
function* draws(places: Uint8Array, seed: number): Generator<Uint8Array> {
  const order = places.slice();
  yield order;
  const random = generator(seed);
  for (let k = 1; k < LIMIT; k++) {
    for (let i = order.length - 1; i > 0; i--) swap(order, i, Math.floor(random() * (i + 1)));
    yield order;
  }
}

function swap(list: Uint8Array, i: number, j: number): void {
  [list[i], list[j]] = [list[j] as number, list[i] as number];
}

/** Mulberry32: uniform on [0, 1), enough for shuffling a few dozen places. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function distributionOf(counts: ReadonlyMap<number, number>, total: number): Distribution {
  const least = Math.min(...counts.keys());
  const mass = new Float64Array(Math.max(...counts.keys()) - least + 1);
  for (const [score, count] of counts) mass[score - least] = count / total;
  return { least, mass };
}

/** Of the sum of two independent scores. */
function convolve(a: Distribution, b: Distribution): Distribution {
  const mass = new Float64Array(a.mass.length + b.mass.length - 1);
  a.mass.forEach((p, i) => {
    if (p > 0) b.mass.forEach((q, j) => (mass[i + j] = (mass[i + j] as number) + p * q));
  });
  return { least: a.least + b.least, mass };
}

function massWhere({ least, mass }: Distribution, chosen: (score: number) => boolean): number {
  return Math.min(
    1,
    mass.reduce((sum, p, k) => (chosen(least + k) ? sum + p : sum), 0),
  );
}
