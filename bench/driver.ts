/** The environment in which plain Dawn, as a peer creates it, finds the adapter that langevin took. */
import { delimiter, join } from 'node:path';
import type { AdapterDescription } from '../engine/gpu/device.ts';
import { findArchive, unpack } from '../engine/gpu/node/unpack.ts';
import { loadVulkan } from '../engine/gpu/node/vulkan.ts';

/**
 * Whether the system has a Vulkan loader. Asked before `init`, which may load the one that @sparticuz/chromium carries
 * and then finds that by the same name.
 */
export function hasSystemLoader(): boolean {
  return process.platform !== 'linux' || loadVulkan('libvulkan.so.1');
}

/**
 * @param source where langevin's adapter came from, as its description says: `system driver: name of the adapter`. If it
 * was asked for by name, that is Dawn's own name for it; else it was Dawn's first choice, which a peer will get as well.
 */
export function driverEnvironment(
  { source }: Pick<AdapterDescription, 'source'>,
  systemLoader: boolean,
): NodeJS.ProcessEnv {
  const [place, name] = source.split(/: (.*)/, 2);
  const environment: NodeJS.ProcessEnv = { BENCH_ADAPTER: process.env['LANGEVIN_ADAPTER'] ? name : '' };
  const archive = findArchive();
  if (!archive) return environment;
  const folder = unpack(archive, 'swiftshader', ['swiftshader.tar.br']);
  if (place === 'bundled SwiftShader') {
    const manifest = join(folder, 'vk_swiftshader_icd.json');
    environment['VK_ICD_FILENAMES'] = manifest;
    environment['VK_DRIVER_FILES'] = manifest;
  }
  // The loader's path is read when a process starts, so a child needs it from us.
  if (!systemLoader)
    environment['LD_LIBRARY_PATH'] = [process.env['LD_LIBRARY_PATH'], folder].filter(Boolean).join(delimiter);
  return environment;
}
