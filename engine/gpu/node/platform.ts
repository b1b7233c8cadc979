/**
 * WebGPU in Node, through Dawn (package `webgpu`), on whatever this machine has: a GPU, a software driver of the system
 * (lavapipe, if recent enough for Dawn), or the software driver SwiftShader that @sparticuz/chromium carries. The last
 * needs nothing of the system, so a bare machine with Node still computes.
 *
 * LANGEVIN_ADAPTER picks an adapter by part of its name (`nvidia`, `llvmpipe`, `swiftshader`).
 */
import { isMainThread } from 'node:worker_threads';
import { fail } from '../../graph/errors.ts';
import { firstAdapter, loadDawn, namedAdapter } from './dawn.ts';
import { spacePolls } from './polling.ts';
import { findArchive, unpack } from './unpack.ts';
import { installedDrivers, loadVulkan, withDriver } from './vulkan.ts';

export { tuneDefault, tuningStore, type TuningStore } from './tuning-store.ts';

/** How to choose among adapters. Without a name the fastest kind present is taken. */
export interface AdapterRequest extends GPURequestAdapterOptions {
  /** Part of the adapter's name, case ignored; LANGEVIN_ADAPTER where absent. */
  readonly name?: string;
}

export interface AdapterChoice {
  readonly adapter: GPUAdapter;
  /** Where it came from, for people: `system driver: ...`, `bundled SwiftShader: ...`. */
  readonly source: string;
  /** What was tried before, one line each. */
  readonly tried: readonly string[];
}

/** A place adapters may come from. `reach` runs its argument with the place made visible to Dawn. */
interface Place {
  readonly name: string;
  readonly reach: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * The adapter for `request`, and the GPU* globals installed. Rejects with code NO_ADAPTER, listing what was tried, if
 * there is none.
 *
 * An adapter gives one device; call again for another.
 */
export async function requestAdapter(request: AdapterRequest = {}): Promise<AdapterChoice> {
  const { name = process.env['LANGEVIN_ADAPTER'] || undefined, ...options } = request;
  const create = await loadDawn().catch((cause: unknown) =>
    fail('NO_ADAPTER', `Dawn does not load on this machine (${String(cause)}). ${USE_REFERENCE}`, { cause }),
  );
  const tried: string[] = [];
  for (const place of places(tried)) {
    const found = await place.reach(() =>
      name ? namedAdapter(create, place.name, options, name) : firstAdapter(create, place.name, options),
    );
    if (typeof found !== 'string') {
      if (isSoftware(found.adapter)) spacePolls();
      return { adapter: found.adapter, source: `${place.name}: ${found.name}`, tried };
    }
    tried.push(`${place.name}: ${found}`);
  }
  const list = tried.join('; ');
  return name
    ? fail('NO_ADAPTER', `No adapter's name contains '${name}' (${list}). ${USE_ANOTHER_NAME}`)
    : fail('NO_ADAPTER', `This machine has no WebGPU adapter (${list}). ${INSTALL_DRIVER} ${USE_REFERENCE}`);
}

function isSoftware({ info }: GPUAdapter): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe/i.test(`${info.architecture} ${info.device}`);
}

const USE_ANOTHER_NAME =
  'Unset LANGEVIN_ADAPTER to take the best adapter present, or set it to part of a name listed here.';
const INSTALL_DRIVER =
  'Install a Vulkan driver (Debian 12: mesa-vulkan-drivers from bookworm-backports), or on Linux x64 run ' +
  '`npm install @sparticuz/chromium@147.0.0`, which carries one.';
const USE_REFERENCE = "To compute in float64 on the CPU instead, call `init({ backend: 'reference' })`.";

/** The places in order of preference, each prepared only when those before it had nothing. */
function* places(tried: string[]): Generator<Place> {
  const system: Place = { name: 'system driver', reach: (work) => work() };
  if (process.platform !== 'linux') {
    yield system;
    return;
  }
  const archive = findArchive();
  const bundle = (): string => (archive ? unpack(archive, 'swiftshader', ['swiftshader.tar.br']) : '');
  if (!loadVulkan('libvulkan.so.1') && !(archive && loadVulkan(`${bundle()}/libvulkan.so.1`))) {
    tried.push('system driver: libvulkan.so.1 is not installed');
  } else if (installedDrivers(process.env).length === 0) {
    tried.push('system driver: no Vulkan driver is registered');
  } else yield system;

  const bundled = 'bundled SwiftShader';
  if (!archive) {
    tried.push(`${bundled}: needs Linux x64 and @sparticuz/chromium`);
    return;
  }
  const manifest = `${bundle()}/vk_swiftshader_icd.json`;
  if (isMainThread) yield { name: bundled, reach: (work) => withDriver(manifest, work) };
  else
    tried.push(`${bundled}: a worker thread cannot select it; start Node with VK_ICD_FILENAMES=${manifest}`);
}
