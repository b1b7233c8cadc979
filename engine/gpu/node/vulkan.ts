/**
 * The Vulkan that Dawn finds. Dawn loads `libvulkan.so.1` by name and the loader reads its environment whenever an
 * instance is created; both can therefore be arranged inside a running process, on its main thread.
 */
import { existsSync, readdirSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';

/** glibc's RTLD_NODELETE, which Node does not name: the library stays although Node finds no addon in it. */
const RTLD_NODELETE = 0x1000;

/** Whether a Vulkan loader is now in the process: the system's if `library` is its bare name, else that very file. */
export function loadVulkan(library: string): boolean {
  const flags = constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE;
  try {
    process.dlopen({ exports: {} }, library, flags);
  } catch (error) {
    // A library that is no Node addon loads and is then refused; only a library that is not there says otherwise.
    return error instanceof Error && error.message.includes('did not self-register');
  }
  return true;
}

/** The driver manifests that the loader would read, from the places its documentation lists. */
export function installedDrivers(environment: NodeJS.ProcessEnv): string[] {
  const list = (value: string | undefined): string[] => value?.split(':').filter(Boolean) ?? [];
  const chosen = [...list(environment['VK_DRIVER_FILES']), ...list(environment['VK_ICD_FILENAMES'])];
  if (chosen.length > 0) return chosen.filter((file) => existsSync(file));
  const home = homedir();
  const roots = [
    environment['XDG_CONFIG_HOME'] ?? join(home, '.config'),
    ...list(environment['XDG_CONFIG_DIRS'] ?? '/etc/xdg'),
    '/etc',
    '/usr/local/etc',
    environment['XDG_DATA_HOME'] ?? join(home, '.local/share'),
    ...list(environment['XDG_DATA_DIRS'] ?? '/usr/local/share:/usr/share'),
  ];
  const folders = [
    ...roots.map((root) => join(root, 'vulkan/icd.d')),
    ...list(environment['VK_ADD_DRIVER_FILES']),
  ];
  return folders.filter((folder) => existsSync(folder)).flatMap((folder) => manifestsIn(folder));
}

function manifestsIn(folder: string): string[] {
  if (folder.endsWith('.json')) return [folder];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => join(folder, file));
}

/**
 * Runs `work` with the loader pointed at one driver. The variables are restored afterwards, so that child processes
 * choose for themselves; an instance keeps the driver it was created with. Calls take turns, for the environment is one.
 */
export function withDriver<T>(manifest: string, work: () => Promise<T>): Promise<T> {
  const result = turn.then(() => pointed(manifest, work));
  turn = result.catch(() => undefined);
  return result;
}

let turn: Promise<unknown> = Promise.resolve();

async function pointed<T>(manifest: string, work: () => Promise<T>): Promise<T> {
  // Loaders from 1.3.207 on read VK_DRIVER_FILES, and only that one if both are set; older ones read the other.
  const names = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'];
  const before = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = manifest;
  try {
    return await work();
  } finally {
    names.forEach((name, i) => {
      const value = before[i];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    });
  }
}
