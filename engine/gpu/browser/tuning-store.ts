/** Measurements of kernels in IndexedDB, where the origin may have one. A transaction reads and writes as one. */
import { fail } from '../../graph/errors.ts';
import type { TuningStore } from '../node/tuning-store.ts';

const DATABASE = 'langevin';
const STORE = 'kernels';

/** Where this page keeps measurements. */
export function tuningStore(): TuningStore {
  return {
    runtime: navigator.userAgent,
    where: (name) => `IndexedDB ${DATABASE}/${STORE}/${name}`,
    read: (name) =>
      attempt('read', name, async (store) => {
        const text: unknown = await result(store('readonly').get(name));
        return typeof text === 'string' ? text : undefined;
      }),
    update: (name, change) =>
      attempt('written', name, async (store) => {
        const documents = store('readwrite');
        const text: unknown = await result(documents.get(name));
        await result(documents.put(change(typeof text === 'string' ? text : undefined), name));
      }),
  };
}

/** Pages have no environment: the mode is `init`'s to say. */
export function tuneDefault(): string | undefined {
  return undefined;
}

async function attempt<T>(
  what: string,
  name: string,
  work: (store: (mode: IDBTransactionMode) => IDBObjectStore) => Promise<T>,
): Promise<T> {
  try {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await result(opening);
    try {
      return await work((mode) => database.transaction(STORE, mode).objectStore(STORE));
    } finally {
      database.close();
    }
  } catch (error) {
    // Private windows and blocked storage refuse even to open.
    return fail(
      'TUNING_STORE',
      `IndexedDB ${DATABASE}/${STORE}/${name} cannot be ${what} (${String(error)}): kernels are chosen by rule, and what is measured holds for this page alone.`,
      { cause: error },
    );
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the request failed'));
  });
}
