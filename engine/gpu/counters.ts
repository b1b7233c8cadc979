/** What the engine holds and does, for tests, profiles and people who look for leaks. */

export interface Counters {
  /** Tensors that hold device memory. */
  liveTensors: number;
  /** Bytes that those tensors need. */
  liveBytes: number;
  /** Bytes of all buffers that exist: tensors, programs' scratch memory, staging, and the pool's free ones. */
  allocatedBytes: number;
  /** Buffers ever created. */
  buffers: number;
  /** Bind groups ever created. */
  bindGroups: number;
  /** Compute pipelines ever compiled. */
  pipelines: number;
  /** Kernels ever dispatched. */
  dispatches: number;
  /** Command buffers ever submitted for programs (readbacks are not counted). */
  submits: number;
}

export function zeroCounters(): Counters {
  return {
    liveTensors: 0,
    liveBytes: 0,
    allocatedBytes: 0,
    buffers: 0,
    bindGroups: 0,
    pipelines: 0,
    dispatches: 0,
    submits: 0,
  };
}
