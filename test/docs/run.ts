/** Runs a section of a document: types are stripped, imports become awaited modules, and what it logs is kept. */
import { dirname, resolve } from 'node:path';
import ts from 'typescript';
import { root, type Section } from './markdown.ts';

type Module = Readonly<Record<string, unknown>>;
/** What an import of a document stands for. */
export type Load = (specifier: string) => Promise<Module>;

const packages: Readonly<Record<string, () => Promise<Module>>> = {
  langevin: () => import('../../engine/index.ts'),
  'langevin/nn': () => import('../../nn/index.ts'),
  'langevin/optim': () => import('../../optim/index.ts'),
  'langevin/stats': () => import('../../stats/index.ts'),
  'langevin/data': () => import('../../data/node/index.ts'),
};

/** The modules that a document at `path` imports. */
export function loaderFor(path: string): Load {
  const folder = dirname(resolve(root, path));
  return async (specifier) =>
    packages[specifier]?.() ?? ((await import(/* @vite-ignore */ resolve(folder, specifier))) as Module);
}

/** As `Function`, for bodies that await. */
const { constructor: AsyncFunction } = Object.getPrototypeOf(async () => undefined) as {
  readonly constructor: new (...text: string[]) => (...values: unknown[]) => Promise<void>;
};

/** What every block of the section prints, by the line at which it ends. */
export async function run({ code, prints }: Section, load: Load): Promise<Map<number, string>> {
  const lines = code.split('\n');
  for (const line of prints.keys()) lines[line] = `;checkpoint(${line});`;
  const { outputText } = ts.transpileModule(lines.join('\n'), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const body = outputText
    .replace(/^import \{([^}]*)\} from ['"](.*)['"];$/gm, (_, names: string, specifier: string) => {
      return `const {${names.replace(/ as /g, ': ')}} = await load('${specifier}');`;
    })
    .replace(/^export \{\};$/m, '');
  const printed = new Map<number, string>();
  let output: string[] = [];
  const checkpoint = (line: number): void => {
    printed.set(line, output.join('\n'));
    output = [];
  };
  const console = { log: (...words: unknown[]) => output.push(words.map(String).join(' ')) };
  await new AsyncFunction('load', 'checkpoint', 'console', body)(load, checkpoint, console);
  return printed;
}
