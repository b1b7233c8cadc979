/**
 * The conformance table: one entry per primitive of engine/ops/table.ts. Its tests refuse a primitive without an
 * entry and an entry without a primitive.
 *
 * To add a primitive:
 *  1. Write its record in the file of its family under engine/ops/ and list it in engine/ops/table.ts.
 *  2. Add its entry here, in the file of its family:
 *     `samples`   few, small, inside the domain and away from points without a derivative; every checker runs on them;
 *     `extended`  boundary sizes, all dtypes, magnitudes, special values; the kernel is held against the reference there;
 *     `errors`    inputs that must be refused, with the code;
 *     `first`     the inputs with a derivative that is not identically zero;
 *     `second`    whether that derivative depends on the inputs.
 *     Elementwise primitives use the builder `elementwise`, which draws samples from the domains given.
 *  3. Run `npx vitest run --project reference test/conformance`: the rules, in float64.
 *  4. Run `npx vitest run --project node test/conformance`: the kernel, within the record's `accuracy`.
 */
import type { Entry } from './entry.ts';
import { arithmetic } from './arithmetic.ts';
import { compare } from './compare.ts';
import { convolutions } from './convolution.ts';
import { indexing } from './indexing.ts';
import { movement } from './movement.ts';
import { reduction } from './reduction.ts';
import { transcendental } from './transcendental.ts';

export const table: readonly Entry[] = [
  ...arithmetic,
  ...transcendental,
  ...compare,
  ...movement,
  ...indexing,
  ...reduction,
  ...convolutions,
];

export type { Entry, ErrorCase, Sample } from './entry.ts';
