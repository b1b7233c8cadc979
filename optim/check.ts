/** Checks of hyperparameters, which the optimizers and schedules share. */
import { LangevinError } from '../engine/index.ts';

/** @throws OPTIMIZER unless every value is a finite number above 0 */
export function requireRates(optimizer: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value > 0 && Number.isFinite(value)))
      throw new LangevinError(
        'OPTIMIZER',
        `${optimizer}: ${name} is ${value}; give a finite number above 0.`,
      );
}

/** @throws OPTIMIZER unless every value is a finite number not below 0 */
export function requireNotNegative(optimizer: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0 && Number.isFinite(value)))
      throw new LangevinError(
        'OPTIMIZER',
        `${optimizer}: ${name} is ${value}; give a finite number that is not negative.`,
      );
}

/** @throws OPTIMIZER unless every value lies in [0, 1): the share of an average that is kept */
export function requireShares(optimizer: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0 && value < 1))
      throw new LangevinError('OPTIMIZER', `${optimizer}: ${name} is ${value}; give a number in [0, 1).`);
}
