/**
 * The composed source of a dispatch, line by line: which lines come from the shader's own file, and which operation wrote
 * the others. The compiler ends a line that it composes for an operation with a comment, the operation's name.
 */
import type { Dispatch } from '../../engine/index.ts';

export interface SourceLine {
  /** Without the comment that named the operation. */
  readonly text: string;
  /** The operation that the line was composed for. */
  readonly operation?: string;
}

/** The lines of a dispatch's code, without leading and repeated empty ones. */
export function sourceOf({
  code,
  operations,
}: {
  readonly code: Dispatch['code'];
  readonly operations: readonly { readonly name: string }[];
}): readonly SourceLine[] {
  const names = new Set(operations.map(({ name }) => name));
  const lines = code.split('\n').map((line): SourceLine => {
    const [, text, name] = /^(.*\S) \/\/ (\w+)$/.exec(line) ?? [];
    return text !== undefined && name !== undefined && names.has(name)
      ? { text, operation: name }
      : { text: line.trimEnd() };
  });
  const kept = lines.filter(({ text }, k) => text !== '' || (k > 0 && lines[k - 1]?.text !== ''));
  while (kept.at(-1)?.text === '') kept.pop();
  return kept;
}

/** The source as text that compiles: what was composed for an operation says so at the end of its line. */
export function sourceText(lines: readonly SourceLine[]): string {
  const width = Math.min(
    MAX_COLUMN,
    Math.max(0, ...lines.map(({ text, operation }) => (operation === undefined ? 0 : text.length))),
  );
  return lines
    .map(({ text, operation }) => (operation === undefined ? text : `${text.padEnd(width)}  // ${operation}`))
    .join('\n');
}

/** Comments stand in one column, but not beyond this one. */
const MAX_COLUMN = 72;
