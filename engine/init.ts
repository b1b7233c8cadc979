/** `init`: the only asynchronous step before `data()`; and what is known of the device it chose. */
import { currentBackend, setBackend } from './graph/backend.ts';
import { fail } from './graph/errors.ts';
import type { Tensor } from './graph/tensor.ts';
import { leaves, type Tree } from './graph/tree.ts';
import { deviceBackend, type DeviceBackend } from './gpu/backend.ts';
import type { Counters } from './gpu/counters.ts';
import { Device } from './gpu/device.ts';
import { inScope } from './gpu/storage.ts';
import { referenceBackend } from './reference/interpreter.ts';
import { setTuneMode, tunedTraits } from './tune/device-tuning.ts';
import type { TuneMode } from './tune/tuning.ts';

export interface InitOptions {
  /** `webgpu` (the default), or `reference`: float64 on the CPU, which needs no GPU. */
  readonly backend?: 'webgpu' | 'reference';
  /** Part of the adapter's name, such as `nvidia` or `swiftshader`; in Node also the variable LANGEVIN_ADAPTER. */
  readonly adapter?: string;
  /**
   * Whether kernels that were measured on this adapter are taken instead of those that a rule chooses; default `off`, in Node
   * also the variable LANGEVIN_TUNE. See docs/tuning.md. Say it before anything is computed: programs keep their kernels.
   */
  readonly tune?: TuneMode;
  /**
   * What the factors of matrix products and convolutions are held in while they are multiplied: `f32`, the default, or `f16`, which
   * halves the traffic of workgroup memory and loses digits (docs/kernels.md has the bound). Sums are f32, and so is all that is stored. Say
   * it before anything is computed: programs keep their kernels.
   */
  readonly products?: 'f32' | 'f16';
}

let device:
  | {
      readonly adapter: string | undefined;
      readonly backend: Promise<DeviceBackend>;
      /** The same device, with products of f16. */
      halves?: DeviceBackend;
    }
  | undefined;

/**
 * Chooses where tensors are computed. The device is made once: further calls return to it, unless it was lost or
 * another adapter is asked for.
 *
 * @throws NO_ADAPTER if no WebGPU adapter can be had, naming what was tried and the next step
 * @throws TUNE_MODE if `tune`, or LANGEVIN_TUNE, is none of the modes
 * @throws NO_F16 if `products` is `f16` and the adapter has no shader-f16; PRODUCTS if it is neither
 */
export async function init({
  backend = 'webgpu',
  adapter,
  tune,
  products = 'f32',
}: InitOptions = {}): Promise<void> {
  if (products !== 'f32' && products !== 'f16')
    fail('PRODUCTS', `init: products of '${String(products)}' do not exist: use 'f32' or 'f16'.`);
  if (backend === 'reference') return setBackend(referenceBackend());
  if (backend !== 'webgpu')
    fail('BACKEND', `init: '${String(backend)}' is not a backend: use 'webgpu' or 'reference'.`);
  const known = await device?.backend.catch(() => undefined);
  if (!device || !known || known.device.isLost || device.adapter !== adapter)
    device = {
      adapter,
      backend: Device.request(adapter).then((made) => deviceBackend(made, tunedTraits(made))),
    };
  const ready = await device.backend;
  await setTuneMode(ready.device, tune);
  if (products === 'f32') {
    if (device.halves) await submitted(device.halves);
    return setBackend(ready);
  }
  if (!ready.device.gpu.features.has('shader-f16'))
    fail(
      'NO_F16',
      `init: the adapter ${ready.device.description.description || ready.device.traits.name} has no shader-f16, which products of f16 need: leave 'products' out, or name another adapter.`,
    );
  device.halves ??= deviceBackend(ready.device, { ...tunedTraits(ready.device), products });
  await submitted(ready);
  setBackend(device.halves);
}

/** Two backends of one device keep orders of their own: what was asked of one reaches the queue before the other begins. */
async function submitted({ engine }: DeviceBackend): Promise<void> {
  await new Promise<void>((resolve) => engine.stream.push({ run: resolve }));
}

/** Computes tensors together, without reading them: what they share is computed once. */
export async function realize(...tensors: readonly Tensor[]): Promise<void> {
  await currentBackend().realize(tensors);
}

/** The device in use, for those who need the adapter, its limits or the WebGPU objects; undefined on the reference backend. */
export function currentDevice(): Device | undefined {
  const backend = currentBackend();
  return backend.name === 'webgpu' ? (backend as DeviceBackend).device : undefined;
}

/** What the device holds and has done. All zero on the reference backend. */
export function counters(): Readonly<Counters> | undefined {
  const current = currentDevice();
  return current && { ...current.counters };
}

/**
 * Runs `f` and frees every tensor that was made meanwhile and is not in what it returns (a tree). If `f` throws, all
 * of them are freed. `f` is synchronous: realise and read outside, or scope each part.
 */
export function scope<R extends Tree | void>(f: () => R): R {
  return inScope(f, (result) => {
    if (result instanceof Promise)
      fail(
        'SCOPE_ASYNC',
        'scope: the function returned a promise; scopes are synchronous: await inside smaller parts.',
      );
    return result === undefined ? [] : leaves(result);
  });
}
