/**
 * Learning rates over time, as functions of the number of updates made so far: an i32 scalar tensor, so that a
 * schedule lives inside a recorded step and no step records anything anew.
 */
import {
  add,
  cast,
  cos,
  div,
  exp,
  full,
  LangevinError,
  less,
  minimum,
  mul,
  where,
  type Tensor,
} from '../engine/index.ts';

/** @param step updates made so far, i32 scalar, 0 at the first; the result is an f32 scalar */
export type Schedule = (step: Tensor) => Tensor;

/** The same at every step. */
export function constant(value: number): Schedule {
  return () => full([], value, 'f32');
}

/** `initial` times `factor` for every `every` whole steps: a staircase. */
export function stepDecay(options: {
  readonly initial: number;
  readonly factor: number;
  readonly every: number;
}): Schedule {
  const { initial, factor, every } = options;
  requirePositive('stepDecay', { factor, every });
  return (step) => mul(exp(mul(cast(div(step, every), 'f32'), Math.log(factor))), initial);
}

/** initial · factor^(step / every): `stepDecay` without the stairs. */
export function exponentialDecay(options: {
  readonly initial: number;
  readonly factor: number;
  readonly every: number;
}): Schedule {
  const { initial, factor, every } = options;
  requirePositive('exponentialDecay', { factor, every });
  return (step) => mul(exp(mul(cast(step, 'f32'), Math.log(factor) / every)), initial);
}

/** From `initial` to `final` along half a cosine over `steps`, then `final` (0 by default). Loshchilov & Hutter 2017, eq. 5. */
export function cosineDecay(options: {
  readonly initial: number;
  readonly steps: number;
  readonly final?: number;
}): Schedule {
  const { initial, steps, final = 0 } = options;
  requirePositive('cosineDecay', { steps });
  return (step) => {
    const angle = mul(cast(minimum(step, steps), 'f32'), Math.PI / steps);
    return add(mul(add(cos(angle), 1), (initial - final) / 2), final);
  };
}

/** `value` of the last entry whose `from` is not above the step; the first entry starts at 0. */
export function piecewise(entries: readonly { readonly from: number; readonly value: number }[]): Schedule {
  if (
    entries[0]?.from !== 0 ||
    entries.some((entry, k) => k > 0 && entry.from <= (entries[k - 1]?.from ?? 0))
  )
    throw new LangevinError(
      'SCHEDULE',
      `piecewise: the entries begin at ${entries.map((entry) => entry.from).join(', ')}: begin at 0 and ascend.`,
    );
  return (step) =>
    entries
      .slice(1)
      .reduce<Tensor>(
        (rate, { from, value }) => where(less(step, from), rate, value),
        full([], entries[0]?.value ?? 0, 'f32'),
      );
}

function requirePositive(schedule: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value > 0))
      throw new LangevinError('SCHEDULE', `${schedule}: ${name} is ${value}; it must be positive.`);
}
