/**
 * `jit` records what a function does to its arguments, once per signature (shapes, dtypes, structure), and
 * replays the record: one submission, no new memory.
 */
import { currentBackend, type Backend, type Executable } from './graph/backend.ts';
import { fail } from './graph/errors.ts';
import { phase } from './graph/phases.ts';
import { isTransforming, placeholder, transforming } from './graph/tensor.ts';
import { leaves, paths, structure, unflatten, type Tree } from './graph/tree.ts';

export interface JitOptions {
  /**
   * Positions of arguments whose memory the results may take over: a training step updates its parameters in place.
   * A donated tensor must not be used afterwards; doing so throws.
   */
  readonly donate?: readonly number[];
}

export interface Jitted<Args extends readonly Tree[], R extends Tree> {
  (...args: Args): R;
  /** Gives back the memory of all recorded programs. Calling the function again records it anew. */
  dispose(): void;
}

interface Program<R> {
  readonly executable: Executable;
  readonly result: R;
}

/**
 * A recorded version of `f`, a function of trees that returns a tree. `f` runs once per signature, on
 * placeholders: its tensors have shapes but no values, and what it reads from outside is fixed at that time.
 *
 * Called inside a function that is itself differentiated or recorded, it is `f`.
 *
 * @throws PLACEHOLDER if `f` asks for a value while it is recorded
 */
export function jit<Args extends readonly Tree[], R extends Tree>(
  f: (...args: Args) => R,
  { donate = [] }: JitOptions = {},
): Jitted<Args, R> {
  let programs = new Map<string, Program<R>>();
  let backend: Backend | undefined;

  const dispose = (): void => {
    for (const { executable } of programs.values()) executable.dispose();
    programs = new Map();
  };

  const record = (args: Args): Program<R> => {
    const named = args.flatMap((arg, k) =>
      paths(arg).map(({ path, leaf }) => ({
        name: path === '' ? `argument ${k}` : `argument ${k}, '${path}'`,
        leaf,
        k,
      })),
    );
    const placeholders = named.map(({ leaf, name }) => placeholder(leaf, name));
    const result = phase('record', () =>
      transforming(() => f(...(unflatten(args as readonly Tree[], placeholders) as unknown as Args))),
    );
    const donated = named.map(({ k }) => donate.includes(k));
    return {
      result,
      executable: currentBackend().compile({ placeholders, outputs: leaves(result), donated }),
    };
  };

  const call = (...args: Args): R => {
    // Inside a derivative or another recording, the operations themselves are wanted.
    if (isTransforming()) return f(...args);
    if (backend !== currentBackend()) {
      programs = new Map();
      backend = currentBackend();
    }
    for (const k of donate)
      if (!(k in args))
        fail('ARITY', `jit: argument ${k} is to be donated, but the call has ${args.length} arguments.`);
    const inputs = leaves(args);
    const signature = args.map(structure).join(';') + inputs.map(String).join(',');
    let program = programs.get(signature);
    if (!program) programs.set(signature, (program = record(args)));
    return unflatten(program.result, program.executable.run(inputs));
  };
  return Object.assign(call, { dispose });
}
