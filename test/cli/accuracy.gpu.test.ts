import { beforeAll, expect, test } from 'vitest';
import { measureAccuracy } from '../../cli/accuracy.ts';
import { init } from '../../engine/index.ts';

beforeAll(() => init());

test('what doctor measures on this adapter is within what WGSL allows', async () => {
  for (const { name, interval, worst, at, share } of await measureAccuracy())
    expect(share, `${name} on ${interval}: ${worst} ULP at ${at}`).toBeLessThanOrEqual(1);
});
