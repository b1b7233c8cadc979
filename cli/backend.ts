/** Starting a backend for a run, and saying for the manifest what it is. */
import { init, tuningSummary } from '../engine/index.ts';
import { currentDevice } from '../engine/init.ts';
import type { AdapterSummary } from '../experiments/types.ts';

/** @throws `NO_ADAPTER`, naming what was tried */
export async function startBackend(backend: AdapterSummary['backend']): Promise<AdapterSummary> {
  await init({ backend });
  const device = currentDevice();
  if (!device) return { backend: 'reference', name: 'float64 interpreter', source: 'CPU' };
  // The source reads `place: adapter`.
  const { source } = device.description;
  const at = source.indexOf(': ');
  const kernels = tuningSummary()?.hash;
  return { backend, source: source.slice(0, at), name: source.slice(at + 2), ...(kernels && { kernels }) };
}
