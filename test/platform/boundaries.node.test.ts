import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, expectTypeOf, test } from 'vitest';
import type * as browser from '../../engine/gpu/browser/platform.ts';
import type * as node from '../../engine/gpu/node/platform.ts';

const root = resolve(import.meta.dirname, '../..');

/** What oxlint says, with this repository's rules, of one file at `path`. */
function lint(path: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'langevin-test-'));
  try {
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    return spawnSync(join(root, 'node_modules/.bin/oxlint'), [path], { cwd: folder, encoding: 'utf8' })
      .stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ['engine/graph/a.ts', '../ops/index.ts', 'graph is the lowest layer'],
  ['engine/ops/a.ts', '../autodiff/index.ts', 'ops know only the graph'],
  ['engine/autodiff/a.ts', '../gpu/device.ts', 'Derivatives and random numbers are graphs'],
  ['engine/gpu/a.ts', '../autodiff/index.ts', 'What runs a graph'],
  ['engine/compile/a.ts', '../random/index.ts', 'What runs a graph'],
])('the lint refuses %s importing %s', (path, target, message) => {
  expect(lint(path, `import { x } from '${target}';\nexport const y: unknown = x;\n`)).toContain(message);
});

test('the lint lets a layer import what lies below it', () => {
  expect(
    lint('engine/autodiff/a.ts', `import { x } from '../ops/index.ts';\nexport const y: unknown = x;\n`),
  ).not.toContain('no-restricted-imports');
});

test.each(['engine', 'engine/graph', 'nn', 'optim', 'stats', 'data'])(
  'the compiler knows neither Node nor the DOM in %s',
  (layer) => {
    const { config } = ts.readConfigFile(join(root, layer, 'tsconfig.json'), (path) =>
      ts.sys.readFile(path),
    ) as {
      config: unknown;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, layer));
    const planted = join(root, layer, 'planted.ts');
    const host = ts.createCompilerHost(options);
    const getSourceFile = host.getSourceFile.bind(host);
    const text = `import 'node:fs';\nexport const a: unknown = [process.pid, document.title, performance.now()];\n`;
    host.fileExists = (path) => path === planted || ts.sys.fileExists(path);
    host.getSourceFile = (path, version) =>
      path === planted ? ts.createSourceFile(path, text, version) : getSourceFile(path, version);
    const globals = join(root, 'engine/gpu/web-globals.d.ts');
    const program = ts.createProgram(
      [planted, globals],
      { ...options, noEmit: true, composite: false },
      host,
    );
    const errors = ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
    expect(errors).toEqual([
      expect.stringContaining("'node:fs'"),
      expect.stringContaining("'process'"),
      expect.stringContaining("'document'"),
    ]);
  },
);

test('both platforms offer the engine the same functions', () => {
  expectTypeOf<typeof browser.requestAdapter>().toEqualTypeOf<typeof node.requestAdapter>();
});
