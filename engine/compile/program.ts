/** What the compiler produces: a flat list of dispatches over numbered buffers. */
import type { Aval } from '../graph/ndarray.ts';
import type { Operation } from './operations.ts';

/** A buffer of a program. */
export type BufferRef =
  /** The k-th input. */
  | { readonly kind: 'input'; readonly index: number }
  /** The k-th output, where it has memory of its own. */
  | { readonly kind: 'output'; readonly index: number }
  /** Scratch memory, planned by liveness. */
  | { readonly kind: 'slot'; readonly index: number }
  /** The scalars given with a run, one word each. */
  | { readonly kind: 'scalars' }
  /** The device's fault words. */
  | { readonly kind: 'faults' };

export interface Binding {
  readonly buffer: BufferRef;
  /** Bytes of the value that lives there. */
  readonly bytes: number;
  readonly access: 'read' | 'write';
}

export interface Dispatch {
  /** Names the operations, for errors and profiles: `matmul+add+relu f32[256, 500]`. */
  readonly label: string;
  /** Number of the kernel that it is a launch of. */
  readonly kernel: number;
  /** What was composed into it, operands before their consumers; all launches of a kernel name the same. */
  readonly operations: readonly Operation[];
  /** The hand-written shader that the code was composed from. */
  readonly shader: string;
  readonly code: string;
  readonly entryPoint: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly bindings: readonly Binding[];
  readonly groups: readonly [number, number, number];
}

export interface ProgramOutput {
  readonly aval: Aval;
  /** The input whose memory the output takes over. */
  readonly donor?: number;
  /** Where the value is copied from after the last dispatch, if it could not be written in place. */
  readonly from?: BufferRef;
}

/** A value in scratch memory: from the dispatch that writes it to the last that reads it. */
export interface Lifetime {
  readonly slot: number;
  readonly bytes: number;
  /** The first and the last dispatch that use it. A copied result lives to the end, one past the last dispatch. */
  readonly from: number;
  readonly to: number;
  /** The dispatch's label, with the number of a temporary between its launches. */
  readonly label: string;
}

export interface Program {
  readonly inputs: readonly Aval[];
  readonly outputs: readonly ProgramOutput[];
  readonly dispatches: readonly Dispatch[];
  /** Bytes of each scratch slot. */
  readonly slots: readonly number[];
  /** What lives in the slots, and when. */
  readonly lifetimes: readonly Lifetime[];
  readonly scalars: number;
}

/** Bytes of a value's buffer: whole 16-byte units, and never empty, since WebGPU has no empty buffers. */
export function bytesOf({ shape }: Aval): number {
  const words = shape.reduce((product, extent) => product * extent, 1);
  return Math.max(16, Math.ceil((words * 4) / 16) * 16);
}
