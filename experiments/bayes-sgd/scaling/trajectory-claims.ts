/** The claims about figures 3 and 8: BS-2 and BS-7 of papers.md 3.3. */
import { numericTrend } from '../../../stats/index.ts';
import { decideRising, undecided, type Decision } from '../../verdicts.ts';
import { rangeOf } from '../../repeats.ts';
import type { ScalingClaim } from './claims.ts';
import type { MeasuredSeries } from './records.ts';
import { gapsOf, lateRise, NEAR, pairsOf, type Pair, type Trajectory } from './trajectories.ts';

/** Nats by which the test cross-entropy may rise in the second half and still not degrade: papers.md, row bs-2, bs-7. */
const LARGEST_RISE = 0.03;

/** Figure 3. */
export const smallAgainstFull: readonly ScalingClaim[] = [
  {
    letter: 'a',
    short: 'the full batch converges sooner',
    test: `A trend of the steps until the test accuracy first comes within ${100 * NEAR} points of its mean over the last quarter, from the full batch to the small one.`,
    decide: ofUnregularised(({ small, full }) =>
      comparison(full.map(steps), small.map(steps), 'steps, full batch', 'small batch', 4),
    ),
  },
  {
    letter: 'b',
    short: 'the small batch is more accurate',
    test: 'A trend of the mean test accuracy over the last quarter, from the full batch to the small one.',
    decide: ofUnregularised(({ small, full }) =>
      comparison(full.map(late), small.map(late), 'accuracy, full batch', 'small batch', 4),
    ),
  },
  {
    letter: 'c',
    short: 'the test cross-entropy rises late, for both',
    test: 'Of both batch sizes, a trend of the test cross-entropy from the middle of the training to its end.',
    decide: ofUnregularised(({ small, full }) =>
      all([
        ['small batch', risesLate(small)],
        ['full batch', risesLate(full)],
      ]),
    ),
  },
  {
    letter: 'd',
    short: 'the small batch has the lower least test cross-entropy',
    test: 'A trend of the least test cross-entropy on the way, from the small batch to the full one.',
    decide: ofUnregularised(({ small, full }) =>
      comparison(small.map(least), full.map(least), 'least cross-entropy, small batch', 'full batch', 4),
    ),
  },
  {
    letter: 'e',
    short: 'the small batch fluctuates more',
    test: 'A trend of the fluctuation of the test accuracy over the second half (r.m.s. of successive differences, over √2), from the full batch to the small one.',
    decide: ofUnregularised(({ small, full }) =>
      comparison(full.map(wobble), small.map(wobble), 'fluctuation, full batch', 'small batch', 2),
    ),
  },
];

/** Figure 8. */
export const withRegularisation: readonly ScalingClaim[] = [
  {
    letter: 'a',
    short: 'regularisation shrinks the gap between small and full batch',
    test: 'A trend of the gap in late accuracy, by initialisation, from with to without regularisation.',
    decide: ofBoth((without, with_) =>
      comparison(gapsOf(with_), gapsOf(without), 'gap with regularisation', 'without', 2),
    ),
  },
  {
    letter: 'b',
    short: 'the test cross-entropy no longer degrades',
    test: `Of both batch sizes, a trend of the rise of the test cross-entropy in the second half, from with to without regularisation; and with it no training rises by more than ${LARGEST_RISE}.`,
    decide: ofBoth((without, with_) =>
      all([
        ['small batch', noLongerDegrades(without.small, with_.small)],
        ['full batch', noLongerDegrades(without.full, with_.full)],
      ]),
    ),
  },
  {
    letter: 'c',
    short: 'the full batch converges later with regularisation',
    test: `A trend of the steps until the test accuracy first comes within ${100 * NEAR} points of its late mean, from without to with regularisation. That the full batch is slower is read so.`,
    decide: ofBoth((without, with_) =>
      comparison(without.full.map(steps), with_.full.map(steps), 'steps without', 'with', 4),
    ),
  },
];

function steps({ convergence }: Trajectory): number {
  return convergence;
}

function late({ lateAccuracy }: Trajectory): number {
  return lateAccuracy;
}

function least({ leastLoss }: Trajectory): number {
  return leastLoss;
}

function wobble({ fluctuation }: Trajectory): number {
  return fluctuation;
}

function risesLate(trajectories: readonly Trajectory[]): Decision {
  return comparison(
    trajectories.map(({ middleLoss }) => middleLoss),
    trajectories.map(({ endLoss }) => endLoss),
    'in the middle',
    'at the end',
    3,
  );
}

function noLongerDegrades(without: readonly Trajectory[], with_: readonly Trajectory[]): Decision {
  const [before, after] = [without.map(lateRise), with_.map(lateRise)];
  const decision = comparison(after, before, 'rise with', 'without', 2);
  if (decision.verdict !== 'holds' || Math.max(...after) <= LARGEST_RISE) return decision;
  return { ...decision, verdict: 'does not hold' };
}

/** Mann and Whitney's test: that the second are greater. */
function comparison(
  first: readonly number[],
  second: readonly number[],
  firstName: string,
  secondName: string,
  digits: number,
): Decision {
  const { verdict, reason } = decideRising(numericTrend([[first, second]]));
  return {
    verdict,
    reason: `${reason}; ${firstName} ${rangeOf(first, digits)}, ${secondName} ${rangeOf(second, digits)}`,
  };
}

/** All parts hold; or one of them does not. */
function all(parts: readonly (readonly [name: string, decision: Decision])[]): Decision {
  const verdicts = parts.map(([, { verdict }]) => verdict);
  return {
    verdict: verdicts.includes('does not hold')
      ? 'does not hold'
      : verdicts.every((verdict) => verdict === 'holds')
        ? 'holds'
        : 'cannot be decided',
    reason: parts.map(([name, { reason }]) => `${name}: ${reason}`).join('; '),
  };
}

function ofUnregularised(decide: (pair: Pair) => Decision): ScalingClaim['decide'] {
  return ({ series }) => {
    const pair = unregularised(series);
    return pair
      ? decide(pair)
      : undecided('no small and full batch without regularisation came to their end.');
  };
}

function ofBoth(decide: (without: Pair, with_: Pair) => Decision): ScalingClaim['decide'] {
  return ({ series }) => {
    const without = unregularised(series);
    const with_ = pairsOf(series).findLast(({ lambda }) => lambda > 0);
    return without && with_
      ? decide(without, with_)
      : undecided('no small and full batch with and without regularisation came to their end.');
  };
}

function unregularised(series: readonly MeasuredSeries[]): Pair | undefined {
  return pairsOf(series).find(({ lambda }) => lambda === 0);
}
