/** What is kept of measurements, and when it is believed. The store is a map. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fc } from '../property.ts';
import { expect, test } from 'vitest';
import type { TuningStore } from '../../engine/gpu/node/tuning-store.ts';
import { LangevinError } from '../../engine/index.ts';
import {
  formatTuning,
  parseTuning,
  readTuning,
  type Measured,
  type TuningKey,
} from '../../engine/tune/cache-file.ts';
import { fingerprint, shadersFingerprint, VERSION } from '../../engine/tune/fingerprint.ts';
import { openTuning } from '../../engine/tune/tuning.ts';

const key: TuningKey = {
  vendor: 'v',
  architecture: 'a',
  device: 'd',
  description: 'driver 1',
  runtime: 'r',
  langevin: '0',
  shaders: 's',
};

/** A class where `fast` beats the rule's choice `usual`, or does not. */
const measured = (best: 'usual' | 'fast'): Measured => ({
  on: 'f32[2, 2]',
  best,
  findings: [
    { name: 'usual', ms: 2 },
    { name: 'fast', ms: 1 },
    { name: 'broken', refused: 'It does not compile.' },
  ],
});

interface MapStore extends TuningStore {
  readonly documents: Map<string, string>;
  reads: number;
}

function mapStore(): MapStore {
  const documents = new Map<string, string>();
  const store: MapStore = {
    documents,
    reads: 0,
    runtime: 'r',
    where: (name) => `memory ${name}`,
    async read(name) {
      store.reads++;
      return documents.get(name);
    },
    async update(name, change) {
      documents.set(name, change(documents.get(name)));
    },
  };
  return store;
}

test('a document is read as it was written, and equal measurements give equal bytes', () => {
  const classes = new Map([
    ['b', measured('fast')],
    ['a', measured('usual')],
  ]);
  const text = formatTuning(key, classes);
  expect(parseTuning(text, key)).toEqual(classes);
  expect(formatTuning(key, new Map([...classes].reverse()))).toBe(text);
});

test('a document of another adapter, driver, version or set of shaders is not used, and says which', () => {
  for (const field of Object.keys(key) as (keyof TuningKey)[]) {
    const text = formatTuning({ ...key, [field]: 'other' }, new Map([['a', measured('fast')]]));
    const { classes, reason } = readTuning(text, key);
    expect(classes.size).toBe(0);
    expect(reason).toContain(`measured with ${field} "other"`);
  }
});

test('a damaged document is not used at all, and says why', () => {
  const good = formatTuning(key, new Map([['a', measured('fast')]]));
  const damaged: readonly (readonly [text: string, says: string])[] = [
    ['', 'not JSON'],
    [good.slice(0, -9), 'not JSON'],
    ['[]', 'not an object'],
    [good.replace('"schema": 1', '"schema": 2'), 'schema is 2'],
    ['{"schema": 1}', 'does not say what it was measured on'],
    [JSON.stringify({ schema: 1, key }), 'has no classes'],
    [good.replace('"ms": 1', '"ms": "fast"'), "'a' is damaged"],
    [good.replace('"best": "fast"', '"best": "broken"'), "'a' is damaged"],
    [good.replace('"best": "fast"', '"best": "unheard of"'), "'a' is damaged"],
  ];
  for (const [text, says] of damaged) {
    expect(text).not.toBe(good);
    const { classes, reason } = readTuning(text, key);
    expect(classes.size).toBe(0);
    expect(reason).toContain(says);
  }
});

test('whatever stands in a document, reading it ends with classes or with a reason', () => {
  const good = formatTuning(key, new Map([['a', measured('fast')]]));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.string({ maxLength: 3 }), (at, text) => {
      const { classes, reason } = readTuning(good.slice(0, at) + text + good.slice(at + 1), key);
      for (const { best, findings } of classes.values())
        expect(findings.some((finding) => finding.name === best && 'ms' in finding)).toBe(true);
      expect(classes.size === 0 || reason === undefined).toBe(true);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('off, nothing is read and every choice is the rule’s', async () => {
  const store = mapStore();
  const tuning = openTuning(key, store);
  await tuning.setMode('off');
  expect(tuning.choice('a')).toBeUndefined();
  expect(store.reads).toBe(0);
  expect(tuning.summary()).toMatchObject({ mode: 'off', classes: 0, changed: 0, hash: undefined });
});

test('what one process measured another takes from the cache: the same kernels, the same fingerprint', async () => {
  const store = mapStore();
  const first = openTuning(key, store);
  await first.setMode('measure');
  await first.adopt(
    new Map([
      ['a', measured('fast')],
      ['b', measured('usual')],
    ]),
  );
  const second = openTuning(key, store);
  expect(second.choice('a')).toBeUndefined();
  await second.setMode('cached');
  expect(second.choice('a')).toBe('fast');
  expect(second.choice('never met')).toBeUndefined();
  expect({ ...second.summary(), mode: 0 }).toEqual({ ...first.summary(), mode: 0 });
  expect(second.summary()).toMatchObject({ classes: 2, changed: 1, notes: [] });
});

test('a class that keeps the choice of its rule leaves its other shapes to the rule', async () => {
  const tuning = openTuning(key, mapStore());
  await tuning.setMode('measure');
  await tuning.adopt(new Map([['b', measured('usual')]]));
  expect(tuning.choice('b')).toBeUndefined();
  expect(tuning.summary().hash).toBeUndefined();
});

test('a choice once made stays, unless it is asked to be made again', async () => {
  const tuning = openTuning(key, mapStore());
  await tuning.setMode('measure');
  await tuning.adopt(new Map([['a', measured('fast')]]));
  await tuning.adopt(new Map([['a', measured('usual')]]));
  expect(tuning.choice('a')).toBe('fast');
  await tuning.adopt(new Map([['a', measured('usual')]]), true);
  expect(tuning.choice('a')).toBeUndefined();
});

test('the cache is read once in a process, however it changes meanwhile', async () => {
  const store = mapStore();
  const tuning = openTuning(key, store);
  await tuning.setMode('cached');
  const other = openTuning(key, store);
  await other.setMode('measure');
  await other.adopt(new Map([['a', measured('fast')]]));
  await tuning.setMode('cached');
  expect(tuning.choice('a')).toBeUndefined();
});

test('processes that measure different classes keep what the others kept', async () => {
  const store = mapStore();
  const [one, two] = [openTuning(key, store), openTuning(key, store)];
  for (const tuning of [one, two]) await tuning.setMode('measure');
  await one.adopt(new Map([['a', measured('fast')]]));
  await two.adopt(new Map([['b', measured('fast')]]));
  const [text] = [...store.documents.values()] as [string];
  expect([...parseTuning(text, key).keys()]).toEqual(['a', 'b']);
});

test('a cache that is damaged is replaced by the next measurement, and noted until then', async () => {
  const store = mapStore();
  const first = openTuning(key, store);
  await first.setMode('measure');
  await first.adopt(new Map([['a', measured('fast')]]));
  const [name] = [...store.documents.keys()] as [string];
  store.documents.set(name, '{');
  const tuning = openTuning(key, store);
  await tuning.setMode('measure');
  expect(tuning.choice('a')).toBeUndefined();
  expect(tuning.summary().notes).toEqual([expect.stringMatching(/^memory .*not JSON/)]);
  await tuning.adopt(new Map([['b', measured('fast')]]));
  expect([...parseTuning(store.documents.get(name) as string, key).keys()]).toEqual(['b']);
});

test('a cache that cannot be read or written is noted, and what is measured holds in this process', async () => {
  const refuse = (): Promise<never> => Promise.reject(new LangevinError('TUNING_STORE', 'No.'));
  const tuning = openTuning(key, { ...mapStore(), read: refuse, update: refuse });
  await tuning.setMode('measure');
  await tuning.adopt(new Map([['a', measured('fast')]]));
  expect(tuning.choice('a')).toBe('fast');
  expect(tuning.summary().notes).toEqual(['No.', 'No.']);
});

test('the fingerprint of the choices tells which kernels, and not how fast they were', async () => {
  const hashOf = async (...entries: [string, Measured][]): Promise<string | undefined> => {
    const tuning = openTuning(key, mapStore());
    await tuning.setMode('measure');
    await tuning.adopt(new Map(entries));
    return tuning.summary().hash;
  };
  const slower = { ...measured('fast'), findings: [{ name: 'usual', ms: 9 }, { name: 'fast', ms: 4 }] }; // prettier-ignore
  const one = await hashOf(['a', measured('fast')]);
  expect(one).toMatch(/^[0-9a-f]{16}$/);
  expect(await hashOf(['b', measured('usual')], ['a', slower])).toBe(one);
  expect(await hashOf(['b', measured('fast')])).not.toBe(one);
});

test('measurements hold for the version in package.json', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(VERSION);
});

test('fingerprints are 64 bits of the whole text', () => {
  expect(fingerprint('')).toBe('811c9dc501234567');
  // FNV-1a of "foobar", from its authors' test vectors.
  expect(fingerprint('foobar').slice(0, 8)).toBe('bf9cf968');
  expect(shadersFingerprint()).toBe(shadersFingerprint());
  expect(new Set(Array.from({ length: 2000 }, (_, i) => fingerprint(`${i}`))).size).toBe(2000);
});
