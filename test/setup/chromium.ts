/**
 * The browser of the `browser` project: the Chromium of @sparticuz/chromium with SwiftShader beside it, so that every
 * machine tests the same build and none has to install one. LANGEVIN_CHROMIUM names another executable.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findArchive, unpack } from '../../engine/gpu/node/unpack.ts';

export interface Browser {
  readonly executablePath: string;
  readonly env: Record<string, string>;
}

/** The browser to launch, or the sentence that says why there is none. One asked for by LANGEVIN_CHROMIUM must exist. */
export function findBrowser(): Browser | string {
  const env = Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => !!pair[1]),
  );
  const chosen = process.env['LANGEVIN_CHROMIUM'];
  if (chosen) {
    return existsSync(chosen)
      ? { executablePath: chosen, env }
      : `LANGEVIN_CHROMIUM is ${chosen}, which is no file.`;
  }
  const archive = findArchive();
  if (!archive) {
    return '@sparticuz/chromium is not installed or not for this machine; LANGEVIN_CHROMIUM can name a Chromium.';
  }
  const folder = unpack(archive, 'chromium', ['chromium.br', 'swiftshader.tar.br']);
  // NSS and what else the executable links beyond the C library; a bare machine lacks them.
  const libraries = join(unpack(archive, 'al2023', ['al2023.tar.br']), 'lib');
  const path = [libraries, env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return { executablePath: join(folder, 'chromium'), env: { ...env, LD_LIBRARY_PATH: path } };
}

/** SwiftShader is refused without the first flag; with the second a machine's GPU cannot change the results. */
export const BROWSER_FLAGS: readonly string[] = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
