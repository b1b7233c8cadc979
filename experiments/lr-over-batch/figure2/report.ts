/** The report of figure 2: the curves, their distances from that of the small batch, and the claims. */
import { numericTrend } from '../../../stats/index.ts';
import type { ReportData, TableSection } from '../../report.ts';
import type { Manifest } from '../../types.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { decideRising, undecided, type Decision } from '../../verdicts.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import { armsOf, armTable, curveFigures, type ArmMarks, type Arms } from '../../training/arms.ts';
import { curveDistance, pairedDistances } from '../../training/curves.ts';
import { finalAccuracies, learnedTest, notLearned } from '../learned.ts';
import { arms, pairOf, type ArmName, type Figure2Config, type RescalingPlan } from './config.ts';

export function report(
  title: string,
  trainings: readonly Trained<ArmMarks>[],
  manifest: Manifest,
): ReportData {
  const { preset, dataset, seed } = manifest;
  const { plans } = manifest.config as unknown as Figure2Config;
  return {
    title,
    lead:
      'A batch β times as large, with the learning rate multiplied by β, by √β, or left as it is: which gives the curve of the small batch? ' +
      `Preset ${preset}, ${dataset.name}, seed ${seed}. The published figure is an image without numbers: its claim is that linear scaling matches best, and that √β is worse.`,
    sections: armsOf(trainings, arms).flatMap((each) => [
      ...curveFigures(each, { id: 'rescaling', heading: 'rescaling', arms }),
      distanceTable(each),
      armTable(each, describe(plans[each.network])),
      ...claimSections(claimsOf(each)),
    ]),
  };
}

function describe(plan: RescalingPlan | undefined): Readonly<Record<string, string>> {
  if (!plan) return {};
  return Object.fromEntries(
    arms.map((arm) => {
      const { rate, batchSize } = pairOf(plan, arm);
      return [arm, `${Number(rate.toPrecision(4))}; ${batchSize}`];
    }),
  );
}

const scaled = arms.slice(1);

function distanceTable({ network, arm }: Arms): TableSection {
  const reference = arm('small batch');
  return {
    kind: 'table',
    heading: `${network}: distance from the curves of the small batch`,
    caption:
      'Of the mean training losses, the mean over epochs of |difference|/(loss of the small batch); of the mean test accuracies, the mean of |difference|. The range is over initialisations. ∞: a training diverged.',
    columns: [
      { key: 'arm', label: 'rate scaled' },
      { key: 'loss', label: 'of losses', format: 'number', digits: 4 },
      { key: 'range', label: 'from – to', align: 'right' },
      { key: 'accuracy', label: 'of accuracies', format: 'percent' },
    ],
    rows: scaled.flatMap((name) => {
      const other = arm(name);
      if (!reference || !other) return [];
      const single = pairedDistances(reference.losses, other.losses);
      return [
        {
          arm: name,
          loss: curveDistance(reference.losses, other.losses),
          range: `${Math.min(...single).toFixed(3)} – ${Math.max(...single).toFixed(3)}`,
          accuracy: curveDistance(reference.accuracies, other.accuracies, 'absolute'),
        },
      ];
    }),
    terminal: true,
  };
}

export function claimsOf(all: Arms): DecidedClaim[] {
  const test = (order: string): string =>
    `The permutation test of Jonckheere and Terpstra over the distances of single trainings, each from the training of the small batch with its initialisation: ${order}.${learnedTest("'small batch'")}`;
  return [
    {
      letter: 'a',
      short: 'linear is closest, then √β, then none',
      statement:
        'The curve of the small batch is matched best by linear scaling, less by the square root, and least without.',
      test: test('linear, square root, none, rising'),
      ...decideOrder(all, ['linear', 'square root', 'none']),
    },
    {
      letter: 'b',
      short: 'linear is closer than √β',
      statement: 'Linear scaling matches the curve of the small batch better than the square root.',
      test: test('linear below square root'),
      ...decideOrder(all, ['linear', 'square root']),
    },
  ];
}

function decideOrder({ arm }: Arms, names: readonly ArmName[]): Decision {
  const reference = arm('small batch');
  const groups = names.map((name) => {
    const other = arm(name);
    return reference && other ? pairedDistances(reference.losses, other.losses) : [];
  });
  if (groups.some((group) => group.length === 0))
    return undecided(`not all of ${names.join(', ')} were trained.`);
  const idle = notLearned("'small batch'", finalAccuracies(reference?.trainings ?? []));
  if (idle) return idle;
  const { verdict, reason } = decideRising(numericTrend([groups]));
  return { verdict, reason: `${reason}.` };
}
