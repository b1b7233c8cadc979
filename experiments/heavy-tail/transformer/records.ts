/** The records of HT-2 as the types they are. */
import type { RunRecord } from '../../types.ts';

/** What was trained, and how well. */
export interface ModelRecord {
  readonly corpus: string;
  readonly parameters: number;
  readonly examples: number;
  readonly positives: number;
  readonly cut: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Parameters drawn and left out, being dead. */
  readonly dead: number;
}

/** Both laws fitted to the noise of one parameter, or to a sample of normal numbers. */
export interface FitRecord {
  readonly batchSize: number;
  /** Minibatches. */
  readonly samples: number;
  /** Of the parameter; `control` for normal numbers. */
  readonly path: string;
  readonly index: number;
  readonly alpha: number;
  readonly alphaError: number;
  readonly normalSse: number;
  readonly stableSse: number;
  readonly normalChi: number;
  readonly stableChi: number;
}

/** Where the training met a loss that is not finite: in a step after the first and up to the second number. */
export function divergedAt(
  records: readonly RunRecord[],
): { readonly after: number; readonly step: number } | undefined {
  return records.find(({ name }) => name === 'diverged') as unknown as
    { readonly after: number; readonly step: number } | undefined;
}

export function modelOf(records: readonly RunRecord[]): ModelRecord | undefined {
  return records.find(({ name }) => name === 'model') as unknown as ModelRecord | undefined;
}

/** What was fitted at one batch size. */
export interface BatchFits {
  readonly batchSize: number;
  readonly samples: number;
  readonly fits: readonly FitRecord[];
  readonly controls: readonly FitRecord[];
  /** Parameters that could not be fitted, half of their noise being one value. */
  readonly constant: number;
}

/** By batch size, ascending. */
export function batchFitsOf(records: readonly RunRecord[]): readonly BatchFits[] {
  const fits = records.filter(({ name }) => name === 'fit') as unknown as FitRecord[];
  const sizes = [...new Set(fits.map(({ batchSize }) => batchSize))].sort((a, b) => a - b);
  return sizes.map((batchSize) => {
    const own = fits.filter((fit) => fit.batchSize === batchSize);
    return {
      batchSize,
      samples: own[0]?.samples ?? 0,
      fits: own.filter(({ path }) => path !== 'control'),
      controls: own.filter(({ path }) => path === 'control'),
      constant: records.filter((record) => record.name === 'constant' && record['batchSize'] === batchSize)
        .length,
    };
  });
}
