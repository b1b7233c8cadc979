/** What the engine does to `setImmediate` in Node, and that it is nothing to others. */
import { beforeAll, expect, test } from 'vitest';
import { init, tensor } from '../../engine/index.ts';

beforeAll(() => init());

const inNode = typeof (globalThis as { setImmediate?: unknown }).setImmediate === 'function';

test.runIf(inNode)('callbacks of others are not delayed while the device is waited for', async () => {
  const pending = tensor(new Float32Array(1 << 20), [1 << 20])
    .exp()
    .sum()
    .data();
  const turns = [performance.now()];
  await new Promise<void>((resolve) => {
    const again = (): void => {
      turns.push(performance.now());
      if (turns.length > 500) resolve();
      else (globalThis as unknown as { setImmediate(f: () => void): void }).setImmediate(() => again());
    };
    again();
  });
  // Spaced turns are a millisecond apart. The median, since a busy machine delays some, by any time.
  const gaps = turns.slice(1).map((turn, k) => turn - (turns[k] as number));
  expect(gaps.toSorted((a, b) => a - b)[250]).toBeLessThan(0.8);
  expect((await pending)[0]).toBe(1 << 20);
});
