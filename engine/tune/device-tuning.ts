/** The choices of each device, and what they are kept under. */
import { tuneDefault, tuningStore } from '#platform';
import type { Device } from '../gpu/device.ts';
import { fail } from '../graph/errors.ts';
import type { AdapterTraits } from '../graph/primitive.ts';
import { shadersFingerprint, VERSION } from './fingerprint.ts';
import { openTuning, type TuneMode, type Tuning } from './tuning.ts';

const MODES: readonly TuneMode[] = ['off', 'cached', 'measure'];

const tunings = new WeakMap<Device, Tuning>();

export function tuningOf(device: Device): Tuning {
  let tuning = tunings.get(device);
  if (!tuning) {
    const store = tuningStore();
    const { vendor, architecture, device: name, description } = device.description;
    const { runtime } = store;
    const versions = { runtime, langevin: VERSION, shaders: shadersFingerprint() };
    tuning = openTuning({ vendor, architecture, device: name, description, ...versions }, store);
    tunings.set(device, tuning);
  }
  return tuning;
}

/** Puts a device into a mode. Without one, LANGEVIN_TUNE says which, or it is `off`. @throws TUNE_MODE */
export async function setTuneMode(device: Device, mode?: TuneMode): Promise<void> {
  const asked = mode ?? tuneDefault() ?? 'off';
  const known = MODES.find((each) => each === asked);
  if (known === undefined)
    return fail(
      'TUNE_MODE',
      `'${asked}' is not a way to tune kernels: ${mode === undefined ? 'set LANGEVIN_TUNE to' : 'use'} 'off', 'cached' or 'measure'.`,
    );
  // A device that never left `off` need not know where measurements are kept.
  if (known !== 'off' || tunings.has(device)) await tuningOf(device).setMode(known);
}

/** The device's traits, with the choices that hold on it. */
export function tunedTraits(device: Device): AdapterTraits {
  return { ...device.traits, choice: (shapeClass) => tunings.get(device)?.choice(shapeClass) };
}
