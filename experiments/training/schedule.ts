/**
 * Learning rates and batch sizes over a training, from their description as data: functions of the host's, since the
 * rate is an argument of the recorded step and the batch size chooses between recorded steps. The functions are those of
 * optim/schedules.ts, which live inside a step that counts its own updates; here epochs count as well.
 */
import { LangevinError } from '../../engine/index.ts';
import { cycle } from '../../optim/schedules.ts';
import type { ScheduleSpec, Unit } from './settings.ts';

/** How far a training has come. */
export interface Progressed {
  /** Steps made. */
  readonly steps: number;
  /** Epochs completed, and the share of the current one. */
  readonly epochs: number;
}

/** @throws SCHEDULE for a description that makes no sense, with the value */
export function scheduleOf(spec: ScheduleSpec): (progressed: Progressed) => number {
  if (typeof spec === 'number') {
    requireValues('A constant schedule', [spec]);
    return () => spec;
  }
  switch (spec.kind) {
    case 'cyclic': {
      const { from, to, unit } = spec;
      requireValues('cyclic', [from, to]);
      const share = cycle('cyclic', spec);
      return (at) => from + (to - from) * share(positionIn(unit, at));
    }
    case 'multiStep': {
      const { initial, factor, milestones, unit } = spec;
      demand('multiStep: factor', factor, factor > 0 && Number.isFinite(factor));
      return piecewise(
        [0, ...milestones].map((from, k) => ({ from, value: initial * factor ** k })),
        unit,
      );
    }
    case 'piecewise':
      return piecewise(spec.entries, spec.unit);
    case 'power': {
      const { initial, gamma, unit } = spec;
      requireValues('power', [initial]);
      demand('power: gamma', gamma, gamma > 0 && gamma <= 1);
      return (at) => initial * (1 + positionIn(unit, at)) ** (gamma - 1);
    }
    case 'firstEpoch': {
      const entries = [
        { from: 0, value: spec.first },
        { from: 1, value: spec.after },
      ];
      return piecewise(entries, 'epochs');
    }
    default:
      throw new LangevinError(
        'SCHEDULE',
        `There is no schedule of the kind '${(spec as { readonly kind: string }).kind}': take cyclic, multiStep, piecewise, power or firstEpoch.`,
      );
  }
}

/** The same, of a batch size: rounded. @throws SCHEDULE where the size is no positive integer then */
export function batchSizeOf(spec: ScheduleSpec): (progressed: Progressed) => number {
  const schedule = scheduleOf(spec);
  return (at) => {
    const size = Math.round(schedule(at));
    demand('batchSize', size, size > 0 && Number.isFinite(size));
    return size;
  };
}

/** The most that a schedule can give. */
export function largestOf(spec: ScheduleSpec): number {
  if (typeof spec === 'number') return spec;
  switch (spec.kind) {
    case 'cyclic':
      return Math.max(spec.from, spec.to);
    case 'multiStep':
      return spec.initial * Math.max(1, spec.factor ** spec.milestones.length);
    case 'piecewise':
      return Math.max(...spec.entries.map(({ value }) => value));
    case 'power':
      return spec.initial;
    case 'firstEpoch':
      return Math.max(spec.first, spec.after);
  }
}

export function positionIn(unit: Unit, { steps, epochs }: Progressed): number {
  return unit === 'steps' ? steps : epochs;
}

function piecewise(
  entries: readonly { readonly from: number; readonly value: number }[],
  unit: Unit,
): (progressed: Progressed) => number {
  const begins = entries.map(({ from }) => from);
  requireValues(
    `A schedule in ${unit}`,
    entries.map(({ value }) => value),
  );
  if (
    begins[0] !== 0 ||
    begins.some((from, k) => k > 0 && !(from > (begins[k - 1] as number) && from < Infinity))
  )
    throw new LangevinError(
      'SCHEDULE',
      `A schedule in ${unit} changes at ${begins.join(', ')}: begin at 0 and ascend.`,
    );
  return (at) => {
    const position = positionIn(unit, at);
    return entries.reduce((value, entry) => (entry.from <= position ? entry.value : value), NaN);
  };
}

/** Learning rates and batch sizes. */
function requireValues(schedule: string, values: readonly number[]): void {
  for (const value of values)
    if (!(value >= 0 && Number.isFinite(value)))
      throw new LangevinError(
        'SCHEDULE',
        `${schedule} has the value ${value}: give a finite number that is not negative.`,
      );
}

function demand(what: string, value: number, holds: boolean): void {
  if (!holds)
    throw new LangevinError('SCHEDULE', `${what} is ${value}; see ScheduleSpec for what it can be.`);
}
