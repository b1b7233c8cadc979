/**
 * `tune`: measures the kernels that a function will need, before it is recorded. Recording is synchronous and asks only what
 * is known by then, so that a program never changes its kernels while it runs.
 */
import { currentDevice } from '../init.ts';
import type { Target } from '../compile/compile.ts';
import type { Device } from '../gpu/device.ts';
import { LangevinError } from '../graph/errors.ts';
import { placeholder, transforming } from '../graph/tensor.ts';
import { leaves, unflatten, type Tree } from '../graph/tree.ts';
import type { Measured } from './cache-file.ts';
import { contest } from './contest.ts';
import { tuningOf } from './device-tuning.ts';
import { fieldOf, type Field } from './field.ts';
import { showOperands, subjectsOf, type Subject } from './subjects.ts';
import type { TuningSummary } from './tuning.ts';

export interface TuneOptions {
  /** Measures also what is known already. */
  readonly again?: boolean;
  /** Told before a class is measured: which, and how many of how many are done. */
  readonly progress?: (shapeClass: string, done: number, total: number) => void;
}

/** A class of shapes that the function needs. */
export interface TunedClass extends Measured {
  readonly shapeClass: string;
  /** Whether it was measured now, rather than known before. */
  readonly fresh: boolean;
}

/**
 * Measures every kernel of `f`, a function of trees that returns a tree, on arguments of these shapes, where several can run
 * and none was measured before; and keeps what it finds. `f` runs once on placeholders; values of `args` are not used. A
 * function of `jit` is recorded anew at its next call, with the kernels found; other programs stay as they are.
 *
 * Measures only after `init({ tune: 'measure' })`. Otherwise it returns what is known, so that a program may call it
 * always, and leave to `init` or LANGEVIN_TUNE whether time is spent. On the reference backend there is nothing to tune.
 *
 * @returns the classes whose kernels are known, in the order in which `f` needs them
 */
export async function tune<Args extends readonly Tree[]>(
  f: ((...args: Args) => Tree) & { readonly dispose?: () => void },
  args: Args,
  { again = false, progress = () => undefined }: TuneOptions = {},
): Promise<readonly TunedClass[]> {
  const device = currentDevice();
  if (!device) return [];
  const tuning = tuningOf(device);
  const { mode } = tuning;
  if (mode === 'off') return [];
  const target: Target = {
    adapter: device.traits,
    maxBuffers: device.gpu.limits.maxStorageBuffersPerShaderStage,
  };
  const subjects = subjectsIn(f, args, target);
  const due =
    mode === 'measure' ? subjects.filter(({ shapeClass }) => again || !tuning.classes.has(shapeClass)) : [];
  const fresh = new Map<string, Measured>();
  for (const [done, subject] of due.entries()) {
    progress(subject.shapeClass, done, due.length);
    const measured = await measure(subject, device, target);
    if (!measured) continue;
    fresh.set(subject.shapeClass, measured);
    // At once: whoever is interrupted keeps what was measured.
    await tuning.adopt(new Map([[subject.shapeClass, measured]]), again);
  }
  if (fresh.size > 0) f.dispose?.();
  return subjects.flatMap(({ shapeClass }) => {
    const measured = tuning.classes.get(shapeClass);
    return measured ? [{ shapeClass, ...measured, fresh: fresh.has(shapeClass) }] : [];
  });
}

/** Which kernels hold on the device in use: for people, and for the record of a run. Undefined on the reference backend. */
export function tuningSummary(): TuningSummary | undefined {
  const device = currentDevice();
  return device && tuningOf(device).summary();
}

function subjectsIn<Args extends readonly Tree[]>(
  f: (...args: Args) => Tree,
  args: Args,
  target: Target,
): Subject[] {
  const places = leaves(args).map((leaf, k) => placeholder(leaf, `argument ${k}`));
  const result = transforming(() => f(...(unflatten(args as readonly Tree[], places) as unknown as Args)));
  return subjectsOf(leaves(result), places, target);
}

/** Undefined where no variant can run here, or there is no memory to run them. */
async function measure(subject: Subject, device: Device, target: Target): Promise<Measured | undefined> {
  let field: Field | undefined;
  try {
    field = fieldOf(subject, device, target);
    const { best, findings } = await contest(field.contestants);
    return best === undefined ? undefined : { on: showOperands(subject), best, findings };
  } catch (error) {
    // A lost device rejects whatever was under way; `check` says that it was lost.
    device.check();
    if (error instanceof LangevinError && error.code === 'BUFFER_TOO_LARGE') return undefined;
    throw error;
  } finally {
    field?.dispose();
  }
}
