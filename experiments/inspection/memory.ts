/**
 * The memory plan of a program: how much its slots take, and how little could do. Values that live at one time need
 * places of their own, so the most that lives at any one dispatch bounds every plan from below.
 */
import type { Aval } from '../../engine/graph/ndarray.ts';
import type { Lifetime, Program } from '../../engine/index.ts';
import { bytesOf } from '../../engine/compile/program.ts';

export interface MemoryFigures {
  /** Bytes of each slot of scratch memory. */
  readonly slots: readonly number[];
  readonly lifetimes: readonly Lifetime[];
  /** Bytes of all slots: the program's scratch memory. */
  readonly planned: number;
  /** The most bytes that live at one dispatch, which no plan can do without. */
  readonly bound: number;
  /** Arguments, and values found outside. */
  readonly inputs: number;
  /** Results with memory of their own; the others lie over the arguments that were donated for them. */
  readonly outputs: number;
}

export function memoryOf({ inputs, outputs, slots, lifetimes, dispatches }: Program): MemoryFigures {
  const times = Array.from({ length: dispatches.length + 1 }, (_, time) => time);
  const live = times.map((time) =>
    total(lifetimes.filter(({ from, to }) => from <= time && time <= to).map(({ bytes }) => bytes)),
  );
  const size = (avals: readonly Aval[]): number => total(avals.map(bytesOf));
  return {
    slots,
    lifetimes,
    planned: total(slots),
    bound: Math.max(0, ...live),
    inputs: size(inputs),
    outputs: size(outputs.filter(({ donor }) => donor === undefined).map(({ aval }) => aval)),
  };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
