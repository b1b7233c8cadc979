/**
 * WebGPU for a library that expects a browser. The parent names the driver in the environment (VK_ICD_FILENAMES,
 * LD_LIBRARY_PATH) and the adapter in BENCH_ADAPTER; apart from that Dawn is as a user of the library finds it.
 */
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const adapter = process.env.BENCH_ADAPTER;
const gpu = create(adapter ? [`adapter=${adapter}`] : []);
Object.defineProperty(globalThis, 'navigator', {
  value: { gpu, userAgent: 'node' },
  configurable: true,
  writable: true,
});

/** The adapter by name, for the record. */
export async function adapterName() {
  const { vendor, device, description } = (await gpu.requestAdapter()).info;
  return [vendor, device, description].filter(Boolean).join(', ');
}
