/** Measurements in a page's database. */
import { afterAll, expect, test } from 'vitest';
import { tuningStore } from '../../engine/gpu/browser/tuning-store.ts';

const inPage = 'indexedDB' in globalThis;

afterAll(() => {
  if (inPage) indexedDB.deleteDatabase('langevin');
});

test.runIf(inPage)('a document is there once it was written, for any store of the page', async () => {
  expect(await tuningStore().read('a')).toBeUndefined();
  await tuningStore().update('a', (before) => `${before} and one`);
  await tuningStore().update('a', (before) => `${before} and two`);
  expect(await tuningStore().read('a')).toBe('undefined and one and two');
  expect(await tuningStore().read('b')).toBeUndefined();
});

test.runIf(inPage)('changes at once all take effect', async () => {
  await Promise.all(
    ['x', 'y', 'z'].map((letter) => tuningStore().update('c', (before) => (before ?? '') + letter)),
  );
  expect((await tuningStore().read('c'))?.split('').sort()).toEqual(['x', 'y', 'z']);
});

test('a page that may not keep anything is TUNING_STORE', async () => {
  const kept = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB');
  const open = (): never => {
    throw new Error('blocked');
  };
  Object.defineProperty(globalThis, 'indexedDB', { value: { open }, configurable: true });
  const navigator = 'navigator' in globalThis;
  try {
    if (!navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
    await expect(tuningStore().read('a')).rejects.toMatchObject({
      code: 'TUNING_STORE',
      message: expect.stringContaining('blocked') as string,
    });
    await expect(tuningStore().update('a', () => '')).rejects.toMatchObject({ code: 'TUNING_STORE' });
  } finally {
    if (kept) Object.defineProperty(globalThis, 'indexedDB', kept);
    else Reflect.deleteProperty(globalThis, 'indexedDB');
    if (!navigator) Reflect.deleteProperty(globalThis, 'navigator');
  }
});
