/** The compiled command with experiments of the tests, as a file that Node can run in a process of its own. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const repository = resolve(import.meta.dirname, '../..');

/** Compiles the command: once per file of tests, since it takes a second even when nothing has changed. */
export function compileCommand(): void {
  spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'cli'], { cwd: repository });
}

/**
 * Writes a command whose only experiment is `name`, exported by `source` beside this file, and whose data sets are a
 * hundredth of their size.
 */
export function writeCommand(path: string, source: string, name: string): void {
  const text = readFileSync(join(import.meta.dirname, source), 'utf8');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  const compiled = ts.transpileModule(text, { compilerOptions }).outputText;
  const dist = (module: string): string => JSON.stringify(`file://${repository}/dist/${module}`);
  writeFileSync(
    path,
    `${compiled.replaceAll(/'\.\.\/\.\.\/([\w/-]+)\.ts'/g, (_, module: string) => dist(`${module}.js`))}
     import { main } from ${dist('cli/process.js')};
     import { load } from ${dist('data/node/index.js')};
     main([${name}], (name, options) => load(name, { train: 100, test: 20, ...options }));`,
  );
}
