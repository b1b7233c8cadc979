/** `init`: the only asynchronous step before `data()`. */
import { setBackend } from './graph/backend.ts';
import { fail } from './graph/errors.ts';
import { referenceBackend } from './reference/interpreter.ts';

export interface InitOptions {
  /** `webgpu` (the default), or `reference`: float64 on the CPU, which needs no GPU. */
  readonly backend?: 'webgpu' | 'reference';
  /** Part of the adapter's name, such as `nvidia` or `swiftshader`; in Node also the variable LANGEVIN_ADAPTER. */
  readonly adapter?: string;
}

/**
 * Chooses where tensors are computed. Calling it again with the same options does nothing.
 *
 * @throws NO_ADAPTER if no WebGPU adapter can be had, naming what was tried and the next step
 */
export async function init({ backend = 'webgpu', adapter }: InitOptions = {}): Promise<void> {
  if (backend === 'reference') return setBackend(referenceBackend());
  if (backend !== 'webgpu')
    fail('BACKEND', `init: '${String(backend)}' is not a backend: use 'webgpu' or 'reference'.`);
  const { deviceBackend } = await import('./gpu/backend.ts');
  setBackend(await deviceBackend(adapter));
}
