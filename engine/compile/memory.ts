/**
 * The memory plan: scratch values share slots, each from the dispatch that writes it to the last that reads it.
 * Greedy in order of time: a value takes the free slot that fits most tightly, else the one that grows least.
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
  const slots: number[] = [];
  const freeFrom: number[] = [];
  const slotOf = new Array<number>(intervals.length);
  const byTime = intervals
    .map((_, k) => k)
    .sort((a, b) => (intervals[a] as Interval).from - (intervals[b] as Interval).from || a - b);
  for (const k of byTime) {
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
