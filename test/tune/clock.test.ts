/** How often a launch is repeated to be timed. */
import { expect, test } from 'vitest';
import { paced } from '../../engine/tune/clock.ts';

/** A launch of `ms`, in a pass that costs 5 more, and the numbers of repeats that were asked for. */
function launch(ms: number): { readonly asked: number[]; time(repeats: number): Promise<number> } {
  const asked: number[] = [];
  return {
    asked,
    time: async (repeats) => {
      asked.push(repeats);
      return 5 + repeats * ms;
    },
  };
}

test('a guess that holds compiling is corrected before the pass around a launch passes for it', async () => {
  const { asked, time } = launch(0.1);
  expect(await paced(time, 20, 900)).toBeCloseTo(0.1, 0);
  expect(asked[0]).toBe(1);
  expect(asked.at(-1)).toBeGreaterThan(50);
});

test('a good guess is one pass', async () => {
  const { asked, time } = launch(1);
  await paced(time, 20, 1);
  expect(asked).toEqual([20]);
});

test('a launch longer than the span is made once', async () => {
  const { asked, time } = launch(3000);
  expect(await paced(time, 20, 3500)).toBe(3005);
  expect(asked).toEqual([1]);
});

test('a launch that takes no time is repeated a thousand times and no more', async () => {
  const asked: number[] = [];
  const time = async (repeats: number): Promise<number> => {
    asked.push(repeats);
    return 0;
  };
  expect(await paced(time, 20, 1)).toBe(0);
  expect(asked).toEqual([20, 1000]);
});
