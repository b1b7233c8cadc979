/**
 * shaders/*.wgsl -> engine/generated/shaders.ts.
 *
 * The engine runs where there is no file system, so the shaders' text travels as a module; and with the text goes what
 * reflection knows of it, so that the compiler refuses a wrong block or override by name before a driver does.
 * The text is kept whole: a driver's line number is the line in the .wgsl file.
 *
 *   node dist/tools/generate-shaders.js           write
 *   node dist/tools/generate-shaders.js --check   fail, naming what is stale, if writing would change anything
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readShader } from './shader-metadata.ts';

const HEADER = `/** Written by tools/generate-shaders.ts from shaders/*.wgsl. Do not edit: run \`npm run generate\`. */

export interface ShaderBinding {
  readonly name: string;
  readonly binding: number;
  readonly type: 'read' | 'write' | 'uniform';
  /** Element type of an array, the type itself otherwise. */
  readonly element: string;
  /** The block that declares it, or null for a binding that stays when every block is replaced. */
  readonly block: string | null;
}

export interface ShaderOverride {
  readonly name: string;
  readonly type: string;
  /** The default as written, or null for an override that the host must set. */
  readonly default: string | null;
}

export interface ShaderInfo {
  /** Path in the repository, for messages. */
  readonly file: string;
  readonly source: string;
  /** Entry point to its workgroup size. */
  readonly entries: Readonly<Record<string, readonly [number, number, number]>>;
  readonly bindings: readonly ShaderBinding[];
  readonly overrides: readonly ShaderOverride[];
  /** Names of the //@begin ... //@end blocks, in order. */
  readonly blocks: readonly string[];
}

`;

const FOOTER = `
export type ShaderName = keyof typeof shaders;
export type EntryName<S extends ShaderName> = keyof (typeof shaders)[S]['entries'] & string;
export type BindingName<S extends ShaderName> = (typeof shaders)[S]['bindings'][number]['name'];
export type OverrideName<S extends ShaderName> = (typeof shaders)[S]['overrides'][number]['name'];
export type BlockName<S extends ShaderName> = (typeof shaders)[S]['blocks'][number];

/** The same table for code that takes any shader. */
export const shaderTable: Readonly<Record<ShaderName, ShaderInfo>> = shaders;
`;

/** The module's text for the .wgsl files of `folder`, in name order. */
export function generate(folder: string): string {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.wgsl'))
    .sort();
  const body = files.map((file) => entryOf(file, readFileSync(join(folder, file), 'utf8'))).join('');
  return `${HEADER}export const shaders = {\n${body}} as const;\n${FOOTER}`;
}

function entryOf(file: string, source: string): string {
  const path = `shaders/${file}`;
  const { entries, bindings, overrides, blocks } = readShader(path, source);
  const name = file.replace(/\.wgsl$/, '');
  const list = (items: readonly unknown[]): string =>
    items.length ? `[\n${items.map((item) => `      ${JSON.stringify(item)},\n`).join('')}    ]` : '[]';
  const sizes = entries.map((entry) => `${JSON.stringify(entry.name)}: [${entry.workgroupSize.join(', ')}]`);
  return `  ${JSON.stringify(name)}: {
    file: ${JSON.stringify(path)},
    source: \`${source.replace(/[\\`]|\$\{/g, '\\$&')}\` as string,
    entries: { ${sizes.join(', ')} },
    bindings: ${list(bindings)},
    overrides: ${list(overrides)},
    blocks: ${JSON.stringify(blocks)},
  },
`;
}

/** The shaders whose entries differ between two generated texts; `['the module itself']` if only the frame does. */
export function staleShaders(written: string, fresh: string): string[] {
  const split = (text: string): Map<string, string> =>
    new Map(
      text
        .split(/^ {2}(?="\w+": \{$)/m)
        .slice(1)
        .map((part) => [/^"(\w+)"/.exec(part)?.[1] ?? '', part.split(/^\} as const;$/m)[0] ?? '']),
    );
  const [before, after] = [split(written), split(fresh)];
  const names = new Set([...before.keys(), ...after.keys()]);
  const stale = [...names].filter((name) => before.get(name) !== after.get(name)).sort();
  return stale.length || written === fresh
    ? stale.map((name) => `shaders/${name}.wgsl`)
    : ['the module itself'];
}

function main(): void {
  const root = resolve(import.meta.dirname, import.meta.filename.endsWith('.js') ? '../..' : '..');
  const target = join(root, 'engine/generated/shaders.ts');
  const fresh = generate(join(root, 'shaders'));
  const written = readFileSync(target, 'utf8');
  if (!process.argv.includes('--check')) {
    if (written !== fresh) writeFileSync(target, fresh);
    return;
  }
  const stale = staleShaders(written, fresh);
  if (stale.length === 0) return;
  console.error(
    `engine/generated/shaders.ts is stale for ${stale.join(', ')}. Run \`npm run generate\` and commit it.`,
  );
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
