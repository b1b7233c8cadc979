/** The versions that decide a run's numbers, for its manifest. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Manifest } from '../types.ts';

/** Of langevin, Node, and the package `webgpu` (Dawn). */
export function versions(): Manifest['versions'] {
  return {
    langevin: packageVersion(ownManifest()),
    node: process.versions.node,
    webgpu: packageVersion(webgpuManifest()),
  };
}

/** package.json of langevin: the sources lie one level nearer to it than the compiled files. */
function ownManifest(): string | undefined {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

function webgpuManifest(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('webgpu/package.json');
  } catch {
    return undefined;
  }
}

function packageVersion(path: string | undefined): string {
  if (path === undefined) return 'not installed';
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: string }).version ?? 'unknown';
}
