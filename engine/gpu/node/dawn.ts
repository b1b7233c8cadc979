/**
 * Dawn, loaded when first asked for, and its instances: one for each way of asking, since an instance settles its
 * drivers when it first lists its adapters.
 */
type Create = (flags: string[]) => GPU;

/** Timestamps are otherwise rounded to 65536 ns. */
const FLAGS = ['disable-dawn-features=timestamp_quantization'];

/** Dawn lists its adapters only in the error for a name that none of them contains. */
const NO_SUCH_NAME = '<list>';

/** Names under which people know adapters that call themselves otherwise. */
const ALIASES: Readonly<Record<string, string>> = { lavapipe: 'llvmpipe' };

/**
 * Every instance stays referenced for the life of the process, together with those of any other copy of this module:
 * when one is collected while a device or a promise of it lives, the binding calls into freed memory.
 */
const KEPT = Symbol.for('langevin.dawn');
const kept = ((globalThis as { [KEPT]?: Map<string, GPU> })[KEPT] ??= new Map<string, GPU>());

export interface Found {
  readonly adapter: GPUAdapter;
  readonly name: string;
}

/**
 * Loads 20 MB of native code, which the reference backend never needs. The GPU* constants and classes (GPUBufferUsage,
 * GPUMapMode, ...) become globals with it, as in a browser.
 */
export async function loadDawn(): Promise<Create> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  return create;
}

/** Dawn's own first choice (a discrete GPU, then an integrated one, then a CPU), or the reason why there is none. */
export async function firstAdapter(
  create: Create,
  place: string,
  options: GPURequestAdapterOptions,
): Promise<Found | string> {
  const adapter = await instance(create, place).requestAdapter(options);
  if (!adapter) return 'no adapter (if a driver is too old for Dawn, stderr says so)';
  const { vendor, device, description } = adapter.info;
  return { adapter, name: [vendor, device, description].filter(Boolean).join(', ') };
}

/** The first adapter whose name contains `name`, or the names there are. */
export async function namedAdapter(
  create: Create,
  place: string,
  options: GPURequestAdapterOptions,
  name: string,
): Promise<Found | string> {
  const wanted = (ALIASES[name.toLowerCase()] ?? name).toLowerCase();
  const names = await adapterNames(create, place);
  const match = names.find((candidate) => candidate.toLowerCase().includes(wanted));
  if (match !== undefined) {
    const adapter = await instance(create, place, match).requestAdapter(options);
    if (adapter) return { adapter, name: match };
  }
  return names.length > 0 ? `has ${names.join(', ')}` : 'no adapter';
}

async function adapterNames(create: Create, place: string): Promise<string[]> {
  try {
    await instance(create, place, NO_SUCH_NAME).requestAdapter();
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [...message.matchAll(/name: '([^']*)'/g)].map(([, name = '']) => name);
  }
}

function instance(create: Create, place: string, adapterName = ''): GPU {
  const key = `${place}\n${adapterName}`;
  let gpu = kept.get(key);
  if (!gpu) {
    gpu = create(adapterName ? [...FLAGS, `adapter=${adapterName}`] : FLAGS);
    kept.set(key, gpu);
  }
  return gpu;
}
