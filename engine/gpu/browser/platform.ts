/**
 * WebGPU in a browser or one of its workers: navigator.gpu, with the signature of engine/gpu/node/platform.ts. A page
 * has one adapter per power preference, so a name can only confirm the choice.
 */
import { fail } from '../../graph/errors.ts';
import type { AdapterChoice, AdapterRequest, TuningStore } from '../node/platform.ts';

export type { AdapterChoice, AdapterRequest, TuningStore };
export { tuneDefault, tuningStore } from './tuning-store.ts';

/** The adapter for `request`. Rejects with code NO_ADAPTER, saying why, if there is none. */
export async function requestAdapter(request: AdapterRequest = {}): Promise<AdapterChoice> {
  const { name, ...options } = request;
  // Absent where the context is insecure or the browser has no WebGPU, whatever the types say.
  const gpu = navigator.gpu as GPU | undefined;
  if (!gpu) {
    return fail(
      'NO_ADAPTER',
      isSecureContext
        ? 'This browser has no navigator.gpu: use a current Chrome, Edge, Safari or Firefox with WebGPU enabled.'
        : `WebGPU needs a secure context and ${location.origin} is not one: serve the page over https or from localhost.`,
    );
  }
  const adapter = await gpu.requestAdapter(options);
  if (!adapter) {
    return fail(
      'NO_ADAPTER',
      'navigator.gpu has no adapter on this machine: see chrome://gpu for the reason, ' +
        "or compute on the CPU with `init({ backend: 'reference' })`.",
    );
  }
  const { vendor, architecture, description } = adapter.info;
  const found = [vendor, architecture, description].filter(Boolean).join(' ');
  if (name && !found.toLowerCase().includes(name.toLowerCase())) {
    return fail(
      'NO_ADAPTER',
      `The browser's adapter is '${found}', whose name does not contain '${name}'. Leave the name out to take it.`,
    );
  }
  return { adapter, source: `navigator.gpu: ${found}`, tried: [] };
}
