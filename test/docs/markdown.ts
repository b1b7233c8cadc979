/**
 * The code of a document, as it is run and type-checked by the tests. A fenced block is one of
 *
 *   ```ts            part of a program: all such blocks under one `## ` heading are one module
 *   ```js            the same, without types: it is run and not checked
 *   ```ts file=PATH  a quotation: it must stand in PATH word for word
 *   ```text          directly after a block of a program: what that block prints
 *
 * Modules keep the line numbers of the document, so that an error points at the line one reads.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const root: string = resolve(import.meta.dirname, '../..');

interface Fence {
  readonly language: string;
  readonly file?: string;
  /** Index of the first line of its text, and of the closing fence. */
  readonly from: number;
  readonly to: number;
}

/** A fenced block that must stand in a file of the repository. */
export interface Quotation {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A module of a document. */
export interface Section {
  readonly heading: string;
  readonly language: 'ts' | 'js';
  /** The document with everything else blanked. */
  readonly code: string;
  /** What its blocks print, by the line at which each ends. */
  readonly prints: ReadonlyMap<number, string>;
}

export interface Document {
  readonly path: string;
  readonly sections: readonly Section[];
  readonly quotations: readonly Quotation[];
}

export function readDocument(path: string): Document {
  const lines = readFileSync(resolve(root, path), 'utf8').split('\n');
  const fences = fencesOf(lines);
  const textOf = ({ from, to }: Fence): string => lines.slice(from, to).join('\n');
  const quotations = fences.flatMap((fence) =>
    fence.file === undefined ? [] : [{ file: fence.file, line: fence.from, text: textOf(fence) }],
  );
  const headings = lines.flatMap((line, k) =>
    /^#{1,2} /.test(line) && !fences.some(({ from, to }) => from <= k && k <= to) ? [k] : [],
  );
  const sections = headings.flatMap((start, k): Section[] => {
    const end = headings[k + 1] ?? lines.length;
    const inside = fences.filter(({ from }) => from > start && from < end);
    const programs = inside.filter(({ file, language }) => file === undefined && /^[tj]s$/.test(language));
    const [first] = programs;
    if (!first) return [];
    const code = lines.map((line, at) =>
      programs.some(({ from, to }) => from <= at && at < to) ? line : '',
    );
    const prints = new Map(
      programs.map((program) => {
        const next = inside[inside.indexOf(program) + 1];
        return [program.to, next?.language === 'text' ? textOf(next) : ''];
      }),
    );
    return [
      {
        heading: (lines[start] as string).replace(/^#+ /, ''),
        language: first.language as Section['language'],
        code: code.join('\n'),
        prints,
      },
    ];
  });
  return { path, sections, quotations };
}

function fencesOf(lines: readonly string[]): Fence[] {
  const fences: Fence[] = [];
  let open: { readonly info: string; readonly from: number } | undefined;
  lines.forEach((line, k) => {
    const fence = /^```(.*)$/.exec(line);
    if (!fence) return;
    if (open) {
      const [language = '', argument] = open.info.split(' ');
      const file = argument?.replace(/^file=/, '');
      fences.push({ language, from: open.from, to: k, ...(file !== undefined && { file }) });
      open = undefined;
    } else open = { info: fence[1] as string, from: k + 1 };
  });
  return fences;
}
