/** The code of the documents: it compiles, it runs, it prints what is claimed, and what it quotes is there. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { init } from '../../engine/index.ts';
import { readDocument, root, type Document } from './markdown.ts';
import { loaderFor, run, type Load } from './run.ts';

const documents = ['README.md', 'docs/autodiff.md', 'docs/statistics.md'].map(
  (path) => [path, readDocument(path)] as const,
);

/** Modules as the document imports them, with the device out of play. */
function referenceLoader(path: string): Load {
  const load = loaderFor(path);
  return async (specifier) => {
    const module = await load(specifier);
    return specifier === 'langevin' ? { ...module, init: () => init({ backend: 'reference' }) } : module;
  };
}

/** Errors of the compiler in the document's TypeScript, each with the line in the document. */
function typeErrors({ path, sections }: Document): string[] {
  const folder = dirname(resolve(root, path));
  const modules = new Map(
    sections.flatMap(({ language, code }, k) =>
      language === 'ts' ? [[join(folder, `section${k}.ts`), `${code}\nexport {};`] as const] : [],
    ),
  );
  if (modules.size === 0) return [];
  const config = ts.readConfigFile(join(root, 'test/tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, join(root, 'test'));
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (file) => modules.has(file) || ts.sys.fileExists(file);
  host.getSourceFile = (file, version) => {
    const code = modules.get(file);
    return code === undefined ? getSourceFile(file, version) : ts.createSourceFile(file, code, version);
  };
  const program = ts.createProgram(
    [...modules.keys()],
    {
      ...options,
      noUnusedLocals: false,
      incremental: false,
      paths: {
        langevin: [join(root, 'engine/index.ts')],
        ...Object.fromEntries(
          ['nn', 'optim', 'stats'].map((name) => [`langevin/${name}`, [join(root, name, 'index.ts')]]),
        ),
      },
    },
    host,
  );
  return [...modules.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    const errors = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return errors.map(({ start = 0, messageText }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${path}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

describe.each(documents)('%s', (path, document) => {
  test.each(document.sections.map((section) => [section.heading, section] as const))(
    'prints what it claims under "%s"',
    async (_heading, section) => {
      expect([...(await run(section, referenceLoader(path)))]).toEqual([...section.prints]);
    },
  );

  test('is typed as a user would have to type it', { timeout: 60_000 }, () => {
    expect(typeErrors(document)).toEqual([]);
  });

  test('quotes files word for word', () => {
    for (const { file, line, text } of document.quotations)
      expect(readFileSync(resolve(root, file), 'utf8').includes(text), `line ${line}: ${file}`).toBe(true);
  });
});
