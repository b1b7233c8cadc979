/**
 * What the documents name exists: the files and headings they link to, the paths, scripts, tests, commands and
 * identifiers in their inline code.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './markdown.ts';

const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');
const under = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path) && !/node_modules|generated/.test(path))
    .map((path) => join(folder, path));

const documents = [...readdirSync(root).filter((file) => file.endsWith('.md')), ...under('docs', /\.md$/)];
const folders = readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && !/^(node_modules|dist|runs|docs|\..*)$/.test(entry.name) ? [entry.name] : [],
);
const scripts = Object.keys(
  (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts,
);
/** Every word of the sources, in which an identifier of a document must occur. */
const words = new Set(
  [
    ...folders.flatMap((folder) => under(folder, /\.(ts|wgsl|mjs)$/)),
    'package.json',
    'vitest.config.ts',
  ].flatMap((file) => read(file).match(/[A-Za-z_]\w*/g) ?? []),
);
/** Names of other libraries. */
const foreign = new Set(['fma', 'tidy', 'vmap']);

/** The text without fenced blocks. */
const proseOf = (path: string): string => read(path).replace(/^```[\s\S]*?^```/gm, '');
/** As GitHub makes the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchorsOf = (path: string): string[] =>
  [...proseOf(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading as string));

describe.each(documents)('%s', (path) => {
  const prose = proseOf(path);
  const codes = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string);
  const folder = dirname(resolve(root, path));

  test('links to files and headings that exist', () => {
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = relative(root, file === '' ? resolve(root, path) : resolve(folder, file));
      if (!existsSync(resolve(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('names paths that exist', () => {
    const paths = codes.filter((code) =>
      folders.concat('docs').some((name) => code.startsWith(`${name}/`) && /^[\w./*-]+$/.test(code)),
    );
    const broken = paths.filter((code) => {
      const [start = '', rest] = code.split('*');
      if (rest === undefined) return !existsSync(resolve(root, code));
      const folder = start.slice(0, start.lastIndexOf('/'));
      return !existsSync(resolve(root, folder)) || !under(folder, /./).some((file) => file.startsWith(start));
    });
    expect(broken).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const named = [...read(path).matchAll(/npm (?:run (?:-s )?([\w:-]+)|(test|start)\b)/g)].map(
      ([, run, short]) => (run ?? short) as string,
    );
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  test('names tests that exist', () => {
    const named = [...prose.matchAll(/`(test\/[\w./-]+)`\s+›\s+\*([^*]+)\*/g)];
    const broken = named.filter(([, file, name]) => {
      const text = read(file as string).replaceAll("\\'", "'");
      return !text.includes((name as string).replace(/\s+/g, ' '));
    });
    expect(broken.map(([, file, name]) => `${file} › ${name}`)).toEqual([]);
  });

  test('names identifiers that exist', () => {
    const identifiers = codes.flatMap((code) => {
      // `name`, `name()`, `Type.member`, `CODE`
      const match = /^([A-Za-z_]\w*)(?:\.(\w+))?(?:\(.*\))?$/.exec(code);
      return match ? [match[1] as string, ...(match[2] ? [match[2]] : [])] : [];
    });
    const own = new Set(
      read(path)
        .match(/^```[\s\S]*?^```/gm)
        ?.join()
        .match(/\w+/g),
    );
    expect(identifiers.filter((name) => ![words, foreign, own].some((set) => set.has(name)))).toEqual([]);
  });
});
