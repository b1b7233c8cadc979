/** The records of HT-6 as the types they are. */
import type { RunRecord } from '../../types.ts';

/** The minimum that a network was brought to. */
export interface MinimumRecord {
  /** `2-4-1`. */
  readonly network: string;
  readonly parameters: number;
  readonly examples: number;
  readonly loss: number;
  /** Where the descent began; infinite if it was not recorded. */
  readonly startLoss: number;
  /** |∇L| at the minimum. */
  readonly gradient: number;
}

/** |∇L| up to which a place counts as a minimum. A step of the descent still lowers the loss there by η|∇L|², far below ΔL. */
export const SLOPE = 0.05;

export type Descent = 'minimum' | 'still falling' | 'did not fall';

/** What became of the descent: nothing escapes from where the loss did not fall to. */
export function descentOf({
  loss,
  startLoss,
  gradient,
}: Pick<MinimumRecord, 'loss' | 'startLoss' | 'gradient'>): Descent {
  if (!(loss < startLoss)) return 'did not fall';
  return gradient <= SLOPE ? 'minimum' : 'still falling';
}

/** The runs of one network and batch size, and what the theory says of them. */
export interface EscapeRecord {
  readonly network: string;
  readonly batchSize: number;
  /** Steps of the runs that escaped. */
  readonly steps: readonly number[];
  /** Runs that had not escaped after `maxSteps`. */
  readonly censored: number;
  readonly maxSteps: number;
  /** The practical formula, in steps. */
  readonly predicted: number;
  /** Theorem 4.1, in steps; infinite where it says nothing. */
  readonly bound: number;
  readonly meanAlpha: number;
  readonly leastAlpha: number;
  /** Parameters whose α stopped at the end of what is fitted, and that could not be fitted. */
  readonly atBound: number;
  readonly excluded: number;
}

export function minimaOf(records: readonly RunRecord[]): readonly MinimumRecord[] {
  const minima = records.filter(({ name }) => name === 'minimum') as unknown as MinimumRecord[];
  return minima.map((minimum) => ({ ...minimum, startLoss: minimum.startLoss ?? Infinity }));
}

export function escapesOf(records: readonly RunRecord[]): readonly EscapeRecord[] {
  return records.filter(({ name }) => name === 'escape') as unknown as EscapeRecord[];
}

/** Over all runs, a censored one counted with its cap: then the mean is a lower bound. */
export function meanStepsOf({ steps, censored, maxSteps }: EscapeRecord): {
  readonly value: number;
  readonly error: number;
} {
  const all = [...steps, ...new Array<number>(censored).fill(maxSteps)];
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const squares = all.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { value: mean, error: Math.sqrt(squares / Math.max(1, all.length - 1) / all.length) };
}
