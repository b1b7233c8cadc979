/** What the trainings of figure 3 measured, as points over batch sizes. */
import { minibatchCovarianceFactor } from '../../../stats/index.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import { spread } from '../../spread.ts';
import type { StrideRecord } from '../stride.ts';
import type { LawMarks } from './config.ts';
import type { Lengths, LawRecord, SpreadOfTensor, SpreadRecord } from './law.ts';

/** The first step of one initialisation at one batch size. */
export interface LawPoint {
  readonly batchSize: number;
  readonly replica: number;
  readonly lengths: Lengths;
  readonly spread: SpreadOfTensor;
  /** E|g - G| over √(2/π) σ̄/√n, and E(g - G)² over mean σ²/n. */
  readonly level: number;
  readonly squareLevel: number;
}

/** Of one tensor, by its path. */
export function lawPoints(trainings: readonly Trained<LawMarks>[], tensor: string): LawPoint[] {
  return trainings.flatMap(({ marks: { replica }, records }) => {
    const spreads = records.find(({ name }) => name === 'gradient-spread') as SpreadRecord | undefined;
    const of = spreads?.tensors[tensor];
    if (!spreads || !of) return [];
    const laws = records.filter(({ name }) => name === 'gradient-law') as LawRecord[];
    return laws.flatMap(({ batchSize, tensors }): LawPoint[] => {
      const lengths = tensors[tensor];
      if (!lengths) return [];
      const variance = minibatchCovarianceFactor({ count: spreads.examples, batchSize, replacement: true });
      return [
        {
          batchSize,
          replica,
          lengths,
          spread: of,
          level: lengths.centred / (Math.sqrt((2 / Math.PI) * variance) * of.deviation),
          squareLevel: lengths.centredSquare / (variance * of.variance),
        },
      ];
    });
  });
}

/** The paths of the tensors that were measured. */
export function tensorsOf(trainings: readonly Trained<LawMarks>[]): string[] {
  const found = trainings.flatMap(({ records }) => records.filter(({ name }) => name === 'gradient-spread'));
  return Object.keys((found[0] as SpreadRecord | undefined)?.tensors ?? {});
}

/** Means over the looks of the first epoch of one training, which did not diverge. */
export interface EpochPoint {
  readonly batchSize: number;
  readonly replica: number;
  readonly looks: number;
  /** E|Δw|/lr of the tensor. */
  readonly stride: number;
  /** E g² over all parameters, and the measured fall of the loss for each parameter and unit of the learning rate. */
  readonly square: number;
  readonly fall: number;
}

export function epochPoints(trainings: readonly Trained<LawMarks>[], tensor: string): EpochPoint[] {
  return trainings.flatMap(({ marks, records, result }): EpochPoint[] => {
    if (marks.part !== 'epoch' || !result || result.outcome === 'diverged') return [];
    const looks = (records.filter(({ name }) => name === 'stride') as StrideRecord[]).filter(
      ({ epoch }) => epoch < 1,
    );
    if (looks.length === 0 || looks[0]!.gradient[tensor] === undefined) return [];
    const over = (value: (look: StrideRecord) => number): number => spread(looks.map(value)).mean;
    return [
      {
        batchSize: marks.batchSize,
        replica: marks.replica,
        looks: looks.length,
        stride: over(({ gradient }) => gradient[tensor] as number),
        square: over(({ meanSquare }) => meanSquare),
        fall: over(({ fall, learningRate }) => fall / (learningRate * result.parameters)),
      },
    ];
  });
}
