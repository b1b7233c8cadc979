/** Whether the tests in Node have a GPU to run on, found out once, before any of them starts. */
import { LangevinError } from '../../engine/graph/errors.ts';
import { requestAdapter } from '../../engine/gpu/node/platform.ts';

/** The adapter's name, or undefined after saying why there is none. An adapter asked for by name must exist. */
export async function findAdapter(): Promise<string | undefined> {
  try {
    return (await requestAdapter()).source;
  } catch (error) {
    if (!(error instanceof LangevinError) || process.env['LANGEVIN_ADAPTER']) throw error;
    console.warn(`Tests on the GPU are skipped in Node: ${error.message}`);
    return undefined;
  }
}
