/** The laws of figures 5 to 7: the best batch size is proportional to the noise scale's other factors, B_opt ∝ εN/(1 - m). */
import type { MeasuredSeries } from './records.ts';

export type VariableName = 'learning rate' | 'training set' | 'momentum';

export interface Variable {
  readonly name: VariableName;
  /** For axes and tables. */
  readonly symbol: string;
  /** For sentences. */
  readonly phrase: string;
  of(series: Pick<MeasuredSeries, 'learningRate' | 'trainExamples' | 'momentum'>): number;
}

export const variables: Readonly<Record<VariableName, Variable>> = {
  'learning rate': {
    name: 'learning rate',
    symbol: 'ε',
    phrase: 'the learning rate',
    of: ({ learningRate }) => learningRate,
  },
  'training set': {
    name: 'training set',
    symbol: 'N',
    phrase: 'the size of the training set',
    of: ({ trainExamples }) => trainExamples,
  },
  momentum: {
    name: 'momentum',
    symbol: '1/(1 − m)',
    phrase: '1/(1 − m)',
    // 1/(1 - 0.9) is 10.000000000000002.
    of: ({ momentum }) => Number((1 / (1 - momentum)).toPrecision(12)),
  },
};

/** The series for whose values of the variable the law is claimed. */
export function claimed(
  series: readonly MeasuredSeries[],
  variable: Variable,
  { lawFrom = 0, lawTo = 0 }: { readonly lawFrom?: number; readonly lawTo?: number },
): readonly MeasuredSeries[] {
  return series.filter((each) => {
    const value = variable.of(each);
    return value >= lawFrom && (lawTo === 0 || value <= lawTo);
  });
}
