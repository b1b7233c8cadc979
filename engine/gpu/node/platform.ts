/**
 * WebGPU in Node, through Dawn (package `webgpu`), on whatever this machine has: a GPU, a software driver of the system
 * (lavapipe, if recent enough for Dawn), or the software driver SwiftShader that @sparticuz/chromium carries. The last
 * needs nothing of the system, so a bare machine with Node still computes.
 *
 * LANGEVIN_ADAPTER picks an adapter by part of its name (`nvidia`, `llvmpipe`, `swiftshader`).
 */
import { isMainThread } from 'node:worker_threads';
import { create, globals } from 'webgpu';
import { fail } from '../../graph/errors.ts';
import { findArchive, unpack } from './unpack.ts';
import { installedDrivers, loadVulkan, withDriver } from './vulkan.ts';

/** How to choose among adapters. Without a name the fastest kind present is taken. */
export interface AdapterRequest extends GPURequestAdapterOptions {
  /** Part of the adapter's name, case ignored; LANGEVIN_ADAPTER where absent. */
  readonly name?: string;
}

export interface AdapterChoice {
  readonly adapter: GPUAdapter;
  /** Where it came from, for people: `system driver: NVIDIA H200`, `bundled SwiftShader: google, …`. */
  readonly source: string;
  /** What was tried before, one line each. */
  readonly tried: readonly string[];
}

/** Timestamps are otherwise rounded to 65536 ns. */
const FLAGS = ['disable-dawn-features=timestamp_quantization'];

/** Dawn lists its adapters only in the error for a name that none of them contains. */
const NO_SUCH_NAME = '<list>';

/** Names under which people know adapters that call themselves otherwise. */
const ALIASES: Readonly<Record<string, string>> = { lavapipe: 'llvmpipe' };

/**
 * Every instance of Dawn stays referenced for the life of the process, beside any other copy of this module: when one
 * is collected while a device or a promise of it lives, the binding calls into freed memory.
 */
const KEPT = Symbol.for('langevin.dawn');
const kept: Map<string, GPU> = ((globalThis as { [KEPT]?: Map<string, GPU> })[KEPT] ??= new Map<
  string,
  GPU
>());

/** The GPU* constants and classes (GPUBufferUsage, GPUMapMode, ...) become globals, as in a browser. */
Object.assign(globalThis, globals);

/** A place adapters may come from. `reach` runs its argument with the place made visible to Dawn. */
interface Place {
  readonly name: string;
  readonly reach: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * The adapter for `request`. Rejects with code NO_ADAPTER, listing what was tried, if there is none.
 *
 * An adapter gives one device; call again for another.
 */
export async function requestAdapter(request: AdapterRequest = {}): Promise<AdapterChoice> {
  const { name = process.env['LANGEVIN_ADAPTER'] || undefined, ...options } = request;
  const tried: string[] = [];
  for (const place of places(tried)) {
    const found = await place.reach(() =>
      name ? byName(place.name, name, options) : byDefault(place.name, options),
    );
    if (typeof found !== 'string')
      return { adapter: found.adapter, source: `${place.name}: ${found.name}`, tried };
    tried.push(`${place.name}: ${found}`);
  }
  return fail(
    'NO_ADAPTER',
    `No WebGPU adapter${name ? ` whose name contains '${name}'` : ''} was found (${tried.join('; ')}). ${nextStep(name)}`,
  );
}

function nextStep(name: string | undefined): string {
  if (name)
    return 'Unset LANGEVIN_ADAPTER to take the best adapter present, or set it to part of a name listed here.';
  return (
    'Install a Vulkan driver (Debian: mesa-vulkan-drivers 25 from backports), or run ' +
    '`npm install @sparticuz/chromium@147.0.0` for a software driver on Linux x64, ' +
    "or compute on the CPU with `init({ backend: 'reference' })`."
  );
}

/** The places in order of preference. Generated one at a time: the second costs an unpacking, once per machine. */
function* places(tried: string[]): Generator<Place> {
  if (process.platform !== 'linux') {
    yield { name: 'system driver', reach: (work) => work() };
    return;
  }
  const archive = findArchive();
  const bundle = (): string | undefined => archive && unpack(archive, 'swiftshader', ['swiftshader.tar.br']);
  const hasLoader = loadVulkan('libvulkan.so.1') || loadVulkan(`${bundle()}/libvulkan.so.1`);
  if (!hasLoader) {
    tried.push('system driver: libvulkan.so.1 is not installed');
    return;
  }
  const drivers = installedDrivers(process.env);
  if (drivers.length > 0) yield { name: 'system driver', reach: (work) => work() };
  else tried.push('system driver: no Vulkan driver is registered');

  if (!archive)
    tried.push('bundled SwiftShader: @sparticuz/chromium is not installed, or this is not Linux x64');
  else {
    const manifest = `${bundle()}/vk_swiftshader_icd.json`;
    if (isMainThread) yield { name: 'bundled SwiftShader', reach: (work) => withDriver(manifest, work) };
    else
      tried.push(
        `bundled SwiftShader: a worker thread cannot select it; start Node with VK_ICD_FILENAMES=${manifest}`,
      );
  }
}

interface Found {
  readonly adapter: GPUAdapter;
  readonly name: string;
}

/** Dawn's own first choice (a discrete GPU, then an integrated one, then a CPU), or the reason why there is none. */
async function byDefault(place: string, options: GPURequestAdapterOptions): Promise<Found | string> {
  const adapter = await instance(place).requestAdapter(options);
  return adapter
    ? { adapter, name: describe(adapter) }
    : 'no adapter (a driver too old for Dawn says so on stderr)';
}

async function byName(
  place: string,
  name: string,
  options: GPURequestAdapterOptions,
): Promise<Found | string> {
  const wanted = (ALIASES[name.toLowerCase()] ?? name).toLowerCase();
  const names = await adapterNames(place);
  const match = names.find((candidate) => candidate.toLowerCase().includes(wanted));
  const adapter = match === undefined ? null : await instance(place, match).requestAdapter(options);
  if (adapter && match !== undefined) return { adapter, name: match };
  return names.length > 0 ? `has ${names.join(', ')}` : 'no adapter';
}

async function adapterNames(place: string): Promise<string[]> {
  try {
    await instance(place, NO_SUCH_NAME).requestAdapter();
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [...message.matchAll(/name: '([^']*)'/g)].map(([, name = '']) => name);
  }
}

function instance(place: string, adapterName?: string): GPU {
  const key = `${place}\n${adapterName ?? ''}`;
  let gpu = kept.get(key);
  if (!gpu) {
    gpu = create(adapterName === undefined ? FLAGS : [...FLAGS, `adapter=${adapterName}`]);
    kept.set(key, gpu);
  }
  return gpu;
}

function describe({ info }: GPUAdapter): string {
  return [info.vendor, info.device, info.description].filter(Boolean).join(', ');
}
