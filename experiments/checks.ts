/** How configurations are looked at before anything runs: a wrong one is refused with its value and with what would be right. */
import { fail } from '../engine/graph/errors.ts';

/** An integer of at least 0. */
export function natural(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

/** A number above 0, and finite. */
export function positive(value: number): boolean {
  return value > 0 && value < Infinity;
}

/**
 * @param what the experiment, and where in its configuration: `lr-over-batch/figure4, equal ratios`
 * @throws CONFIG
 */
export function check(what: string, condition: boolean, message: string): void {
  if (!condition) fail('CONFIG', `${what}: ${message}.`);
}

/** @throws CONFIG unless all of these fields are positive integers */
export function checkCounts(what: string, fields: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(fields))
    check(what, natural(value) && value > 0, `${name} is ${value}: give a positive integer`);
}

/** @throws CONFIG unless all of these fields are positive numbers */
export function checkPositive(what: string, fields: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(fields))
    check(what, positive(value), `${name} is ${value}: give a positive number`);
}
