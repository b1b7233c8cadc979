/** Trainings taken together in arms, which are compared by their curves: what figures 1 and 2 have in common. */
import type { Cell, FigureSection, TableSection } from '../report.ts';
import type { Json } from '../types.ts';
import { groupBy, meanCell } from '../spread.ts';
import type { Trained } from './grid-of-trainings.ts';
import { curveOf, curveSeries, type Curve } from './curves.ts';

/** What tells one training from the others. A type, so that it is plain data. */
export type ArmMarks = {
  readonly network: string;
  readonly arm: string;
  readonly replica: number;
};

/** The trainings of one network, by arm, in the order given. */
export interface Arms {
  readonly network: string;
  readonly arms: readonly Arm[];
  arm(name: string): Arm | undefined;
}

export interface Arm {
  readonly name: string;
  readonly trainings: readonly Trained<ArmMarks>[];
  readonly losses: readonly Curve[];
  readonly accuracies: readonly Curve[];
}

/** Only trainings that came to their end. */
export function armsOf(trainings: readonly Trained<ArmMarks>[], order: readonly string[]): Arms[] {
  const ended = trainings.filter(({ result }) => result !== undefined);
  return [...groupBy(ended, ({ marks }) => marks.network)].map(([network, own]): Arms => {
    const arms = order.flatMap((name): Arm[] => {
      const of = own.filter(({ marks }) => marks.arm === name);
      if (of.length === 0) return [];
      return [
        {
          name,
          trainings: of,
          losses: of.map((each) => curveOf(each, 'trainLoss')),
          accuracies: of.map((each) => curveOf(each, 'testAccuracy')),
        },
      ];
    });
    return { network, arms, arm: (name) => arms.find((each) => each.name === name) };
  });
}

/** Loss and accuracy over epochs, a line per arm. */
export function curveFigures(
  { network, arms }: Arms,
  shown: { readonly id: string; readonly heading: string; readonly arms: readonly string[] },
): FigureSection[] {
  const chosen = arms.filter(({ name }) => shown.arms.includes(name));
  const id = `${shown.id}-${network.toLowerCase()}`;
  const caption = 'Means over initialisations; bars are one standard error.';
  const x = { label: 'epochs' };
  return [
    {
      kind: 'figure',
      id: `${id}-loss`,
      heading: `${network}, ${shown.heading}: training loss`,
      caption,
      x,
      y: { label: 'training loss', scale: 'log' },
      series: chosen.map(({ name, losses }) => curveSeries(name, losses)),
    },
    {
      kind: 'figure',
      id: `${id}-accuracy`,
      heading: `${network}, ${shown.heading}: test accuracy`,
      caption,
      x,
      y: { label: 'test accuracy', percent: true },
      series: chosen.map(({ name, accuracies }) => curveSeries(name, accuracies)),
    },
  ];
}

/** How the arms ended. */
export function armTable({ network, arms }: Arms, described: Readonly<Record<string, string>>): TableSection {
  return {
    kind: 'table',
    heading: `${network}: the end of training`,
    caption: 'Means over initialisations that did not diverge, ± one standard deviation.',
    columns: [
      { key: 'arm', label: 'training' },
      { key: 'settings', label: 'η and S' },
      { key: 'loss', label: 'loss', format: 'number', digits: 5 },
      { key: 'train', label: 'train', format: 'percent' },
      { key: 'test', label: 'test', format: 'percent' },
      { key: 'runs', label: 'runs', format: 'integer' },
      { key: 'diverged', label: 'diverged', format: 'integer' },
    ],
    rows: arms.map(({ name, trainings }) => {
      const over = (field: 'trainLoss' | 'trainAccuracy' | 'testAccuracy'): Cell =>
        meanCell(trainings.flatMap(({ result }) => result?.[field] ?? []));
      return {
        arm: name,
        settings: described[name] ?? '',
        loss: over('trainLoss'),
        train: over('trainAccuracy'),
        test: over('testAccuracy'),
        runs: trainings.length,
        diverged: trainings.filter(({ result }) => result?.outcome === 'diverged').length,
      };
    }),
    terminal: true,
  };
}

/** Every training that came to its end. */
export function armSummary(trainings: readonly Trained<ArmMarks>[]): { readonly [key: string]: Json } {
  return {
    trainings: trainings.flatMap(({ marks, result }) =>
      result
        ? [
            {
              ...marks,
              outcome: result.outcome,
              trainLoss: result.trainLoss,
              testAccuracy: result.testAccuracy,
            },
          ]
        : [],
    ),
  };
}
