/** Measured escape times beside the practical formula and the theory's bound, and how they correlate over batch sizes. */
import { numericTrend } from '../../../stats/index.ts';
import { groupBy } from '../../spread.ts';
import { decideRising, formatP, LEVEL, undecided, type Decision } from '../../verdicts.ts';
import type { FigureSection, Point, ReportData, Section, TableSection } from '../../report.ts';
import type { Manifest, RunRecord } from '../../types.ts';
import { claimSections } from '../../claims.ts';
import { pearson, permutationP } from '../correlation.ts';
import type { TimeConfig } from './config.ts';
import {
  descentOf,
  escapesOf,
  meanStepsOf,
  minimaOf,
  SLOPE,
  type EscapeRecord,
  type MinimumRecord,
} from './records.ts';

export function report(records: readonly RunRecord[], { config, preset }: Manifest): ReportData {
  const [minima, escapes] = [minimaOf(records), escapesOf(records)];
  const { learningRate, barrier, fitBatches, alphaRange, rho } = config as unknown as TimeConfig;
  const networks = [...groupBy(escapes, ({ network }) => network)];
  return {
    title: 'Heavy-tailed noise, figure 5: the time of escape',
    lead:
      `Small networks on two blobs in the plane, brought to a minimum by gradient descent, and from there SGD with η = ${learningRate} and minibatches with replacement, until the loss over all points is ` +
      `${barrier} above the minimum. The noise of every parameter is fitted to a stable law from ${fitBatches} minibatches (α held to ${alphaRange.join('–')}), its border found along the parameter alone. ` +
      `Formula: 1/Σ r of exits by single jumps. Bound: theorem 4.1 with ρ = ${rho}, which wants large jumps to be rare. Preset ${preset}. No images are used. Published: a strong positive correlation in a figure without numbers.`,
    sections: [
      ...(minima.length === 0 ? [] : [minimumTable(minima)]),
      ...(escapes.length === 0 ? [] : [escapeTable(escapes)]),
      ...networks.flatMap(([network, group]) => figures(network, group)),
      ...networks.flatMap(([network, group]) => claims(network, group, minima)),
      ...networks.flatMap(([network, group]) => growth(network, group)),
    ],
  };
}

function minimumTable(minima: readonly MinimumRecord[]): TableSection {
  return {
    kind: 'table',
    heading: 'The minima',
    caption: `Where gradient descent ended. It is a minimum if the loss has fallen and |∇L| is at most ${SLOPE}: else its claims cannot be decided, and where the loss has not fallen no run is made.`,
    columns: [
      { key: 'network', label: 'network' },
      { key: 'parameters', label: 'parameters', format: 'integer' },
      { key: 'examples', label: 'points', format: 'integer' },
      { key: 'start', label: 'at the start', align: 'right' },
      { key: 'loss', label: 'loss', align: 'right' },
      { key: 'gradient', label: '|∇L|', align: 'right' },
      { key: 'descent', label: 'descent' },
    ],
    rows: minima.map((minimum) => ({
      network: minimum.network,
      parameters: minimum.parameters,
      examples: minimum.examples,
      start: lossText(minimum.startLoss),
      loss: lossText(minimum.loss),
      gradient: minimum.gradient.toExponential(1),
      descent: descentOf(minimum),
    })),
    terminal: true,
  };
}

function lossText(loss: number): string {
  if (!Number.isFinite(loss)) return '–';
  return loss < 1000 ? loss.toFixed(5) : loss.toExponential(1);
}

function escapeTable(escapes: readonly EscapeRecord[]): TableSection {
  return {
    kind: 'table',
    heading: 'Steps until escape',
    caption:
      'Measured: mean over runs, ± one standard error; ≥: some runs had not escaped at the cap. α̂: mean and least of the fitted tail indices. ' +
      'Not fitted: parameters half of whose noise is one value. ∞: the theorem says nothing, since it expects large jumps to leave more often than always, or α = 2.',
    columns: [
      { key: 'network', label: 'network' },
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'steps', label: 'measured', align: 'right' },
      { key: 'predicted', label: 'formula', format: 'integer' },
      { key: 'bound', label: 'bound', format: 'integer' },
      { key: 'alpha', label: 'α̂', format: 'number' },
      { key: 'least', label: 'least α̂', format: 'number' },
      { key: 'excluded', label: 'not fitted', format: 'integer' },
      { key: 'escaped', label: 'escaped' },
    ],
    rows: escapes.map((each) => {
      const { value, error } = meanStepsOf(each);
      const runs = each.steps.length + each.censored;
      return {
        network: each.network,
        batchSize: each.batchSize,
        steps: `${each.censored > 0 ? '≥ ' : ''}${value.toFixed(0)} ± ${error.toFixed(0)}`,
        predicted: each.predicted,
        bound: each.bound,
        alpha: each.meanAlpha,
        least: each.leastAlpha,
        excluded: each.excluded,
        escaped: `${each.steps.length} of ${runs}`,
      };
    }),
    terminal: true,
  };
}

function figures(network: string, group: readonly EscapeRecord[]): FigureSection[] {
  const points = (of: (each: EscapeRecord) => number): Point[] =>
    group.flatMap((each) => {
      const { value, error } = meanStepsOf(each);
      return Number.isFinite(of(each)) ? [{ x: of(each), y: value, error }] : [];
    });
  return [
    {
      kind: 'figure',
      id: `escape-${network}`,
      heading: `${network}: measured against predicted`,
      caption: 'A mark per batch size; bars are one standard error.',
      x: { label: 'predicted steps', scale: 'log' },
      y: { label: 'measured steps', scale: 'log' },
      series: [
        { label: 'formula', points: points(({ predicted }) => predicted) },
        { label: 'bound', points: points(({ bound }) => bound) },
      ].filter(({ points: some }) => some.length > 0),
    },
  ];
}

function claims(
  network: string,
  group: readonly EscapeRecord[],
  minima: readonly MinimumRecord[],
): Section[] {
  const place = minima.find((each) => each.network === network);
  const decided = (decide: () => Decision): Decision =>
    place && descentOf(place) !== 'minimum'
      ? undecided(
          `it is no minimum that is left: |∇L| is ${place.gradient.toExponential(1)}, above ${SLOPE}.`,
        )
      : decide();
  const sections = claimSections(
    [
      {
        letter: 'a',
        short: 'steps correlate with the bound of the theory',
        statement: `${network}: the measured escape times correlate strongly with the theory's bound.`,
        test: correlationTest,
        ...decided(() => decideCorrelation(group, ({ bound }) => bound)),
      },
      {
        letter: 'b',
        short: 'steps correlate with the practical formula',
        statement: `${network}: the measured escape times correlate strongly with 1/Σ r.`,
        test: correlationTest,
        ...decided(() => decideCorrelation(group, ({ predicted }) => predicted)),
      },
      {
        letter: 'c',
        short: 'steps rise with B',
        statement: `${network}: the less noise, the longer the escape takes.`,
        test: 'A rising trend of the mean steps over B (permutation test of Kendall).',
        ...decided(() => decideGrowth(group)),
      },
    ],
    network,
  );
  return sections;
}

const correlationTest = `Pearson's coefficient over batch sizes above 0.9, and a permutation test of it at the level ${LEVEL}. Does not hold if the coefficient is negative at that level.`;

function decideCorrelation(group: readonly EscapeRecord[], of: (each: EscapeRecord) => number): Decision {
  const usable = group.filter((each) => Number.isFinite(of(each)));
  if (usable.length < 4)
    return undecided(
      `there are ${usable.length} batch sizes with a finite prediction; no order of fewer than 4 is rare.`,
    );
  const [x, y] = [usable.map(of), usable.map((each) => meanStepsOf(each).value)];
  const r = pearson(x, y);
  const logs = pearson(x.map(Math.log), y.map(Math.log));
  const [up, down] = [
    permutationP(x, y),
    permutationP(
      x,
      y.map((value) => -value),
    ),
  ];
  const censored = usable.reduce((sum, each) => sum + each.censored, 0);
  const reason =
    `r = ${r.toFixed(3)}, of logarithms ${logs.toFixed(3)}, p ${formatP(up)}, over ${usable.length} batch sizes` +
    `${censored > 0 ? `; ${censored} runs were stopped at the cap` : ''}.`;
  if (r > 0.9 && up <= LEVEL) return { verdict: 'holds', reason };
  if (down <= LEVEL) return { verdict: 'does not hold', reason };
  return undecided(reason);
}

function decideGrowth(group: readonly EscapeRecord[]): Decision {
  const sorted = [...group].sort((a, b) => a.batchSize - b.batchSize);
  return decideRising(numericTrend([sorted.map((each) => [meanStepsOf(each).value])]));
}

/** A power or an exponential of B? The paper says the dependence on the size of noise is polynomial. */
function growth(network: string, group: readonly EscapeRecord[]): Section[] {
  if (group.length < 4) return [];
  const logs = group.map((each) => Math.log(meanStepsOf(each).value));
  const sizes = group.map(({ batchSize }) => batchSize);
  const [power, exponential] = [pearson(sizes.map(Math.log), logs), pearson(sizes, logs)];
  return [
    {
      kind: 'text',
      heading: `${network}: a power of B, or exponential?`,
      text:
        `The logarithm of the mean steps correlates with ln B at ${power.toFixed(4)}, with B itself at ${exponential.toFixed(4)}. ` +
        'The paper says that escape depends on the size of the noise as a polynomial and not exponentially. Where the second coefficient is the greater, the steps grow rather as a power of e with B; ' +
        'so few batch sizes do not decide it, and B changes α̂ as well as the size.',
    },
  ];
}
