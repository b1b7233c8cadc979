/**
 * The memory plan: scratch values share slots, each from the dispatch that writes it to the last that reads it. A slot is
 * as large as the largest value in it, so what counts is that large values meet large ones.
 *
 * Two greedy orders, and the better plan is taken. *By size*, largest first and of equal ones the longest-lived: each value goes to the
 * slot that it fills best of those that are free during its life; no slot ever grows. *By time*: each takes the free slot that fits most tightly, else the
 * one that grows least. The least that any plan can need is what lives at once, `leastBytes`.
 */

/** A scratch value: written at `from`, last read at `to` (positions in the schedule). */
export interface Interval {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

export interface MemoryPlan {
  /** The slot of every interval. */
  readonly slotOf: readonly number[];
  /** Bytes of every slot. */
  readonly slots: readonly number[];
}

export function planMemory(intervals: readonly Interval[]): MemoryPlan {
  const plans = [bySize(intervals), byTime(intervals)] as const;
  return plans.reduce((best, plan) => (total(plan) < total(best) ? plan : best));
}

/** The most bytes that live at the same time: no plan needs less. */
export function leastBytes(intervals: readonly Interval[]): number {
  const changes = new Map<number, number>();
  for (const { bytes, from, to } of intervals) {
    changes.set(from, (changes.get(from) ?? 0) + bytes);
    changes.set(to + 1, (changes.get(to + 1) ?? 0) - bytes);
  }
  let live = 0;
  let most = 0;
  for (const [, change] of [...changes].sort(([a], [b]) => a - b)) most = Math.max(most, (live += change));
  return most;
}

function total({ slots }: MemoryPlan): number {
  return slots.reduce((sum, bytes) => sum + bytes, 0);
}

/** Positions of the intervals, sorted; equal ones in order. */
function ordered(
  intervals: readonly Interval[],
  compare: (a: Interval, b: Interval) => number,
): readonly number[] {
  return intervals
    .map((_, k) => k)
    .sort((a, b) => compare(intervals[a] as Interval, intervals[b] as Interval) || a - b);
}

function bySize(intervals: readonly Interval[]): MemoryPlan {
  const slots: number[] = [];
  const tenants: Interval[][] = [];
  const slotOf = new Array<number>(intervals.length);
  for (const k of ordered(intervals, (a, b) => b.bytes - a.bytes || b.to - b.from - (a.to - a.from))) {
    const interval = intervals[k] as Interval;
    const free = (slot: number): boolean =>
      (tenants[slot] as Interval[]).every(({ from, to }) => to < interval.from || interval.to < from);
    // Slots were opened in order of size: the last that is free is filled best.
    let slot = slots.length - 1;
    while (slot >= 0 && !free(slot)) slot--;
    if (slot < 0) {
      slot = slots.push(interval.bytes) - 1;
      tenants.push([]);
    }
    (tenants[slot] as Interval[]).push(interval);
    slotOf[k] = slot;
  }
  return { slotOf, slots };
}

function byTime(intervals: readonly Interval[]): MemoryPlan {
  const slots: number[] = [];
  const freeFrom: number[] = [];
  const slotOf = new Array<number>(intervals.length);
  for (const k of ordered(intervals, (a, b) => a.from - b.from)) {
    const { bytes, from, to } = intervals[k] as Interval;
    let best = -1;
    for (let slot = 0; slot < slots.length; slot++) {
      if ((freeFrom[slot] as number) > from) continue;
      if (best < 0 || waste(slots[slot] as number, bytes) < waste(slots[best] as number, bytes)) best = slot;
    }
    if (best < 0) best = slots.push(0) - 1;
    slots[best] = Math.max(slots[best] as number, bytes);
    freeFrom[best] = to + 1;
    slotOf[k] = best;
  }
  return { slotOf, slots };
}

/** Growing a slot costs memory for good; a loose fit only until the value dies. */
function waste(slot: number, bytes: number): number {
  return slot >= bytes ? slot - bytes : 4 * (bytes - slot);
}
