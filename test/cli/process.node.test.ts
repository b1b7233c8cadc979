/** The compiled command as a process: signals, pipes, exit codes, and how soon it ends. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../../experiments/types.ts';
import { compileCommand, writeCommand } from './command-file.ts';

const repository = resolve(import.meta.dirname, '../..');
const root = mkdtempSync(join(tmpdir(), 'langevin-process-'));
const main = join(repository, 'dist/cli/main.js');
const toyMain = join(root, 'toy-main.mjs');
afterAll(() => rmSync(root, { recursive: true }));

// The command as it is shipped, but for its experiments and the size of its data.
beforeAll(() => {
  compileCommand();
  writeCommand(toyMain, 'toy.ts', 'toy');
}, 120_000);

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a process and calls `watch` with all its output so far whenever there is more. */
function start(
  argv: readonly string[],
  watch: (output: string, child: ChildProcess) => void,
): Promise<Ending> {
  const child = spawn(process.execPath, argv, { cwd: root, timeout: 20_000 });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
    watch(stdout + stderr, child);
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
    watch(stdout + stderr, child);
  });
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

/** A run that takes forty seconds. */
const slow = (out: string): string[] =>
  [toyMain, 'run', 'toy-count', '--backend', 'reference', '--out', out].concat(
    ['steps=2000', 'delay=20'].flatMap((setting) => ['--set', setting]),
  );

const recordsIn = (out: string): string[] =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');

const manifestIn = (out: string): Manifest =>
  JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as Manifest;

/** Sends the signals, `gap` milliseconds apart, once the experiment is counting. */
function sending(gap: number, ...signals: NodeJS.Signals[]): (output: string, child: ChildProcess) => void {
  let sent = false;
  return (output, child) => {
    if (sent || !output.includes('counting')) return;
    sent = true;
    signals.forEach((signal, k) => setTimeout(() => child.kill(signal), 200 + gap * k));
  };
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s finishes the step, keeps the records, writes the report and exits with %i',
  async (signal, code) => {
    const out = join(root, signal);
    const ending = await start(slow(out), sending(0, signal));
    expect(ending, ending.stderr).toMatchObject({ code, stderr: '' });
    expect(ending.stdout).toContain('Stopping after this step');
    expect(manifestIn(out).status).toBe('interrupted');
    const records = recordsIn(out);
    expect(records.length).toBeGreaterThan(2);
    expect(JSON.parse(records.at(-1) ?? '')).toMatchObject({ kind: 'metric', step: records.length - 1 });
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('This run was stopped before its end');
    expect(existsSync(join(out, 'lock.json'))).toBe(false);
  },
);

test('a second SIGINT ends the process at once, and what was recorded can be reported', async () => {
  const out = join(root, 'twice');
  const argv = slow(out).map((word) => (word === 'delay=20' ? 'delay=3000' : word));
  const { code } = await start(argv, sending(300, 'SIGINT', 'SIGINT'));
  expect(code).toBe(130);
  expect(manifestIn(out).status).toBe('running');
  expect(existsSync(join(out, 'report.html'))).toBe(false);
  const report = spawnSync(process.execPath, [toyMain, 'report', out], { encoding: 'utf8', timeout: 20_000 });
  expect(report.status, report.stderr).toBe(0);
  expect(report.stderr).toContain('ended without saying so');
});

test('a SIGINT that comes twice at once, as npm passes it on, is one', async () => {
  const out = join(root, 'npm');
  const { code } = await start(slow(out), sending(0, 'SIGINT', 'SIGINT'));
  expect(code).toBe(130);
  expect(manifestIn(out).status).toBe('interrupted');
});

test('a second run into the directory of a living one is refused, and does not disturb it', async () => {
  const out = join(root, 'shared');
  let second: Promise<Ending> | undefined;
  const first = start(slow(out), (output, child) => {
    if (second || !output.includes('counting')) return;
    second = start(slow(out), () => undefined).then((ending) => {
      child.kill('SIGINT');
      return ending;
    });
  });
  expect((await first).code).toBe(130);
  const refused = await second;
  expect(refused?.code).toBe(1);
  expect(refused?.stderr).toMatch(/is being written by process \d+ .*\[RUN_LOCKED\]/);
});

test('a reader that closes the pipe early ends the command cleanly', () => {
  const shell = (command: string): string =>
    spawnSync('bash', ['-c', `set -o pipefail; ${command}; echo "$?"`], { cwd: root, encoding: 'utf8' })
      .stdout;
  const node = `'${process.execPath}' '${toyMain}'`;
  expect(shell(`(sleep 0.5; ${node} list 2>&1 >&3 | cat >&2) 3>&1 | true`)).toBe('0\n');
  const out = join(root, 'pipe');
  const run = `${node} ${slow(out).slice(1).join(' ')} --set delay=1 --set talk=100`;
  expect(shell(`${run} 2>stderr.txt | head -1`)).toBe(`${out}\n141\n`);
  expect(readFileSync(join(root, 'stderr.txt'), 'utf8')).toBe('');
  expect(manifestIn(out).status).toBe('interrupted');
});

test('a directory that may not be written is refused at the start', () => {
  // The super-user may write anywhere but in the kernel's own file system.
  const { status, stderr } = spawnSync(
    process.execPath,
    [toyMain, 'run', 'toy-count', '--backend', 'reference', '--out', '/proc/langevin'],
    { encoding: 'utf8', timeout: 20_000 },
  );
  expect(status).toBe(1);
  expect(stderr).toMatch(/^langevin: \/proc\/langevin: .*\[OUT_UNWRITABLE\]\n$/);
});

test('runs without --out are numbered under runs/', () => {
  const once = (): string =>
    spawnSync(process.execPath, [toyMain, 'run', 'toy-count', '--backend', 'reference', '--seed', '7'], {
      cwd: root,
      encoding: 'utf8',
    }).stdout.split('\n')[0] ?? '';
  expect([once(), once()]).toEqual([
    join(root, 'runs/toy-count-smoke-7-1'),
    join(root, 'runs/toy-count-smoke-7-2'),
  ]);
});

test('the shipped command starts with a shebang and prints its version', () => {
  expect(readFileSync(main, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    version: string;
  };
  const spoken = spawnSync(process.execPath, [main, '--version'], { encoding: 'utf8', timeout: 20_000 });
  expect(spoken).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
});

test('doctor without an adapter says what was tried and what to do, and exits with 1', () => {
  const env = { ...process.env, LANGEVIN_ADAPTER: 'voodoo' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [toyMain, 'doctor'], {
    encoding: 'utf8',
    timeout: 20_000,
    env,
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(stdout).toContain(process.versions.node);
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/name contains 'voodoo'.*\[NO_ADAPTER\]/);
});
