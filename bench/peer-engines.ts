/** The engines that langevin is compared with, and how they are installed. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PEERS, versionOf } from './versions.ts';
import type { Targets } from './workload.ts';

export interface PeerEngine {
  readonly title: string;
  /** A file of bench/peers. */
  readonly script: string;
  readonly backend: 'webgpu' | 'wasm';
  /** Whose figures count, on WebGPU. */
  readonly target: keyof Targets | undefined;
  /** A silence of more seconds means that it hangs, or is too slow on this machine to be compared. */
  readonly patience: number;
}

export type PeerName = 'tfjs-webgpu' | 'jax-webgpu' | 'tfjs-wasm' | 'jax-wasm';

/** WebAssembly is no adapter's: it runs beside, on the main thread alone in Node, and no figure was set for it. */
export const PEER_ENGINES: Readonly<Record<PeerName, PeerEngine>> = {
  'tfjs-webgpu': {
    title: 'TensorFlow.js WebGPU',
    script: 'tfjs.mjs',
    backend: 'webgpu',
    target: 'tensorflow',
    patience: 150,
  },
  'jax-webgpu': {
    title: 'jax-js WebGPU',
    script: 'jax.mjs',
    backend: 'webgpu',
    target: 'jax',
    patience: 150,
  },
  'tfjs-wasm': {
    title: 'TensorFlow.js wasm',
    script: 'tfjs.mjs',
    backend: 'wasm',
    target: undefined,
    patience: 40,
  },
  'jax-wasm': { title: 'jax-js wasm', script: 'jax.mjs', backend: 'wasm', target: undefined, patience: 40 },
};

export const PEER_NAMES: readonly PeerName[] = Object.keys(PEER_ENGINES) as PeerName[];

/** Installs bench/peers unless it is there; otherwise says in one line why it cannot be had. */
export function installPeers(log: (line: string) => void): string | undefined {
  const { dependencies } = JSON.parse(readFileSync(join(PEERS, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const missing = Object.entries(dependencies).some(
    ([name, version]) => versionOf(`bench/peers/node_modules/${name}`) !== version,
  );
  if (!missing) return undefined;
  log('TensorFlow.js and jax-js are not installed: running `npm ci` in bench/peers (about 330 MB).');
  const { status, stderr, error } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1'],
    { cwd: PEERS, encoding: 'utf8', timeout: 10 * 60_000, shell: process.platform === 'win32' },
  );
  if (status === 0) return undefined;
  const reason = error?.message ?? stderr.split('\n').find((line) => /^npm (ERR!|error)/.test(line)) ?? '';
  return `npm ci in bench/peers failed (${reason.replace(/^npm (ERR!|error) /, '')}); once connected, run this again`;
}
