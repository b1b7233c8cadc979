/**
 * The seam between the graph and whatever computes it. `init` installs one backend; the graph knows
 * only this interface.
 */
import { fail } from './errors.ts';
import type { HostArray } from './dtype.ts';
import type { Tensor } from './tensor.ts';

/** A function captured on placeholders: its graph from arguments to results. */
export interface Capture {
  readonly placeholders: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Which arguments give their memory to the results. */
  readonly donated: readonly boolean[];
}

/** A capture made ready to run again and again. */
export interface Executable {
  run(args: readonly Tensor[]): Tensor[];
  /** Gives back the memory that the program holds between runs. */
  dispose(): void;
}

export interface Backend {
  readonly name: 'webgpu' | 'reference';
  /** Computes the tensors; each then holds a value instead of its producer. */
  realize(tensors: readonly Tensor[]): Promise<void>;
  /** As {@link realize} without waiting: called when a pending graph has grown too deep. */
  realizeNow(tensors: readonly Tensor[]): void;
  /** Compiles a captured function for `jit`. */
  compile(capture: Capture): Executable;
  /** The values of a realised tensor. */
  read(tensor: Tensor): Promise<HostArray>;
}

let current: Backend | undefined;

/** Installs the backend for everything realised from now on. */
export function setBackend(backend: Backend | undefined): void {
  current = backend;
}

export function currentBackend(): Backend {
  return (
    current ??
    fail('NOT_INITIALIZED', 'No backend is installed: call `await init()` before asking for a value.')
  );
}
