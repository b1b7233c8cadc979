/** Figures 1, 5 and 8: accuracy, stride and loss over the batch size. */
import { numericTrend } from '../../../stats/index.ts';
import type { GridExperiment } from '../../grid.ts';
import type { FigureSection, TableSection } from '../../report.ts';
import { meanCell, spread } from '../../spread.ts';
import { decideRising, formatP, isSignificant, undecided, type Decision } from '../../verdicts.ts';
import { curveOf } from '../../training/curves.ts';
import { checkCounts, checkPositive } from '../../checks.ts';
import type { Plan } from '../../training/plan.ts';
import { alexnet, alexnetMedium, checkSizes, k16, tiny } from '../plan.ts';
import { measureStride, type StrideRecord } from '../stride.ts';
import { armOf, comparison, finals, type Arm, type Arms, type Way } from './arms.ts';

export interface Figure1Config {
  readonly plan: Plan;
  /** The tensor whose stride is looked at. */
  readonly tensor: string;
  readonly sizes: readonly number[];
  readonly rate: number;
  readonly epochs: number;
  /** Looks at the stride in every epoch; of fewer steps all are looked at. */
  readonly looks: number;
  readonly repeats: number;
}

const fc1 = 'dense0/weight';

const wayOf = (batchSize: number, { rate, epochs }: Figure1Config): Way => ({
  batchSize,
  learningRate: rate,
  epochs,
});

export const figure1: GridExperiment<Figure1Config> = comparison<Figure1Config>({
  figure: 'figure1',
  title: 'Curvature and learning rate, figures 1, 5 and 8: accuracy and stride over batch size',
  description:
    'At a fixed learning rate, how do accuracy, the way travelled and the unrest of the loss depend on the batch size? AlexNet on CIFAR-10.',
  lead: 'One learning rate, many batch sizes, the same number of epochs. The paper shows accuracy falling with B, the area under the stride shrinking, and the loss unsteady for small and for very large B, least in the middle.',
  presets: {
    smoke: { plan: tiny, tensor: fc1, sizes: [16, 80], rate: 0.05, epochs: 2, looks: 2, repeats: 1 },
    // papers.md 4.4.
    small: {
      plan: k16,
      tensor: fc1,
      sizes: [16, 64, 256, 1024, 4000],
      rate: 0.05,
      epochs: 15,
      looks: 2,
      repeats: 3,
    },
    medium: {
      plan: alexnetMedium,
      tensor: fc1,
      sizes: [32, 128, 512, 2048, 8192],
      rate: 0.05,
      epochs: 20,
      looks: 2,
      repeats: 1,
    },
    // CL has B from 32 to 49,152; 160 epochs and the rate are ours.
    paper: {
      plan: alexnet,
      tensor: fc1,
      sizes: [32, 128, 512, 2048, 8192, 32_768, 49_152],
      rate: 0.05,
      epochs: 160,
      looks: 2,
      repeats: 5,
    },
  },
  prototype: Object.fromEntries(
    [
      [16, 0.506],
      [64, 0.477],
      [256, 0.346],
      [1024, 0.182],
      [4000, 0.149],
    ].map(([size, accuracy]) => [`B ${size}, lr 0.05`, accuracy as number]),
  ),
  measurements: { stride: measureStride },
  measure: ({ looks }) => ({
    extra: [{ name: 'stride', at: { start: true, every: { epochs: 1 / looks } } }],
  }),
  tensor: ({ tensor }) => tensor,
  ways(config) {
    const { sizes, rate, looks } = config;
    checkSizes('curvature-lr/figure1', sizes);
    checkPositive('curvature-lr/figure1', { rate });
    checkCounts('curvature-lr/figure1', { looks });
    return sizes.map((size) => wayOf(size, config));
  },
  sections: (arms, config) => [strideFigure(arms, config), strideTable(arms, config)],
  claims: (arms, config) => {
    const found = config.sizes.map((size) => armOf(arms, wayOf(size, config)));
    return [
      {
        letter: 'a',
        short: 'accuracy falls with B',
        statement: 'At a fixed learning rate and number of epochs, test accuracy falls with the batch size.',
        test: 'A falling trend of the test accuracy at the end over batch sizes.',
        ...falling(found.map((arm) => finals(arm))),
      },
      {
        letter: 'b',
        short: 'the area under the stride shrinks',
        statement: 'The area under the curve of strides, the way travelled, shrinks with the batch size.',
        test: `A falling trend over batch sizes of the mean stride E|Δw| of ${config.tensor} over the looks, times the steps.`,
        ...falling(found.map((arm) => areas(arm, config.tensor))),
      },
      {
        letter: 'c',
        short: 'the loss is steadiest at an intermediate B',
        statement: 'The loss fluctuates for small and for very large batches, and least in between.',
        test:
          'Fluctuation: the r.m.s. of the second differences of the training loss after each epoch of the last half, over √6 and the mean loss. A falling trend up to the steadiest batch size and a rising one from it on, ' +
          'both at the level divided by the number of batch sizes that could have been it.',
        ...decideMiddle(found.map(unrest), config.sizes),
      },
    ];
  },
});

function falling(groups: readonly (readonly number[])[]): Decision {
  if (groups.filter((group) => group.length > 0).length < 2)
    return undecided('fewer than two batch sizes were measured.');
  const { verdict, reason } = decideRising(numericTrend([groups.map((group) => group.map((x) => -x))]));
  return { verdict, reason: `${reason}, of the fall.` };
}

/** Mean stride times steps, of each training. */
function areas(arm: Arm | undefined, tensor: string): number[] {
  return (arm?.trainings ?? []).flatMap(({ records, result }) => {
    const strides = stridesOf(records, tensor);
    return result && strides.length > 0
      ? [spread(strides.map(({ stride }) => stride)).mean * result.steps]
      : [];
  });
}

function stridesOf(
  records: readonly { readonly name: string }[],
  tensor: string,
): { readonly epoch: number; readonly stride: number }[] {
  return (records.filter(({ name }) => name === 'stride') as StrideRecord[]).flatMap(
    ({ epoch, learningRate, gradient }) => {
      const length = gradient[tensor];
      return length === undefined ? [] : [{ epoch, stride: learningRate * length }];
    },
  );
}

/** Relative fluctuation of the training loss over the last half of the epochs, of each training. */
function unrest(arm: Arm | undefined): number[] {
  return (arm?.trainings ?? []).flatMap((training) => {
    const losses = [...curveOf(training, 'trainLoss').values.values()];
    const late = losses.slice(Math.floor(losses.length / 2));
    if (late.length < 3) return [];
    // Independent errors of variance s² on a straight line have second differences of variance 6 s².
    const bends = late.slice(2).map((loss, k) => loss - 2 * late[k + 1]! + late[k]!);
    const square = spread(bends.map((bend) => bend ** 2)).mean / 6;
    return [Math.sqrt(square) / spread(late).mean];
  });
}

function decideMiddle(groups: readonly (readonly number[])[], sizes: readonly number[]): Decision {
  const known = groups.flatMap((group, k) => (group.length > 0 ? [{ size: sizes[k]!, group }] : []));
  if (known.length < 3)
    return undecided(`a middle needs three batch sizes, and ${known.length} were measured for long enough.`);
  const means = known.map(({ group }) => spread(group).mean);
  const at = means.indexOf(Math.min(...means));
  const where = `steadiest at B = ${known[at]!.size}; ${known.map(({ size }, k) => `${(100 * means[k]!).toPrecision(2)} % at ${size}`).join(', ')}`;
  const lists = known.map(({ group }) => group);
  const whole = numericTrend([lists]);
  if (at === 0 || at === known.length - 1) {
    const p = at === 0 ? whole.pRising : whole.pFalling;
    return isSignificant(p)
      ? { verdict: 'does not hold', reason: `one trend throughout, p ${formatP(p)}; ${where}.` }
      : undecided(`${where}, an end of the grid.`);
  }
  const fall = numericTrend([lists.slice(0, at + 1)]).pFalling;
  const rise = numericTrend([lists.slice(at)]).pRising;
  const chances = known.length - 2;
  const reason = `${where}; fall p ${formatP(fall)}, rise p ${formatP(rise)}, each to be multiplied by ${chances}.`;
  return isSignificant(Math.max(fall, rise) * chances) ? { verdict: 'holds', reason } : undecided(reason);
}

function strideFigure({ arms }: Arms, { tensor }: Figure1Config): FigureSection {
  return {
    kind: 'figure',
    id: 'stride',
    heading: `Stride of ${tensor}`,
    caption: 'E|Δw| of the step that comes next; means over initialisations.',
    x: { label: 'epochs' },
    y: { label: 'E|Δw|', scale: 'log' },
    series: arms.map(({ name, trainings }) => {
      const byEpoch = new Map<string, number[]>();
      for (const { epoch, stride } of trainings.flatMap(({ records }) => stridesOf(records, tensor)))
        byEpoch.set(epoch.toFixed(4), [...(byEpoch.get(epoch.toFixed(4)) ?? []), stride]);
      return {
        label: name,
        points: [...byEpoch].map(([x, values]) => ({ x: Number(x), y: spread(values).mean })),
        style: 'line',
      };
    }),
  };
}

function strideTable({ arms }: Arms, { tensor }: Figure1Config): TableSection {
  return {
    kind: 'table',
    heading: 'Way travelled, and unrest of the loss',
    caption: `Way: the mean stride of ${tensor} over the looks, times the steps. Unrest: as in claim (c). Means over initialisations, ± one standard deviation.`,
    columns: [
      { key: 'arm', label: 'training' },
      { key: 'way', label: 'way', format: 'number', digits: 5 },
      { key: 'unrest', label: 'unrest', format: 'percent', digits: 3 },
    ],
    rows: arms.map((arm) => ({
      arm: arm.name,
      way: meanCell(areas(arm, tensor)),
      unrest: meanCell(unrest(arm)),
    })),
    terminal: true,
  };
}
