/**
 * The choices that hold on one device: none, or those that were measured. What the cache holds is read once, when it is
 * first asked for, and a choice once made is never changed in this process, so the same calls get the same kernels.
 */
import type { TuningStore } from '#platform';
import { LangevinError } from '../graph/errors.ts';
import { formatTuning, readTuning, type Classes, type Measured, type TuningKey } from './cache-file.ts';
import { fingerprint } from './fingerprint.ts';

/**
 * Whether measured kernels are taken.
 * - `off`: every kernel is the launch rule's own choice: what runs depends on the adapter and on langevin alone.
 * - `cached`: what was measured here before is taken. Nothing is measured.
 * - `measure`: the same, and `tune` measures what is not known yet, and keeps it.
 */
export type TuneMode = 'off' | 'cached' | 'measure';

/** What is said of the choices: to people, and for a run's record. */
export interface TuningSummary {
  readonly mode: TuneMode;
  /** Where measurements are kept. */
  readonly where: string;
  /** Classes of shapes whose kernels were measured. 0 in mode `off`, which does not look. */
  readonly classes: number;
  /** Those that take another kernel than the launch rule's own choice. */
  readonly changed: number;
  /**
   * Fingerprint of the classes that take another kernel, and which; undefined if none does. Results may differ in their
   * last bits between runs of different fingerprints.
   */
  readonly hash: string | undefined;
  /** What kept measurements from being used or kept. */
  readonly notes: readonly string[];
}

export interface Tuning {
  /** As `AdapterTraits.choice`. */
  choice(shapeClass: string): string | undefined;
  /** Sets the mode, and reads the cache if the mode is the first to need it. */
  setMode(mode: TuneMode): Promise<void>;
  readonly mode: TuneMode;
  /** Everything known, whatever the mode. */
  readonly classes: Classes;
  /** Takes up what was measured for classes that were not known, or with `again` for all; and keeps it. */
  adopt(found: Classes, again?: boolean): Promise<void>;
  summary(): TuningSummary;
}

/** The choices of an adapter, which begin in mode `off`. */
export function openTuning(key: TuningKey, store: TuningStore): Tuning {
  const name = `kernels-${fingerprint(JSON.stringify(key))}`;
  let mode: TuneMode = 'off';
  let loading: Promise<void> | undefined;
  const classes = new Map<string, Measured>();
  const notes: string[] = [];

  const load = async (): Promise<void> => {
    const text = await reporting(store.read(name));
    const { classes: found, reason } = readTuning(text, key);
    if (reason !== undefined) notes.push(`${store.where(name)}: ${reason}`);
    for (const [shapeClass, measured] of found)
      if (!classes.has(shapeClass)) classes.set(shapeClass, measured);
  };
  /** A cache that does not work costs time and nothing else: it is noted. */
  const reporting = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof LangevinError)) throw error;
      notes.push(error.message);
      return undefined;
    }
  };
  const changed = (): [string, string][] =>
    [...classes].flatMap(([shapeClass, { best, findings }]): [string, string][] =>
      best === findings[0]?.name ? [] : [[shapeClass, best]],
    );

  return {
    choice(shapeClass) {
      if (mode === 'off') return undefined;
      const measured = classes.get(shapeClass);
      // A class that keeps to its rule leaves each of its shapes to the rule.
      return measured && measured.best !== measured.findings[0]?.name ? measured.best : undefined;
    },
    async setMode(next) {
      if (next !== 'off') await (loading ??= load());
      mode = next;
    },
    get mode() {
      return mode;
    },
    classes,
    async adopt(found, again = false) {
      const fresh = [...found].filter(([shapeClass]) => again || !classes.has(shapeClass));
      if (fresh.length === 0) return;
      for (const [shapeClass, measured] of fresh) classes.set(shapeClass, measured);
      // Another process may have kept other classes meanwhile.
      await reporting(
        store.update(name, (text) =>
          formatTuning(key, new Map([...readTuning(text, key).classes, ...fresh])),
        ),
      );
    },
    summary() {
      const list = mode === 'off' ? [] : changed().sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        mode,
        where: store.where(name),
        classes: mode === 'off' ? 0 : classes.size,
        changed: list.length,
        hash: list.length > 0 ? fingerprint(JSON.stringify(list)) : undefined,
        notes: [...notes],
      };
    },
  };
}
