/**
 * Every error of langevin: one class, a stable `code`, one sentence with the values and the next step.
 * Callers branch on `code`; the message is for people and may change.
 */
export class LangevinError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'LangevinError';
    this.code = code;
  }
}

/** Throws a {@link LangevinError}. */
export function fail(code: string, message: string, options?: { readonly cause?: unknown }): never {
  throw new LangevinError(code, message, options);
}

/** The entry of `known` that `word` was probably meant to be, by edit distance, or undefined. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(best.name.length / 2)) ? best.name : undefined;
}

/** Levenshtein's distance, by the two-row recurrence. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
