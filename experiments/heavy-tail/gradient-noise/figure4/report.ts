/** HT-4's report: the noise of a parameter before and after the change, its size over parameters, and the claims. */
import { numericTrend } from '../../../../stats/index.ts';
import { decideRising, undecided, type Decision } from '../../../verdicts.ts';
import { groupBy, spread } from '../../../spread.ts';
import type { FigureSection, ReportData, TableSection } from '../../../report.ts';
import type { ArmMarks } from '../../../training/arms.ts';
import type { Trained } from '../../../training/grid-of-trainings.ts';
import type { Manifest } from '../../../types.ts';
import { claimSections, type DecidedClaim } from '../../../claims.ts';
import { overRepeats } from '../readings.ts';
import type { AmplitudeRecord } from './amplitude.ts';
import { arms, type ArmName, type Figure4Config } from './config.ts';

/** One training at its two moments. */
export interface Change {
  readonly arm: string;
  readonly replica: number;
  /** At the batch in force. */
  readonly before: AmplitudeRecord;
  readonly after: AmplitudeRecord;
  /** After the change, at the batch of the beginning. */
  readonly afterAtFirst: AmplitudeRecord;
}

export function report(
  title: string,
  trainings: readonly Trained<ArmMarks>[],
  { preset, dataset, seed, config }: Manifest,
): ReportData {
  const { network, change, distance, factor, rate, batchSize } = config as unknown as Figure4Config;
  const changes = changesOf(trainings);
  return {
    title,
    lead:
      `${network}: at epoch ${change} the learning rate ${rate} is divided by ${factor} (decay), or the batch ${batchSize} multiplied by it (growth), or neither. With the weights held, the noise u of single parameters is taken over ` +
      `minibatches at epochs ${change - distance} and ${change + distance}: u itself, since ηu falls with η trivially. ` +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. The published figure, of ResNet-110 on CIFAR-100 at epochs 279 and 281, is an image without numbers.`,
    sections:
      changes.length === 0
        ? []
        : [amplitudeTable(changes), ...seriesFigures(changes), ...claimSections(claimsOf(changes, factor))],
  };
}

export function changesOf(trainings: readonly Trained<ArmMarks>[]): readonly Change[] {
  return trainings.flatMap(({ marks, records }): Change[] => {
    const own = records.filter(({ name }) => name === 'amplitude') as unknown as AmplitudeRecord[];
    const before = own.find(({ when, inForce }) => when === 'before' && inForce);
    const after = own.find(({ when, inForce }) => when === 'after' && inForce);
    if (!before || !after) return [];
    const afterAtFirst = own.find(
      ({ when, batchSize }) => when === 'after' && batchSize === before.batchSize,
    );
    return [
      {
        arm: marks.arm,
        replica: marks.replica,
        before,
        after,
        afterAtFirst: afterAtFirst ?? after,
      },
    ];
  });
}

/** The mean of ln(second/first) of the deviations over the parameters that are alive in both. */
export function logRatio(first: AmplitudeRecord, second: AmplitudeRecord): number {
  const shared = sharedBy([first, second]);
  return logSize(second, shared) - logSize(first, shared);
}

/** The parameters whose noise all of these have: which are dead differs between moments and trainings. */
function sharedBy(records: readonly AmplitudeRecord[]): ReadonlySet<string> {
  const [first, ...others] = records;
  const alive = (record: AmplitudeRecord, name: string): boolean => {
    const place = record.parameters.indexOf(name);
    return place >= 0 && (record.deviations[place] as number) > 0;
  };
  return new Set(
    first?.parameters.filter((name) => [first, ...others].every((record) => alive(record, name))),
  );
}

/** The mean of ln deviation over these parameters. */
function logSize({ parameters, deviations }: AmplitudeRecord, shared: ReadonlySet<string>): number {
  const chosen = deviations.filter((_, k) => shared.has(parameters[k] as string));
  return spread(chosen.map(Math.log)).mean;
}

/** Of each training the size before and after the change, over the parameters that all trainings of its repeat share. */
function sizesOf(
  changes: readonly Change[],
): (change: Change) => Readonly<Record<'before' | 'after', number>> {
  const shared = new Map(
    [...groupBy(changes, ({ replica }) => replica)].map(([replica, own]) => [
      replica,
      sharedBy(own.flatMap(({ before, after }) => [before, after])),
    ]),
  );
  return ({ replica, before, after }) => {
    const names = shared.get(replica) ?? new Set();
    return { before: logSize(before, names), after: logSize(after, names) };
  };
}

const of = (changes: readonly Change[], arm: ArmName): readonly Change[] =>
  changes.filter((each) => each.arm === arm);

function amplitudeTable(changes: readonly Change[]): TableSection {
  const constant = of(changes, 'constant');
  const against = (change: Change): Change | undefined =>
    constant.find(({ replica }) => replica === change.replica);
  const sizes = sizesOf(changes);
  return {
    kind: 'table',
    heading: 'The noise before and after',
    caption:
      'Geometric means of standard deviations of u at the batch in force, over the parameters that are alive in all trainings of a repeat; over repeats ± one standard error. Last columns: after the change, relative to the training without one; "at the first B" compares at equal B, ' +
      'and so shows what the gradients of single examples did. ηu is what a step adds.',
    columns: [
      { key: 'arm', label: 'training' },
      { key: 'before', label: 'u before', format: 'number', digits: 5 },
      { key: 'after', label: 'u after', format: 'number', digits: 5 },
      { key: 'ratio', label: 'after/before', format: 'number', digits: 3 },
      { key: 'relative', label: 'of constant', format: 'number', digits: 3 },
      { key: 'first', label: 'at the first B', format: 'number', digits: 3 },
      { key: 'step', label: 'ηu of constant', format: 'number', digits: 4 },
      { key: 'repeats', label: 'repeats', format: 'integer' },
    ],
    rows: arms.flatMap((arm) => {
      const own = of(changes, arm);
      if (own.length === 0) return [];
      const relative = (pick: (change: Change, other: Change) => number) =>
        overRepeats(own, (each) => {
          const other = against(each);
          return other ? Math.exp(pick(each, other)) : Number.NaN;
        });
      return [
        {
          arm,
          before: overRepeats(own, (each) => Math.exp(sizes(each).before)),
          after: overRepeats(own, (each) => Math.exp(sizes(each).after)),
          ratio: overRepeats(own, (each) => Math.exp(sizes(each).after - sizes(each).before)),
          relative: relative((each, other) => logRatio(other.after, each.after)),
          first: relative((each, other) => logRatio(other.after, each.afterAtFirst)),
          step: relative(stepRatio),
          repeats: own.length,
        },
      ];
    }),
    terminal: true,
  };
}

/** ln of the ratio of ηu. */
function stepRatio(change: Change, other: Change): number {
  return logRatio(other.after, change.after) + Math.log(change.after.learningRate / other.after.learningRate);
}

function seriesFigures(changes: readonly Change[]): FigureSection[] {
  const first = arms.flatMap((arm) => of(changes, arm).slice(0, 1));
  // The lists begin with the same parameter unless one has died in between.
  return (['before', 'after'] as const).map((when) => ({
    kind: 'figure',
    id: `noise-${when}`,
    heading: `The noise of one parameter ${when} the change`,
    caption: `${[...new Set(first.map((each) => each[when].parameters[0]))].join(', ')}, in the first repeat.`,
    x: { label: 'minibatch' },
    y: { label: 'u' },
    series: first.map((each) => ({
      label: each.arm,
      style: 'line' as const,
      points: each[when].series.map((y, x) => ({ x, y })),
    })),
  }));
}

export function claimsOf(changes: readonly Change[], factor: number): readonly DecidedClaim[] {
  const [constant, decay] = [of(changes, 'constant'), of(changes, 'decay')];
  const sizes = sizesOf(changes);
  const test =
    'Of each repeat the mean logarithm of the deviations, over the parameters that are alive in all its trainings, which are one training until the change: the permutation test of these pairs.';
  const repeated = `Cannot be decided by fewer than ${LEAST_REPEATS} repeats, as (a) and (b) cannot.`;
  const limit = 2 / factor;
  return [
    {
      letter: 'a',
      short: 'after a decay, u is smaller than without it',
      statement:
        'The amplitude and the variance of the noise u are smaller after the decay of the learning rate than at the same epoch without it.',
      test,
      ...decidePairs(
        decay.flatMap((each) =>
          constant
            .filter(({ replica }) => replica === each.replica)
            .map((other) => [sizes(each).after, sizes(other).after] as const),
        ),
      ),
    },
    {
      letter: 'b',
      short: 'with a decay, u falls',
      statement: 'With the decay, u is smaller after the change than before.',
      test,
      ...decidePairs(decay.map((each) => [sizes(each).after, sizes(each).before] as const)),
    },
    {
      letter: 'c',
      short: 'without a decay, u does not rise or fall',
      statement:
        'Without the decay, u stays as it is: the other claims are then not about the passing of time. (Ours.)',
      test: `The ratio of u after and before, geometric mean over parameters. Holds if it is within ${STEADY} of 1 in every repeat, does not hold if it is in none. ${repeated}`,
      ...decideSteady(constant),
    },
    {
      letter: 'd',
      short: `ηu falls to ${limit} or less`,
      statement: `What a step adds, ηu, is at most ${limit} of that without the decay: papers.md, ht-4.`,
      test: `Holds if it is in every repeat, does not hold if it is in none. ${repeated}`,
      ...decideStep(decay, constant, limit),
    },
  ];
}

/** That the second of a pair is the greater. */
function decidePairs(pairs: readonly (readonly [number, number])[]): Decision {
  if (pairs.length === 0) return undecided('not all of the trainings were made.');
  const { verdict, reason } = decideRising(numericTrend(pairs.map((pair) => pair.map((each) => [each]))));
  return { verdict, reason: `${reason}.` };
}

const STEADY = 0.1;

/** Of fewer repeats no order is rare: that of four pairs has the probability 1/16. Claims of every repeat ask for as many. */
const LEAST_REPEATS = 5;

const tooFew = (count: number): string =>
  `${count} ${count === 1 ? 'repeat is' : 'repeats are'} too few, whatever they show: `;

function decideSteady(constant: readonly Change[]): Decision {
  const ratios = constant.map(({ before, after }) => Math.exp(logRatio(before, after)));
  if (ratios.length === 0) return undecided('no such training was made.');
  const reason = `ratios ${ratios.map((ratio) => ratio.toFixed(3)).join(', ')}.`;
  if (ratios.length < LEAST_REPEATS) return undecided(`${tooFew(ratios.length)}${reason}`);
  const outside = ratios.filter((ratio) => Math.abs(ratio - 1) > STEADY).length;
  if (outside === 0) return { verdict: 'holds', reason };
  return outside === ratios.length ? { verdict: 'does not hold', reason } : undecided(reason);
}

function decideStep(decay: readonly Change[], constant: readonly Change[], limit: number): Decision {
  const ratios = decay.flatMap((each) => {
    const other = constant.find(({ replica }) => replica === each.replica);
    return other ? [Math.exp(stepRatio(each, other))] : [];
  });
  if (ratios.length === 0) return undecided('not all of the trainings were made.');
  const reason = `ratios ${ratios.map((ratio) => ratio.toFixed(4)).join(', ')}.`;
  if (ratios.length < LEAST_REPEATS) return undecided(`${tooFew(ratios.length)}${reason}`);
  if (ratios.every((ratio) => ratio <= limit)) return { verdict: 'holds', reason };
  return ratios.some((ratio) => ratio <= limit) ? undecided(reason) : { verdict: 'does not hold', reason };
}
