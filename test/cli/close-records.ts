/** Records that are equal but for rounding. */
import { expect } from 'vitest';

/** @throws unless numbers agree to 1e-12, relatively, or absolutely below 1e-3; and all else exactly */
export function expectClose(found: unknown, expected: unknown, path: string = ''): void {
  if (typeof expected === 'number' && typeof found === 'number') {
    const scale = Math.max(1e-3, Math.abs(expected));
    if (!(Math.abs(found - expected) <= 1e-12 * scale)) expect.fail(`${path}: ${found} is not ${expected}`);
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(found as object), path).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected))
      expectClose((found as Record<string, unknown>)[key], value, `${path}/${key}`);
  } else expect(found, path).toEqual(expected);
}
