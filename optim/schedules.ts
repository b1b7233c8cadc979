/**
 * Learning rates over time, as functions of the number of updates made so far: an i32 scalar tensor, so that a
 * schedule lives inside a recorded step and no step records anything anew.
 */
import {
  abs,
  add,
  cast,
  cos,
  div,
  exp,
  full,
  LangevinError,
  less,
  log1p,
  minimum,
  mul,
  remainder,
  sub,
  where,
  type Tensor,
} from '../engine/index.ts';

/** @param step updates made so far, i32 scalar, 0 at the first; the result is an f32 scalar */
export type Schedule = (step: Tensor) => Tensor;

/** The same at every step. */
export function constant(value: number): Schedule {
  requireRates('constant', { value });
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
  requireRates('stepDecay', { initial });
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
  requireRates('exponentialDecay', { initial });
  return (step) => mul(exp(mul(cast(step, 'f32'), Math.log(factor) / every)), initial);
}

/**
 * initial · t^(γ - 1) at the t-th update, t counted from 1: what HT calls exponential decay (section 5.2). 0 < γ <= 1;
 * at 1 the rate stays.
 */
export function powerDecay(options: { readonly initial: number; readonly gamma: number }): Schedule {
  const { initial, gamma } = options;
  requirePositive('powerDecay', { gamma });
  requireRates('powerDecay', { initial });
  if (gamma > 1)
    throw new LangevinError(
      'SCHEDULE',
      `powerDecay: gamma is ${gamma}; it must be at most 1, or rates grow.`,
    );
  return (step) => mul(exp(mul(log1p(cast(step, 'f32')), gamma - 1)), initial);
}

/** From `initial` to `final` along half a cosine over `steps`, then `final` (0 by default). Loshchilov & Hutter 2017, eq. 5. */
export function cosineDecay(options: {
  readonly initial: number;
  readonly steps: number;
  readonly final?: number;
}): Schedule {
  const { initial, steps, final = 0 } = options;
  requirePositive('cosineDecay', { steps });
  requireRates('cosineDecay', { initial, final });
  return (step) => {
    const angle = mul(cast(minimum(step, steps), 'f32'), Math.PI / steps);
    return add(mul(add(cos(angle), 1), (initial - final) / 2), final);
  };
}

/** `value` of the last entry whose `from` is not above the step; the first entry starts at 0. */
export function piecewise(entries: readonly { readonly from: number; readonly value: number }[]): Schedule {
  if (
    entries[0]?.from !== 0 ||
    entries.some(({ from }, k) => k > 0 && !(from > (entries[k - 1]?.from ?? 0) && from < Infinity))
  )
    throw new LangevinError(
      'SCHEDULE',
      `piecewise: the entries begin at ${entries.map((entry) => entry.from).join(', ')}: begin at 0 and ascend.`,
    );
  for (const { value } of entries) requireRates('piecewise', { value });
  return (step) =>
    entries
      .slice(1)
      .reduce<Tensor>(
        (rate, { from, value }) => where(less(step, from), rate, value),
        full([], entries[0]?.value ?? 0, 'f32'),
      );
}

/** `initial`, multiplied by `factor` at each of the milestones, which are steps and ascend from above 0. */
export function multiStep(options: {
  readonly initial: number;
  readonly factor: number;
  readonly milestones: readonly number[];
}): Schedule {
  const { initial, factor, milestones } = options;
  requirePositive('multiStep', { factor });
  return piecewise([0, ...milestones].map((from, k) => ({ from, value: initial * factor ** k })));
}

/** A value that goes from `from` to `to` and back, over and over. */
export interface Cycle {
  /** The value at the start of every period. */
  readonly from: number;
  /** The value at the half. */
  readonly to: number;
  /** Length of a whole cycle. */
  readonly period: number;
  /** `square`: `from` during the first half of a period and `to` during the second; `triangle`: straight between. Default square. */
  readonly shape?: 'square' | 'triangle';
}

/**
 * A cyclic learning rate, `period` in steps. Triangles are those of Smith 2017; the square wave is how the
 * oscillation in LB-1 is understood here, since the paper gives neither form nor period.
 */
export function cyclic(options: Cycle): Schedule {
  const { from, to, period, shape = 'square' } = options;
  cycle('cyclic', options);
  requireRates('cyclic', { from, to });
  return (step) => {
    // remainder of f32 would lose whole steps beyond 2^24, and of i32 needs whole periods.
    const position = Number.isInteger(period)
      ? cast(remainder(step, period), 'f32')
      : remainder(cast(step, 'f32'), period);
    if (shape === 'square') return where(less(position, period / 2), full([], from, 'f32'), to);
    return add(mul(sub(1, abs(sub(mul(position, 2 / period), 1))), to - from), from);
  };
}

/** How far from `from` (0) to `to` (1) a cycle is at a time of the host's. @throws SCHEDULE unless its period is positive */
export function cycle(schedule: string, { period, shape = 'square' }: Cycle): (time: number) => number {
  requirePositive(schedule, { period });
  return (time) => {
    const phase = (time % period) / period;
    if (shape === 'square') return phase < 0.5 ? 0 : 1;
    return 1 - Math.abs(2 * phase - 1);
  };
}

function requirePositive(schedule: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value > 0 && Number.isFinite(value)))
      throw new LangevinError('SCHEDULE', `${schedule}: ${name} is ${value}; it must be a positive number.`);
}

/** A rate may be 0, and then nothing moves. */
function requireRates(schedule: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0 && Number.isFinite(value)))
      throw new LangevinError(
        'SCHEDULE',
        `${schedule}: ${name} is ${value}; it must be a finite number that is not negative.`,
      );
}
