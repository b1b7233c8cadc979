/** Where the benchmark's files and packages are, and their versions. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository: this file runs as dist/bench/versions.js. */
export const ROOT: string = join(import.meta.dirname, '../..');

export const PEERS: string = join(ROOT, 'bench/peers');

/** The version in the package.json of a folder under the repository, or undefined where there is none. */
export function versionOf(folder: string): string | undefined {
  const file = join(ROOT, folder, 'package.json');
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version;
}
