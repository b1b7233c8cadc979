/** Trainings that differ in how they are trained, compared by how they end: what figures 1, 10, 11 and 16 have in common. */
import type { DatasetName } from '../../../data/index.ts';
import type { GridExperiment } from '../../grid.ts';
import type { ReportData, Section, TableSection } from '../../report.ts';
import { claimSections, type DecidedClaim } from '../../claims.ts';
import { armsOf, armSummary, curveFigures, type Arm, type ArmMarks, type Arms } from '../../training/arms.ts';
import { meanCell } from '../../spread.ts';
import { gridOfTrainings } from '../../training/grid-of-trainings.ts';
import type { Measurements } from '../../training/measurement.ts';
import type { MeasureSpec, OptimizerSpec, ScheduleSpec, TrainingCell } from '../../training/settings.ts';
import type { Manifest, PresetName } from '../../types.ts';
import { check, checkCounts } from '../../checks.ts';
import type { Plan } from '../../training/plan.ts';
import { cellOf, checkTensor, repeated, type Recipe } from '../plan.ts';

/** How an arm is trained. */
export type Way = Pick<Recipe, 'batchSize' | 'learningRate' | 'optimizer' | 'loss'> & {
  readonly epochs: number;
};

/** Every experiment of this kind can be told these. */
export interface ComparisonConfig {
  readonly plan: Plan;
  readonly repeats: number;
}

export interface Comparison<Config extends ComparisonConfig> {
  /** `figure10`. */
  readonly figure: string;
  readonly title: string;
  readonly description: string;
  readonly presets: Readonly<Record<PresetName, Config>>;
  /** In the order of tables and legends. @throws CONFIG */
  ways(config: Config): readonly Way[];
  /** What is measured beside losses and accuracies, which are after every epoch. */
  readonly measure?: (config: Config) => MeasureSpec;
  readonly measurements?: Measurements;
  /** The path of the tensor that is looked at. */
  readonly tensor?: (config: Config) => string;
  /** The question, and what is published. */
  readonly lead: string;
  claims(arms: Arms, config: Config): DecidedClaim[];
  readonly sections?: (arms: Arms, config: Config) => readonly Section[];
  /** Accuracies of the prototype of papers.md 4.4, by the names of arms: of preset `small`. */
  readonly prototype?: Readonly<Record<string, number>>;
}

/** Examples that a training loss on the way is a mean over. */
const LOSS_EXAMPLES = 1000;

export function comparison<Config extends ComparisonConfig>(of: Comparison<Config>): GridExperiment<Config> {
  const { figure, title, description, presets } = of;
  const name = `curvature-lr/${figure}`;
  const cells = (config: Config, seed: number, data: DatasetName | 'published'): TrainingCell[] => {
    const ways = of.ways(config);
    const names = ways.map(nameOf);
    check(name, new Set(names).size === ways.length, `two trainings are the same: ${names.join('; ')}`);
    for (const { epochs } of ways) checkCounts(name, { epochs });
    const all = repeated(name, config.repeats, (replica) =>
      ways.map(({ epochs, ...way }) =>
        cellOf(config.plan, seed, data, {
          ...way,
          length: { epochs },
          measure: {
            trainLoss: { epochs: 1 },
            test: { epochs: 1 },
            lossExamples: LOSS_EXAMPLES,
            statisticsExamples: LOSS_EXAMPLES,
            ...of.measure?.(config),
          },
          replica,
        }),
      ),
    );
    if (of.tensor) checkTensor(name, all, of.tensor(config));
    return all;
  };
  return gridOfTrainings<Config, ArmMarks>({
    name,
    title,
    description,
    presets,
    cells,
    label: (cell) => `${marksOf(cell).arm}, initialisation ${cell.training.replica + 1}`,
    marks: marksOf,
    ...(of.measurements && { measurements: of.measurements }),
    report: (trainings, manifest) => {
      const config = manifest.config as unknown as Config;
      return report(of, armsOf(trainings, of.ways(config).map(nameOf)), manifest);
    },
    summary: armSummary,
  });
}

function marksOf({ training }: TrainingCell): ArmMarks {
  const { network, length, replica } = training;
  return { network: network.kind, arm: nameOf({ ...training, epochs: length.epochs ?? 0 }), replica };
}

/** `B 500, lr 0.05, p 0.3 for 10 epochs`; the same of a training and of what it was made from. */
export function nameOf({ batchSize, learningRate, optimizer, loss }: Way): string {
  const discard = loss?.discard;
  const parts = [
    ...(optimizer && optimizer.name !== 'sgd' ? [ruleName(optimizer)] : []),
    `B ${scheduleName(batchSize)}`,
    // Rules with rates of their own have a multiple of 1.
    ...(learningRate === 1 ? [] : [`lr ${scheduleName(learningRate)}`]),
    ...(discard
      ? [`p ${discard.fraction}${discard.epochs === undefined ? '' : ` for ${discard.epochs} epochs`}`]
      : []),
  ];
  return parts.join(', ');
}

/** `LARS γ 0.01`. */
function ruleName(optimizer: OptimizerSpec): string {
  const { name } = optimizer;
  const shown = name === 'percentDelta' ? 'PercentDelta' : name.toUpperCase();
  return 'gamma' in optimizer ? `${shown} γ ${optimizer.gamma}` : shown;
}

function scheduleName(schedule: ScheduleSpec): string {
  if (typeof schedule === 'number') return String(schedule);
  return schedule.kind === 'firstEpoch' ? `${schedule.first}, then ${schedule.after}` : schedule.kind;
}

function report<Config extends ComparisonConfig>(
  of: Comparison<Config>,
  all: readonly Arms[],
  { preset, dataset, seed, config }: Manifest,
): ReportData {
  const given = config as unknown as Config;
  return {
    title: of.title,
    lead:
      `${of.lead} Preset ${preset}, ${dataset.name}, seed ${seed}. ` +
      'The published figures are images without numbers: what can be compared is the order of the trainings.',
    sections: all.flatMap((arms) => {
      const enduring = withoutDiverged(arms);
      const names = arms.arms.map(({ name }) => name);
      return [
        ...curveFigures(enduring, { id: of.figure, heading: 'training', arms: names }),
        armTable(arms, preset === 'small' ? of.prototype : undefined),
        ...(of.sections?.(enduring, given) ?? []),
        ...claimSections(of.claims(enduring, given)),
      ];
    }),
  };
}

/** The same arms, of the trainings that did not diverge: no mean is over numbers on the way to infinity. */
function withoutDiverged({ network, arms }: Arms): Arms {
  const enduring = arms.map(({ name, trainings, losses, accuracies }): Arm => {
    const stays = trainings.map(({ result }) => result?.outcome !== 'diverged');
    const kept = <T>(list: readonly T[]): T[] => list.filter((_, k) => stays[k]);
    return {
      name,
      trainings: kept(trainings),
      losses: kept(losses),
      accuracies: kept(accuracies),
    };
  });
  return { network, arms: enduring, arm: (name) => enduring.find((each) => each.name === name) };
}

function armTable({ network, arms }: Arms, prototype?: Readonly<Record<string, number>>): TableSection {
  return {
    kind: 'table',
    heading: `${network}: the end of training`,
    caption:
      'Means over initialisations that did not diverge, ± one standard deviation.' +
      (prototype ? ' Prototype: papers.md 4.4, measured elsewhere and not published.' : ''),
    columns: [
      { key: 'arm', label: 'training' },
      { key: 'loss', label: 'loss', format: 'number', digits: 4 },
      { key: 'train', label: 'train', format: 'percent', digits: 1 },
      ...(prototype ? [{ key: 'prototype', label: 'prototype', format: 'percent' as const, digits: 1 }] : []),
      { key: 'test', label: 'test', format: 'percent', digits: 1 },
      { key: 'runs', label: 'runs', format: 'integer' },
      { key: 'diverged', label: 'diverged', format: 'integer' },
    ],
    rows: arms.map((arm) => {
      return {
        arm: arm.name,
        loss: meanCell(finals(arm, 'trainLoss')),
        train: meanCell(finals(arm, 'trainAccuracy')),
        prototype: prototype?.[arm.name] ?? null,
        test: meanCell(finals(arm, 'testAccuracy')),
        runs: arm.trainings.length,
        diverged: arm.trainings.filter(({ result }) => result?.outcome === 'diverged').length,
      };
    }),
    terminal: true,
  };
}

// ---- what claims read ----------------------------------------------------------------------------------

/** At the end of the trainings that did not diverge. */
export function finals(
  arm: Arm | undefined,
  field: 'trainLoss' | 'trainAccuracy' | 'testAccuracy' = 'testAccuracy',
): number[] {
  return (arm?.trainings ?? []).flatMap(({ result }) => result?.[field] ?? []);
}

/** Test accuracies after whole epochs from the first to the last of these, training by training. */
export function accuraciesDuring(arm: Arm | undefined, first: number, last: number): number[][] {
  return (arm?.accuracies ?? []).flatMap(({ values }) => {
    const chosen = [...values].flatMap(([epoch, value]) =>
      Number(epoch) >= first - 1e-6 && Number(epoch) <= last + 1e-6 ? [value] : [],
    );
    return chosen.length > 0 ? [chosen] : [];
  });
}

/** The training of the same initialisation in two arms. */
export function paired<T>(
  first: Arm | undefined,
  second: Arm | undefined,
  of: (a: TrainingAccuracy, b: TrainingAccuracy) => T,
): T[] {
  const known = (arm: Arm | undefined): TrainingAccuracy[] =>
    (arm?.trainings ?? []).flatMap(({ marks: { replica }, result }) =>
      typeof result?.testAccuracy === 'number' ? [{ replica, accuracy: result.testAccuracy }] : [],
    );
  const others = known(second);
  return known(first).flatMap((a) => {
    const b = others.find(({ replica }) => replica === a.replica);
    return b ? [of(a, b)] : [];
  });
}

export interface TrainingAccuracy {
  readonly replica: number;
  readonly accuracy: number;
}

/** The arm of a way. */
export function armOf(arms: Arms, way: Way): Arm | undefined {
  return arms.arm(nameOf(way));
}

export type { Arm, Arms };
