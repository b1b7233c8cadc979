/** Known values beside those found, and exits from a parabola beside the practical formula. */
import { escapeBound, escapeSteps, weibullMean, type EscapeAxis } from '../../../stats/index.ts';
import type { FigureSection, ReportData, TableSection } from '../../report.ts';
import type { Manifest, RunRecord } from '../../types.ts';
import { meanSteps } from '../levy-walk.ts';
import type { TheoryConfig } from './config.ts';
import { checksOf, exitsOf, type AlphaExits, type Check } from './records.ts';

export function report(records: readonly RunRecord[], { config, preset }: Manifest): ReportData {
  const settings = config as unknown as TheoryConfig;
  const { hazard, kappa } = settings;
  const [checks, exits] = [checksOf(records), exitsOf(records)];
  const printed = weibullMean(hazard, kappa) / kappa ** (1 + 1 / kappa);
  return {
    title: 'Heavy-tailed noise: the theory, checked',
    lead:
      'Symmetric stable laws against tabulated values, the sampler against its law, and the escape theory where it can be computed otherwise: a mean by ' +
      'drawing, exits of simulated walks by counting. ' +
      `Preset ${preset}. No images are used.`,
    sections: [
      ...(checks.length === 0 ? [] : [checkTable(checks)]),
      ...(exits.length === 0 ? [] : [exitTable(exits), exitFigure(exits, settings)]),
      decayTable(),
      decayFigure(),
      {
        kind: 'text',
        heading: 'What of the paper had to be corrected',
        text:
          `The mean of the hazard a t^(κ−1) is (κ/a)^(1/κ) Γ(1 + 1/κ) = ${weibullMean(hazard, kappa).toFixed(3)}; the printed form gives ${printed.toFixed(3)}.\n\n` +
          'One coordinate makes theorem 4.1 infinite, and so do κ = 0 and a predicted probability of exit of 1 or more. Corollary 4.2 follows from the theorem up to a factor 2 and ' +
          'λ^α for λ. The terms of theorem 4.3 fall with the noise along an axis where those of corollary 4.4 rise. The headers of stats/escape/ list every correction.',
      },
    ],
  };
}

function checkTable(checks: readonly Check[]): TableSection {
  return {
    kind: 'table',
    heading: 'Known values',
    caption:
      'Known: papers.md 5.1 and 5.2; the row is that of its master table, 7, which names the tolerance where it is not a multiple of the error of drawing. That is the greatest difference that counts as agreement.',
    columns: [
      { key: 'row', label: 'row' },
      { key: 'what', label: 'value' },
      { key: 'expected', label: 'known', align: 'right' },
      { key: 'found', label: 'found', align: 'right' },
      { key: 'tolerance', label: 'tolerance', align: 'right' },
      { key: 'agrees', label: 'agrees' },
    ],
    rows: checks.map(({ row, what, expected, found, tolerance, digits, agrees }) => ({
      row,
      what,
      expected: expected.toFixed(digits),
      found: found.toFixed(digits),
      tolerance: tolerance === 0 ? '0' : tolerance.toPrecision(2),
      agrees,
    })),
    terminal: true,
  };
}

function exitTable(exits: readonly AlphaExits[]): TableSection {
  return {
    kind: 'table',
    heading: 'Steps until a walk leaves a parabola (row levy-sde)',
    caption:
      'Mean over walks, ± one standard error; predicted 1/(η C_α (σ/R)^α). Agreement is within 10 % and two standard errors: the formula counts single jumps and leaves out ' +
      'what steps and drift add at first order in σ/R.',
    columns: [
      { key: 'alpha', label: 'α', format: 'number' },
      { key: 'predicted', label: 'predicted', format: 'integer' },
      { key: 'steps', label: 'measured', format: 'integer' },
      { key: 'ratio', label: 'ratio', format: 'number', digits: 3 },
      { key: 'left', label: 'left' },
      { key: 'agrees', label: 'agrees' },
    ],
    rows: exits.map((each) => {
      const { alpha, predicted, runs, censored } = each;
      const { value, error } = meanSteps(each);
      return {
        alpha,
        predicted,
        steps: { value, error },
        ratio: { value: value / predicted, error: error / predicted },
        left: `${runs - censored} of ${runs}`,
        agrees: censored === 0 && Math.abs(value / predicted - 1) <= 0.1 + (2 * error) / predicted,
      };
    }),
    terminal: true,
  };
}

/** Points of the curve of {@link exitFigure}. */
const POINTS = 40;

function exitFigure(exits: readonly AlphaExits[], config: TheoryConfig): FigureSection {
  const { learningRate, scale, radius } = config;
  const alphas = exits.map(({ alpha }) => alpha);
  const [least, greatest] = [Math.min(...alphas), Math.max(...alphas)];
  const steps = (alpha: number): number =>
    escapeSteps([{ alpha, scale, plus: radius, minus: radius }], learningRate ** (1 / alpha));
  return {
    kind: 'figure',
    id: 'exits',
    heading: 'Steps until a walk leaves a parabola, over α',
    caption: 'Bars are one standard error. Dashed: 1/(η C_α (σ/R)^α).',
    x: { label: 'α' },
    y: { label: 'steps', scale: 'log' },
    series: [
      {
        label: 'walks',
        style: 'dots',
        points: exits.map((each) => {
          const { value, error } = meanSteps(each);
          return { x: each.alpha, y: value, error };
        }),
      },
    ],
    curves: [
      {
        label: 'single jumps',
        points: Array.from({ length: POINTS + 1 }, (_, k) => least + (k / POINTS) * (greatest - least)).map(
          (x) => ({ x, y: steps(x) }),
        ),
      },
    ],
  };
}

/** Theorem 4.1 on two coordinates. */
function boundAt(alphas: readonly number[], gamma: number): number {
  const axis = (alpha: number): EscapeAxis => ({ alpha, scale: 0.2, plus: 1, minus: 1, epsilon: 0.5 });
  return escapeBound(alphas.map(axis), { gamma }).value;
}

/** The pairs of α that the bound is shown for. */
const PAIRS = [
  [1.2, 1.5],
  [1.5, 1.8],
] as const;

function decayFigure(): FigureSection {
  const gammas = Array.from({ length: 21 }, (_, k) => 1 - k / 50);
  return {
    kind: 'figure',
    id: 'decay',
    heading: 'The bound over γ',
    caption: 'As in the table: the rate is constant at γ = 1 and falls the faster the smaller γ is.',
    x: { label: 'γ' },
    y: { label: 'bound, units of time', scale: 'log' },
    series: PAIRS.map((alphas) => ({
      label: `α = ${alphas.join(', ')}`,
      style: 'line' as const,
      points: gammas.map((x) => ({ x, y: boundAt(alphas, x) })),
    })),
  };
}

/** As the learning rate falls faster. */
function decayTable(): TableSection {
  return {
    kind: 'table',
    heading: 'The bound of theorem 4.1 when the learning rate falls as t^(γ−1)',
    caption:
      'Two coordinates with λ = 0.2, borders at ±1, ε = 0.5 and ρ = 1/2, in units of time. Claimed: escape is slower the faster the rate falls.',
    columns: [
      { key: 'alphas', label: 'α' },
      ...GAMMAS.map((gamma) => ({
        key: `${gamma}`,
        label: `γ = ${gamma}`,
        format: 'number' as const,
        digits: 1,
      })),
    ],
    rows: PAIRS.map((alphas) => ({
      alphas: alphas.join(', '),
      ...Object.fromEntries(GAMMAS.map((gamma) => [gamma, boundAt(alphas, gamma)])),
    })),
  };
}

const GAMMAS = [1, 0.9, 0.8, 0.6];
