/**
 * What the host does, and when: recording, compiling, encoding, reading back. Whoever draws a trace listens for a while;
 * otherwise a phase costs a comparison. The names are a closed list, so that traces of two versions compare.
 */

export type PhaseName =
  /** Running a function on placeholders. */
  | 'record'
  /** From tensors to the compiler's graph, simplifying on the way. */
  | 'simplify'
  /** From the graph to a program; its parts come next. */
  | 'compile'
  | 'fuse'
  | 'schedule'
  | 'plan memory'
  | 'compose'
  /** Handing the code of a program to the driver, which parses it at once. */
  | 'shaders'
  /** Preparing what a run of a program needs: buffers and bind groups. */
  | 'bind'
  | 'encode'
  | 'submit'
  /** From asking the driver for a pipeline to having it. Pipelines are compiled beside one another. */
  | 'pipeline'
  /** From asking for a value to having it. */
  | 'readback';

export interface Phase {
  readonly name: PhaseName;
  /** What it was about, such as the label of a kernel. */
  readonly detail?: string;
  /** Milliseconds of `performance.now()`. */
  readonly begin: number;
  readonly end: number;
}

export type PhaseListener = (phase: Phase) => void;

let listener: PhaseListener | undefined;

/** Tells `listen` every phase that ends before the function returned here is called. The last to listen hears alone. */
export function listenToPhases(listen: PhaseListener): () => void {
  const before = listener;
  listener = listen;
  return () => {
    listener = before;
  };
}

/** Runs `f` as a phase. */
export function phase<T>(name: PhaseName, f: () => T): T {
  if (!listener) return f();
  const end = beginPhase(name);
  try {
    return f();
  } finally {
    end();
  }
}

/** Begins a phase that what is returned ends, once: for what is waited for. */
export function beginPhase(name: PhaseName, detail?: string): () => void {
  if (!listener) return nothing;
  const listen = listener;
  const begin = performance.now();
  return () => listen({ name, begin, end: performance.now(), ...(detail !== undefined && { detail }) });
}

function nothing(): void {
  // Nobody listens.
}
