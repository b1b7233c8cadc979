/** The records of HT-7 as the types they are. */
import { groupBy } from '../../spread.ts';
import type { RunRecord } from '../../types.ts';
import { addExits, type Exits } from '../levy-walk.ts';
import type { AxisPair } from './config.ts';

/** The walks of one pair, with what the theory of single jumps says of them. */
export interface AxisResult extends AxisPair, Exits {
  /** r₁/(r₁ + r₂), r the rate of exits by one jump. */
  readonly predictedShare: number;
  /** 1/(r₁ + r₂). */
  readonly predictedSteps: number;
}

/** The batches of every pair as one. */
export function resultsOf(records: readonly RunRecord[]): readonly AxisResult[] {
  const batches = records.filter(({ name }) => name === 'walks') as unknown as AxisResult[];
  return [...groupBy(batches, ({ alpha1, alpha2 }) => `${alpha1} ${alpha2}`).values()].map((group) => ({
    ...(group[0] as AxisResult),
    ...addExits(group),
  }));
}
