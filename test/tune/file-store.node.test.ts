/** Measurements as files: what is missing, what is in the way, and two who write at once. */
import { fork } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cacheFolder } from '../../engine/gpu/node/cache-folder.ts';
import { fileStore } from '../../engine/gpu/node/tuning-store.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-tune-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const folder = (): string => join(root, `${count++}`, 'below');

test('there is no document before the first is written, nor its folder', async () => {
  const at = folder();
  const store = fileStore(at);
  expect(await store.read('a')).toBeUndefined();
  await store.update('a', (before) => `${before} and one`);
  await store.update('a', (before) => `${before} and two`);
  expect(await store.read('a')).toBe('undefined and one and two');
  expect(readFileSync(store.where('a'), 'utf8')).toBe('undefined and one and two');
  expect(readdirSync(at)).toEqual(['a.json']);
});

test('a document that cannot be read is TUNING_STORE, and names the file', async () => {
  const at = folder();
  const store = fileStore(at);
  mkdirSync(store.where('a'), { recursive: true });
  await expect(store.read('a')).rejects.toMatchObject({
    code: 'TUNING_STORE',
    message: expect.stringContaining(`${store.where('a')} cannot be read (EISDIR)`) as string,
  });
});

test('a document that cannot be written is TUNING_STORE, and leaves nothing beside its place', async () => {
  const at = folder();
  const store = fileStore(at);
  mkdirSync(join(store.where('a'), 'in the way'), { recursive: true });
  const file = join(root, 'a file');
  writeFileSync(file, '');
  for (const each of [store, fileStore(join(file, 'below'))])
    await expect(each.update('a', () => 'text')).rejects.toMatchObject({ code: 'TUNING_STORE' });
  expect(readdirSync(at)).toEqual(['a.json']);
});

// Root may write everywhere.
test.skipIf(process.getuid?.() === 0)('a directory that may not be written to is TUNING_STORE', async () => {
  const at = folder();
  mkdirSync(at, { recursive: true });
  chmodSync(at, 0o500);
  await expect(fileStore(at).update('a', () => 'text')).rejects.toMatchObject({ code: 'TUNING_STORE' });
});

test('of processes that write at once one stands, and no reader sees a part', async () => {
  const at = folder();
  const module = JSON.stringify(
    `file://${join(import.meta.dirname, '../../dist/engine/gpu/node/tuning-store.js')}`,
  );
  const script = join(root, 'writer.mjs');
  writeFileSync(
    script,
    `import { fileStore } from ${module};
     const text = process.argv[2].repeat(100_000);
     for (let k = 0; k < 20; k++) await fileStore(${JSON.stringify(at)}).update('a', () => text);`,
  );
  const letters = ['x', 'y', 'z'];
  const running = new Set(letters);
  const codes = letters.map(
    (letter) =>
      new Promise<number | null>((resolve) =>
        fork(script, [letter]).on('exit', (code) => {
          running.delete(letter);
          resolve(code);
        }),
      ),
  );
  const store = fileStore(at);
  while (running.size > 0) {
    const text = (await store.read('a')) ?? 'x'.repeat(100_000);
    expect(text).toMatch(/^(x{100000}|y{100000}|z{100000})$/);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(await Promise.all(codes)).toEqual([0, 0, 0]);
  expect(await store.read('a')).toHaveLength(100_000);
  expect(readdirSync(at)).toEqual(['a.json']);
}, 20_000);

test('files lie in the cache directory of the user that the environment names', () => {
  if (process.platform !== 'linux') return;
  expect(cacheFolder({ XDG_CACHE_HOME: '/elsewhere' })).toBe('/elsewhere/langevin');
  expect(cacheFolder({ XDG_CACHE_HOME: '' })).toMatch(/\/\.cache\/langevin$/);
});
