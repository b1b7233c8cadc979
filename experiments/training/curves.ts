/** Training curves by epochs, how far apart two of them are, and whether that is more than chance. */
import { meanPoint, spread } from '../spread.ts';
import type { Point, Series } from '../report.ts';
import type { Marks, Trained } from './grid-of-trainings.ts';

/** What is drawn over epochs. */
export type CurveField = 'trainLoss' | 'testAccuracy';

/** Values by epoch, ascending; all of one training. */
export interface Curve {
  readonly replica: number;
  readonly values: ReadonlyMap<string, number>;
  /** Whether the training ended at a loss that is not finite: it is then infinitely far from any that did not. */
  readonly diverged: boolean;
}

export function curveOf<M extends Marks & { readonly replica: number }>(
  { marks, evaluations, result }: Trained<M>,
  field: CurveField,
): Curve {
  const values = new Map<string, number>();
  for (const record of evaluations) {
    const value = record[field];
    // Epochs that two schedules of the batch size both end at may differ in their last digits.
    if (value !== undefined && record.epoch > 0) values.set(record.epoch.toFixed(4), value);
  }
  return { replica: marks.replica, values, diverged: result?.outcome === 'diverged' };
}

/** The mean over trainings at every epoch that all of them have. */
export function meanCurve(curves: readonly Curve[]): ReadonlyMap<string, number> {
  const [first, ...others] = curves;
  const mean = new Map<string, number>();
  for (const [epoch, value] of first?.values ?? []) {
    const rest = others.map(({ values }) => values.get(epoch));
    if (rest.every((each) => each !== undefined)) mean.set(epoch, spread([value, ...rest]).mean);
  }
  return mean;
}

/** How the difference of two values counts: as a share of the first, or as it is. */
export type Difference = 'relative' | 'absolute';

/**
 * The mean of |b - a|/a, or of |b - a|, over the epochs that two curves share. NaN if there are none; Infinity where one
 * curve holds a diverged training.
 */
export function curveDistance(
  reference: readonly Curve[],
  other: readonly Curve[],
  difference: Difference = 'relative',
): number {
  if ([...reference, ...other].some(({ diverged }) => diverged)) return Infinity;
  const [a, b] = [meanCurve(reference), meanCurve(other)];
  const apart = [...a].flatMap(([epoch, value]) => {
    const second = b.get(epoch);
    if (second === undefined) return [];
    return [Math.abs(second - value) / (difference === 'relative' ? Math.abs(value) : 1)];
  });
  return spread(apart).mean;
}

/** Between the trainings of one initialisation in the two arms, for every one that both have. */
export function pairedDistances(
  reference: readonly Curve[],
  other: readonly Curve[],
  difference: Difference = 'relative',
): number[] {
  return reference.flatMap((curve) => {
    const partner = other.find(({ replica }) => replica === curve.replica);
    return partner ? [curveDistance([curve], [partner], difference)] : [];
  });
}

/**
 * The probability of a distance of mean curves at least as large if it does not matter which arm a training is of: the share
 * of all ways to divide the trainings into two arms of the same sizes. Symmetric, so that with n in each arm it is never below
 * 2/C(2n, n): 0.1 with 3, 0.03 with 4.
 */
export function arrangementP(reference: readonly Curve[], other: readonly Curve[]): number {
  const all = [...reference, ...other];
  const epochs = [...(all[0]?.values.keys() ?? [])].filter((epoch) =>
    all.every(({ values }) => values.has(epoch)),
  );
  if (reference.length === 0 || other.length === 0 || epochs.length === 0) return 1;
  // A diverged training is infinitely far from all that are not, wherever it is put: such arms are compared by their number.
  const diverged = all.map((curve) => (curve.diverged ? 1 : 0));
  const values = all.map((curve) => epochs.map((epoch) => curve.values.get(epoch) as number));
  const sums = epochs.map((_, e) => values.reduce((sum, row) => sum + row[e]!, 0));
  /** Symmetric in the arms, or the smaller reference would decide. */
  const score = (chosen: readonly boolean[]): number => {
    const size = chosen.filter(Boolean).length;
    const apart = diverged.reduce<number>(
      (sum, one, k) => sum + (chosen[k] ? one / size : -one / (all.length - size)),
      0,
    );
    const distance = epochs.reduce((total, _, e) => {
      const first = values.reduce((sum, row, k) => (chosen[k] ? sum + row[e]! : sum), 0);
      const [a, b] = [first / size, (sums[e]! - first) / (all.length - size)];
      return total + Math.abs(a - b) / Math.abs(a) + Math.abs(a - b) / Math.abs(b);
    }, 0);
    return distance + 1e6 * epochs.length * Math.abs(apart);
  };
  const observed = score(all.map((_, k) => k < reference.length));
  let [atLeast, count] = [0, 0];
  for (const chosen of choices(all.length, reference.length)) {
    if (score(chosen) >= observed * (1 - 1e-12)) atLeast++;
    count++;
  }
  return atLeast / count;
}

/** All ways to choose `size` of `count`. */
function* choices(count: number, size: number): Generator<boolean[]> {
  const chosen = Array.from({ length: count }, (_, k) => k < size);
  yield chosen;
  for (;;) {
    // The last chosen that can move right moves; those after it follow at once.
    let at = count - 2;
    while (at >= 0 && !(chosen[at] && !chosen[at + 1])) at--;
    if (at < 0) return;
    const following = chosen.slice(at + 1).filter(Boolean).length + 1;
    chosen[at] = false;
    for (let k = at + 1; k < count; k++) chosen[k] = k < at + 1 + following;
    yield chosen;
  }
}

/** The mean curve of an arm with standard errors. */
export function curveSeries(label: string, curves: readonly Curve[]): Series {
  const points = [...meanCurve(curves)].map(([epoch, mean]): Point => {
    const values = curves.flatMap(({ values: own }) => own.get(epoch) ?? []);
    return meanPoint(Number(epoch), { mean, error: spread(values).error });
  });
  return { label, points, style: 'line' };
}
