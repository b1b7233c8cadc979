/** Records that are equal but for rounding. */

/**
 * Where two values differ: numbers by more than 1e-12 (relatively; below 1e-3 by more than 1e-15), all else at all. Empty
 * where they do not.
 */
export function differences(found: unknown, expected: unknown, path: string = ''): string[] {
  if (typeof expected === 'number' && typeof found === 'number') {
    const scale = Math.max(1e-3, Math.abs(expected));
    const close = found === expected || Math.abs(found - expected) <= 1e-12 * scale;
    return close ? [] : [`${path}: ${found} is not ${expected}`];
  }
  if (!isObject(expected) || !isObject(found))
    return found === expected ? [] : [`${path}: ${JSON.stringify(found)} is not ${JSON.stringify(expected)}`];
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])].flatMap((key) =>
    differences(found[key], expected[key], `${path}/${key}`),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
