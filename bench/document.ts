/**
 * Results in docs/benchmarks.md. Every section of a run has a block of its own for every adapter, between two comments, so
 * that a later run of one section replaces that block and no other:
 *
 *     <!-- bench lavapipe peers -->
 *     …
 *     <!-- end -->
 */

export interface Block {
  readonly section: string;
  readonly markdown: string;
}

const END = '<!-- end -->';

/**
 * The document with the blocks of one adapter replaced. An adapter that it does not know gets a heading at the end; a
 * section that the adapter has not had goes behind those that it has.
 *
 * @throws an Error where a block is not closed
 */
export function withBlocks(document: string, adapter: string, blocks: readonly Block[]): string {
  let text = document;
  for (const { section, markdown } of blocks) {
    const start = startOf(adapter, section);
    const block = `${start}\n\n${markdown}\n\n${END}`;
    const at = text.indexOf(`${start}\n`);
    if (at >= 0) text = text.slice(0, at) + block + text.slice(endOf(text, at, start));
    else {
      const last = text.lastIndexOf(`<!-- bench ${adapter} `);
      if (last >= 0) {
        const end = endOf(text, last, `<!-- bench ${adapter}`);
        text = `${text.slice(0, end)}\n\n${block}${text.slice(end)}`;
      } else text = `${text.trimEnd()}\n\n### ${adapter}\n\n${block}\n`;
    }
  }
  return text;
}

function startOf(adapter: string, section: string): string {
  return `<!-- bench ${adapter} ${section} -->`;
}

/** Where the block that starts at `at` ends. */
function endOf(text: string, at: number, start: string): number {
  const end = text.indexOf(END, at);
  const next = text.indexOf('<!-- bench ', at + 1);
  if (end < 0 || (next >= 0 && next < end))
    throw new Error(`docs/benchmarks.md: the block that "${start}" begins has no "${END}".`);
  return end + END.length;
}
