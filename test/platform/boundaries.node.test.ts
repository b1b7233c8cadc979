import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, expectTypeOf, test } from 'vitest';
import type * as browser from '../../engine/gpu/browser/platform.ts';
import type * as node from '../../engine/gpu/node/platform.ts';

const root = resolve(import.meta.dirname, '../..');

/** What oxlint says, with this repository's rules, of files planted in a copy of the folders. */
function lint(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'langevin-test-'));
  try {
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const oxlint = join(root, 'node_modules/.bin/oxlint');
    return spawnSync(oxlint, ['--format=unix'], { cwd: folder, encoding: 'utf8' }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const importing = (target: string): string =>
  `import { x } from '${target}';\nexport const y: unknown = x;\n`;

test('the lint refuses every import against the direction inside the engine, and none along it', () => {
  const output = lint({
    'engine/graph/up.ts': importing('../ops/index.ts'),
    'engine/ops/up.ts': importing('../autodiff/index.ts'),
    'engine/autodiff/up.ts': importing('../gpu/device.ts'),
    'engine/random/up.ts': importing('../compile/index.ts'),
    'engine/gpu/up.ts': importing('../autodiff/index.ts'),
    'engine/compile/up.ts': importing('../random/index.ts'),
    'engine/reference/up.ts': importing('../autodiff/index.ts'),
    'engine/autodiff/down.ts': importing('../ops/index.ts'),
    'engine/gpu/down.ts': importing('../graph/index.ts'),
  });
  const refused = output.split('\n').filter((line) => line.includes('no-restricted-imports'));
  expect(refused.map((line) => line.slice(0, line.indexOf(':'))).sort()).toEqual([
    'engine/autodiff/up.ts',
    'engine/compile/up.ts',
    'engine/gpu/up.ts',
    'engine/graph/up.ts',
    'engine/ops/up.ts',
    'engine/random/up.ts',
    'engine/reference/up.ts',
  ]);
});

function compilerOptions(layer: string): ts.CompilerOptions {
  const path = join(root, layer, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { config: unknown };
  return ts.parseJsonConfigFileContent(config, ts.sys, join(root, layer)).options;
}

test('the compiler knows neither Node nor the DOM in the engine', () => {
  const options = { ...compilerOptions('engine'), noEmit: true, composite: false };
  const planted = join(root, 'engine/planted.ts');
  const text = `import 'node:fs';\nexport const a: unknown = [process.pid, document.title, performance.now()];\n`;
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (path) => path === planted || ts.sys.fileExists(path);
  host.getSourceFile = (path, version) =>
    path === planted ? ts.createSourceFile(path, text, version) : getSourceFile(path, version);
  const program = ts.createProgram([planted, join(root, 'engine/gpu/web-globals.d.ts')], options, host);
  const errors = ts.getPreEmitDiagnostics(program);
  expect(errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([
    expect.stringContaining("'node:fs'"),
    expect.stringContaining("'process'"),
    expect.stringContaining("'document'"),
  ]);
});

test.each(['engine/graph', 'nn', 'optim', 'stats', 'data', 'experiments'])(
  '%s is compiled with the types the engine has, no more',
  (layer) => {
    const { lib, types } = compilerOptions('engine');
    expect(compilerOptions(layer)).toMatchObject({ lib, types });
  },
);

test('both platforms offer the engine the same functions', () => {
  expectTypeOf<typeof browser.requestAdapter>().toEqualTypeOf<typeof node.requestAdapter>();
});
