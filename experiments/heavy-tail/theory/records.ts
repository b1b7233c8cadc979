/** The records of the checks as the types they are. */
import { groupBy } from '../../spread.ts';
import type { RunRecord } from '../../types.ts';
import { addExits, type Exits } from '../levy-walk.ts';

export interface Check {
  /** Of the master table of papers.md that asks for it. */
  readonly row: string;
  readonly what: string;
  readonly expected: number;
  readonly found: number;
  /** The greatest absolute difference that still agrees, beside rounding. */
  readonly tolerance: number;
  /** After the decimal point, for a table. */
  readonly digits: number;
  readonly agrees: boolean;
}

export function checksOf(records: readonly RunRecord[]): readonly Check[] {
  const checks = records.filter(({ name }) => name === 'check') as unknown as Omit<Check, 'agrees'>[];
  return checks.map((each) => ({
    ...each,
    // Of a run from before rows were recorded.
    row: each.row ?? '',
    agrees: Math.abs(each.found - each.expected) <= each.tolerance + 1e-12,
  }));
}

export interface AlphaExits extends Exits {
  readonly alpha: number;
  /** 1/(η C_α (σ/R)^α). */
  readonly predicted: number;
}

/** The batches of every α as one. */
export function exitsOf(records: readonly RunRecord[]): readonly AlphaExits[] {
  const batches = records.filter(({ name }) => name === 'exits') as unknown as AlphaExits[];
  return [...groupBy(batches, ({ alpha }) => alpha).values()].map((group) => ({
    ...(group[0] as AlphaExits),
    ...addExits(group),
  }));
}
