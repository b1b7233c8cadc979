/** What section 2.3 of papers.md says of figure 3, held against the trainings of one network. */
import { numericTrend, rankCorrelation, type RankCorrelation } from '../../../stats/index.ts';
import type { DecidedClaim } from '../../claims.ts';
import { groupBy, spread } from '../../spread.ts';
import { formatP, isSignificant, LEVEL, undecided, type Decision } from '../../verdicts.ts';
import { ratioKey, type Measured } from './records.ts';

/** |ρ| above this counts as the relation that the figure shows: papers.md, lb-3. */
export const STRONG = 0.7;

/** Means at one η/S may differ by so much of their mean and still count as the same: papers.md 2.3. */
export const SAME = 0.2;

/** Training accuracy from which on a network counts as trained; others are not compared, since too short a run turns the order of accuracies round. */
export const TRAINED = 0.999;

interface Quantity {
  readonly name: string;
  readonly value: (run: Measured) => number;
}

export const lambdaMax: Quantity = { name: 'λ_max', value: ({ curvature }) => curvature.largest };
export const frobenius: Quantity = { name: '‖H‖_F', value: ({ curvature }) => curvature.norm };
export const accuracy: Quantity = { name: 'test accuracy', value: ({ testAccuracy }) => testAccuracy };

export const lossOverTrace: Quantity = {
  name: 'E[loss]/Tr H',
  value: ({ loss, curvature }) => loss / curvature.trace,
};

/** How far from 1 a slope on logarithmic axes may be and still mean proportion. */
const MARGIN = 0.2;

/** @param all the trainings of one network */
export function gridClaims(all: readonly Measured[]): DecidedClaim[] {
  const runs = all.filter(({ trainAccuracy }) => trainAccuracy >= TRAINED);
  const left =
    runs.length < all.length
      ? `; ${all.length - runs.length} of ${all.length} trainings are left out, with a training accuracy below ${100 * TRAINED} %`
      : '';
  const claim = (
    letter: string,
    short: string,
    statement: string,
    test: string,
    decide: () => Decision,
  ): DecidedClaim => {
    const { verdict, reason } = decide();
    return { letter, short, statement, test, verdict, reason: `${reason}${left}.` };
  };
  const relation = (sign: 1 | -1): string =>
    `Spearman's rank correlation with η/S over all trainings, ${sign > 0 ? 'above' : 'below −'}${sign > 0 ? ' ' : ''}${STRONG}, and significant at ${LEVEL} by permutation. Only trainings that fit their training set are compared.`;
  return [
    claim(
      'a',
      'λ_max falls with η/S',
      'The largest eigenvalue of the Hessian at the end of training falls with η/S.',
      relation(-1),
      () => decideRelation(runs, lambdaMax, -1),
    ),
    claim(
      'b',
      '‖H‖_F falls with η/S',
      'The Frobenius norm of the Hessian at the end of training falls with η/S.',
      relation(-1),
      () => decideRelation(runs, frobenius, -1),
    ),
    claim(
      'c',
      'test accuracy rises with η/S',
      'The accuracy on data not trained on rises with η/S.',
      relation(1),
      () => decideRelation(runs, accuracy, 1),
    ),
    claim(
      'd',
      'the same η/S gives the same curvature',
      'Trainings of the same η/S have the same curvature, whatever η and S are.',
      `Holds if at every η/S the means over initialisations of λ_max at different S lie within ${100 * SAME} % of their mean. Does not hold if some do not, and λ_max has a trend over S at fixed η/S, at ${LEVEL} in either direction together.`,
      () => decideSameRatio(runs),
    ),
    claim(
      'e',
      'E[loss]/Tr H grows with η/S',
      'The loss over the trace of the Hessian grows with η/S.',
      relation(1),
      () => decideRelation(runs, lossOverTrace, 1),
    ),
    claim(
      'f',
      'E[loss]/Tr H is in proportion to η/S',
      'The loss over the trace of the Hessian is in proportion to η/S: the theory has η/(4S).',
      `The slope of ln(E[loss]/Tr H) over ln(η/S), by least squares over all trainings: holds if it is within ${MARGIN} of 1, does not hold if it is not, and farther from 1 than twice its standard error.`,
      () => decideProportion(runs),
    ),
  ];
}

function decideRelation(runs: readonly Measured[], { name, value }: Quantity, sign: 1 | -1): Decision {
  const pairs = runs.map((run) => [run.ratio, value(run)] as const);
  if (new Set(runs.map(ratioKey)).size < 2) return undecided('there are fewer than two η/S to compare');
  const found = rankCorrelation(pairs);
  if (Number.isNaN(found.rho)) return undecided(`${name} is the same everywhere`);
  const reason = describe(name, found);
  const [expected, opposite] = sign > 0 ? [found.pRising, found.pFalling] : [found.pFalling, found.pRising];
  if (isSignificant(expected) && sign * found.rho > STRONG) return { verdict: 'holds', reason };
  if (isSignificant(opposite))
    return { verdict: 'does not hold', reason: `the relation is the opposite: ${reason}` };
  return undecided(isSignificant(expected) ? `the relation is there, and weaker: ${reason}` : reason);
}

function describe(name: string, { rho, pRising, pFalling, pairs }: RankCorrelation): string {
  const value = rho < 0 ? `−${(-rho).toFixed(2)}` : rho.toFixed(2);
  return `ρ(η/S, ${name}) = ${value}, p ${formatP(Math.min(pRising, pFalling))}, ${pairs} trainings`;
}

function decideProportion(runs: readonly Measured[]): Decision {
  const pairs = runs.flatMap((run) => {
    const value = lossOverTrace.value(run);
    return value > 0 ? [[Math.log(run.ratio), Math.log(value)] as const] : [];
  });
  if (new Set(runs.map(ratioKey)).size < 2 || pairs.length < 3)
    return undecided('a slope and its error take at least three trainings and two η/S');
  const { slope, error } = leastSquares(pairs);
  const reason = `slope ${slope.toFixed(2)} ± ${error.toFixed(2)}`;
  if (Math.abs(slope - 1) <= MARGIN) return { verdict: 'holds', reason };
  return Math.abs(slope - 1) > 2 * error ? { verdict: 'does not hold', reason } : undecided(reason);
}

/** The slope of a straight line, and its standard error from the scatter about it. */
function leastSquares(pairs: readonly (readonly [number, number])[]): {
  readonly slope: number;
  readonly error: number;
} {
  const [x, y] = [spread(pairs.map(([first]) => first)).mean, spread(pairs.map(([, second]) => second)).mean];
  const squares = pairs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  const slope = pairs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / squares;
  const rest = pairs.reduce((sum, [a, b]) => sum + (b - y - slope * (a - x)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (pairs.length - 2) / squares) };
}

function decideSameRatio(runs: readonly Measured[]): Decision {
  const { name, value } = lambdaMax;
  const blocks = [...groupBy(runs, ratioKey).values()]
    .map((block) =>
      [...groupBy(block, ({ batchSize }) => batchSize)].sort(([a], [b]) => a - b).map(([, group]) => group),
    )
    .filter((groups) => groups.length > 1);
  if (blocks.length === 0) return undecided('no η/S was trained with more than one S');
  const apart = blocks.map((groups) => {
    const means = groups.map((group) => spread(group.map(value)).mean);
    const { mean } = spread(means);
    return Math.max(...means.map((each) => Math.abs(each / mean - 1)));
  });
  const worst = Math.max(...apart);
  const { pRising, pFalling } = numericTrend(blocks.map((groups) => groups.map((group) => group.map(value))));
  const p = Math.min(1, 2 * Math.min(pRising, pFalling));
  const reason = `at the same η/S the means of ${name} differ from their mean by at most ${(100 * worst).toFixed(0)} %; a trend over S: p ${formatP(p)} (${pRising < pFalling ? 'rising' : 'falling'})`;
  if (worst <= SAME) return { verdict: 'holds', reason };
  return isSignificant(p) ? { verdict: 'does not hold', reason } : undecided(reason);
}
