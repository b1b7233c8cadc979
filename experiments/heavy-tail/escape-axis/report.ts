/** The shares of walks that left along the heavier-tailed axis, beside what is published and what the theory says. */
import { axisRatio, type EscapeAxis } from '../../../stats/index.ts';
import { groupBy } from '../../spread.ts';
import { LEVEL, formatP, undecided, type Decision } from '../../verdicts.ts';
import type { FigureSection, ReportData, Section, TableSection } from '../../report.ts';
import type { Manifest, RunRecord } from '../../types.ts';
import { meanSteps } from '../levy-walk.ts';
import { normalTail, shareCell, shareDifference, shareTrend, type Share } from '../shares.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import type { AxisConfig } from './config.ts';
import { resultsOf, type AxisResult } from './records.ts';

/** papers.md 5.3: the one pair that is published, over 1000 seeds. */
const PUBLISHED = { alpha1: 0.55, alpha2: 1.05, share: 0.82, runs: 1000 };

export function report(records: readonly RunRecord[], { config, preset }: Manifest): ReportData {
  const results = resultsOf(records);
  const settings = config as unknown as AxisConfig;
  const { learningRate, scale, radius, maxSteps } = settings;
  const runs = results.reduce((sum, result) => sum + result.runs, 0);
  const leftOut = pairsWithoutLaw(settings);
  return {
    title: 'Heavy-tailed noise, figure 3: the axis of escape',
    lead:
      "Gradient descent on Ackley's function from its minimum, with independent stable noise along the axes, of tail index α₁ along the first and the lighter-tailed " +
      `α₂ = α₁ + Δ along the second, until a walk is ${radius} away; it left along the axis of the greater coordinate. η = ${learningRate}, σ = ${scale}. ` +
      `Preset ${preset}: ${runs} walks so far, each ended after at most ${maxSteps} steps. No images are used. Of the paper's settings only the α of one pair are known, so the others are ours.` +
      (leftOut === '' ? '' : ` Left out, since no stable law has α₂ > 2: ${leftOut}.`),
    sections:
      results.length === 0 ? [] : [table(results, settings), figure(results), ...claims(results, settings)],
  };
}

function pairsWithoutLaw({ alphas, gaps }: AxisConfig): string {
  return alphas
    .flatMap((alpha) => gaps.filter((gap) => alpha + gap > 2 + 1e-9).map((gap) => `${alpha} + ${gap}`))
    .join(', ');
}

const shareOf = ({ through, runs, censored }: AxisResult): Share => ({
  successes: through[0] as number,
  runs: runs - censored,
});

function isPublished({ alpha1, alpha2 }: AxisResult): boolean {
  return alpha1 === PUBLISHED.alpha1 && alpha2 === PUBLISHED.alpha2;
}

function table(results: readonly AxisResult[], config: AxisConfig): TableSection {
  return {
    kind: 'table',
    heading: 'Walks that left along the first axis',
    caption:
      '± is one standard error. Predicted: r₁/(r₁ + r₂) and 1/(r₁ + r₂), r the rate of exits by single jumps. Corollary 4.4: the share that its upper bound on the ratio ' +
      'gives, at its greatest. Published: papers.md 5.3. ≥: some walks did not leave.',
    columns: [
      { key: 'alpha1', label: 'α₁', format: 'number' },
      { key: 'alpha2', label: 'α₂', format: 'number' },
      { key: 'published', label: 'share, publ.', format: 'percent', digits: 1 },
      { key: 'share', label: 'share', format: 'percent', digits: 1 },
      { key: 'predicted', label: 'predicted', format: 'percent', digits: 1 },
      { key: 'corollary', label: 'cor. 4.4', format: 'percent', digits: 1 },
      { key: 'steps', label: 'steps', align: 'right' },
      { key: 'predictedSteps', label: 'predicted', format: 'integer' },
      { key: 'left', label: 'left' },
    ],
    rows: results.map((result) => {
      const { alpha1, alpha2, predictedShare, predictedSteps, runs, censored } = result;
      const { value, error } = meanSteps(result);
      return {
        alpha1,
        alpha2,
        published: isPublished(result) ? PUBLISHED.share : null,
        share: censored === runs ? null : shareCell(shareOf(result)),
        predicted: predictedShare,
        corollary: corollaryShare(result, config),
        steps: `${censored > 0 ? '≥ ' : ''}${value.toFixed(0)} ± ${error.toFixed(0)}`,
        predictedSteps,
        left: `${runs - censored} of ${runs}`,
      };
    }),
    terminal: true,
  };
}

/**
 * P₁/(P₁ + P₂) of corollary 4.4, ε being σ and λ 1 as in the equation of the walks. The corollary holds for any ρ in (0, 1) and is greatest
 * at its lower end, where it is (σ/R)^{α₁ - α₂}.
 */
function corollaryShare({ alpha1, alpha2 }: AxisResult, { scale, radius }: AxisConfig): number {
  const axis = (alpha: number): EscapeAxis => ({
    alpha,
    scale: 1,
    plus: radius,
    minus: radius,
    epsilon: scale,
  });
  const ratio = axisRatio(axis(alpha1), axis(alpha2), 1e-9);
  return ratio / (1 + ratio);
}

function figure(results: readonly AxisResult[]): FigureSection {
  return {
    kind: 'figure',
    id: 'share-gap',
    heading: 'Share of exits along the heavier-tailed axis',
    caption: 'Bars are one standard error; dashed is the prediction of single jumps.',
    x: { label: 'Δ = α₂ − α₁' },
    y: { label: 'share along axis 1', percent: true },
    series: [...groupBy(results, ({ alpha1 }) => alpha1)].map(([alpha1, group]) => ({
      label: `α₁ = ${alpha1}`,
      points: group.map((result) => {
        const { value, error } = shareCell(shareOf(result));
        return { x: result.gap, y: value, error };
      }),
    })),
    curves: [...groupBy(results, ({ alpha1 }) => alpha1)].map(([alpha1, group]) => ({
      label: `${alpha1}`,
      points: group.map(({ gap, predictedShare }) => ({ x: gap, y: predictedShare })),
    })),
    lines: [{ axis: 'y', value: 0.5, label: 'by chance' }],
  };
}

function claims(results: readonly AxisResult[], config: AxisConfig): Section[] {
  const usable = results.filter(({ runs, censored }) => runs > censored);
  const decided: readonly DecidedClaim[] = [
    {
      letter: 'a',
      short: 'the heavier-tailed axis is the one of escape',
      statement: 'Walks leave along the axis with the heavier tail.',
      test: `In every pair, the share is above one half, by the normal test at the level ${LEVEL} divided by the number of pairs.`,
      ...decideMajority(usable),
    },
    {
      letter: 'b',
      short: 'the share rises with Δ',
      statement:
        'The greater the difference of the tail indices, the more walks leave along the heavier-tailed axis.',
      test: "Cochran and Armitage's trend over Δ within each α₁, summed over all α₁ (Mantel).",
      ...decideTrend(usable),
    },
    {
      letter: 'c',
      short: '0.55 against 1.05: about 82 %',
      statement: 'With α₁ = 0.55 and α₂ = 1.05, about 82 % of the walks leave along the first axis.',
      test: `Two shares, the published one with the error of its 1000 seeds, differ at the level ${LEVEL}. The published settings are not known, so agreement is not expected to be exact.`,
      ...decidePublished(usable),
    },
    {
      letter: 'd',
      short: 'single jumps predict the share within 4 points',
      statement: 'The share is r₁/(r₁ + r₂), r = C_α (σ/R)^α: walks leave by one jump.',
      test: 'The greatest difference of a measured share from the predicted one is at most 0.04 plus two standard errors.',
      ...decidePrediction(usable),
    },
    {
      letter: 'e',
      short: 'corollary 4.4 bounds the ratio from above',
      statement: 'The walks along axis 1 over those along axis 2 are at most as many as corollary 4.4 says.',
      test: `The share is above that of the corollary in some pair, by the normal test at the level ${LEVEL} divided by the number of pairs: then the bound does not hold. It is taken at its greatest, ρ → 0. Being per large jump, it does not know how often large jumps along each axis are.`,
      ...decideCorollary(usable, config),
    },
  ];
  return claimSections(decided);
}

function decideMajority(results: readonly AxisResult[]): Decision {
  if (results.length === 0) return undecided('no walk has left.');
  const ps = results.map((result) => {
    const { value, error } = shareCell(shareOf(result));
    return { result, above: normalTail((value - 0.5) / error), below: normalTail((0.5 - value) / error) };
  });
  const level = LEVEL / results.length;
  const worst = ps.reduce((a, b) => (b.above > a.above ? b : a));
  const where = `α ${worst.result.alpha1} against ${worst.result.alpha2}`;
  const reason = `the least clear of ${results.length} pairs is ${where}, p ${formatP(worst.above)}.`;
  if (worst.above <= level) return { verdict: 'holds', reason };
  if (ps.some(({ below }) => below <= level)) return { verdict: 'does not hold', reason };
  return undecided(reason);
}

function decideTrend(results: readonly AxisResult[]): Decision {
  const blocks = [...groupBy(results, ({ alpha1 }) => alpha1).values()]
    .filter((group) => group.length > 1)
    .map((group) => group.map((result) => ({ ...shareOf(result), x: result.gap })));
  if (blocks.length === 0) return undecided('no α₁ was run with more than one Δ.');
  const z = shareTrend(blocks);
  if (Number.isNaN(z)) return undecided('all walks of these left along one axis.');
  const reason = `z = ${z.toFixed(1)}, p ${formatP(normalTail(z))}, over ${blocks.length} α₁.`;
  if (normalTail(z) <= LEVEL) return { verdict: 'holds', reason };
  if (normalTail(-z) <= LEVEL)
    return { verdict: 'does not hold', reason: `the trend is the opposite: ${reason}` };
  return undecided(reason);
}

function decidePublished(results: readonly AxisResult[]): Decision {
  const found = results.find(isPublished);
  if (!found) return undecided('this pair was not run.');
  const published: Share = { successes: PUBLISHED.share * PUBLISHED.runs, runs: PUBLISHED.runs };
  const z = shareDifference(shareOf(found), published);
  const p = 2 * normalTail(Math.abs(z));
  const share = (100 * shareCell(shareOf(found)).value).toFixed(1);
  const reason = `${share} % against 82 %, p ${formatP(p)}.`;
  return { verdict: p <= LEVEL ? 'does not hold' : 'holds', reason };
}

function decidePrediction(results: readonly AxisResult[]): Decision {
  if (results.length === 0) return undecided('no walk has left.');
  const distances = results.map((result) => {
    const { value, error } = shareCell(shareOf(result));
    return { result, distance: Math.abs(value - result.predictedShare), error };
  });
  const worst = distances.reduce((a, b) => (b.distance - 2 * b.error > a.distance - 2 * a.error ? b : a));
  const reason = `the greatest difference is ${worst.distance.toFixed(3)} ± ${worst.error.toFixed(3)}, at α ${worst.result.alpha1} against ${worst.result.alpha2}.`;
  return { verdict: worst.distance <= 0.04 + 2 * worst.error ? 'holds' : 'does not hold', reason };
}

function decideCorollary(results: readonly AxisResult[], config: AxisConfig): Decision {
  if (results.length === 0) return undecided('no walk has left.');
  const excesses = results.map((result) => {
    const { value, error } = shareCell(shareOf(result));
    return { result, z: (value - corollaryShare(result, config)) / error };
  });
  const worst = excesses.reduce((a, b) => (b.z > a.z ? b : a));
  const reason = `the share is highest against the bound at α ${worst.result.alpha1} against ${worst.result.alpha2}: z = ${worst.z.toFixed(1)}, p ${formatP(normalTail(worst.z))}.`;
  return { verdict: normalTail(worst.z) <= LEVEL / results.length ? 'does not hold' : 'holds', reason };
}
