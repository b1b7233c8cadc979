/** The memory plan, against its definition. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planMemory, type Interval } from '../../engine/compile/memory.ts';

const intervals = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 1, max: 100 }), from: fc.nat(20), length: fc.nat(8) })
    .map(({ bytes, from, length }): Interval => ({ bytes, from, to: from + length })),
  { maxLength: 30 },
);

test('values that live at once never share a slot, and every slot holds its largest value', () => {
  fc.assert(
    fc.property(intervals, (list) => {
      const { slotOf, slots } = planMemory(list);
      list.forEach((a, i) => {
        expect(slots[slotOf[i] as number]).toBeGreaterThanOrEqual(a.bytes);
        const rivals = list.flatMap((b, j) => (i < j && a.from <= b.to && b.from <= a.to ? [slotOf[j]] : []));
        expect(rivals).not.toContain(slotOf[i]);
      });
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('no more slots are made than values live at once', () => {
  fc.assert(
    fc.property(intervals, (list) => {
      const peak = Math.max(
        0,
        ...list.map(({ from }) => list.filter((other) => other.from <= from && from <= other.to).length),
      );
      expect(planMemory(list).slots.length).toBe(peak);
    }),
    { seed: 2, numRuns: 200 },
  );
});
