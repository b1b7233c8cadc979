/** What langevin is, as far as measured times depend on it: its version, and a fingerprint of its shaders. */
import { shaderTable } from '../generated/shaders.ts';

/** The version in package.json, which the engine cannot read where it runs. */
export const VERSION = '0.1.0';

/** 64 bits of `text` as hexadecimal digits: FNV-1a, twice with different beginnings. Not for secrets. */
export function fingerprint(text: string): string {
  return [0x811c9dc5, 0x01234567].map((start) => hash32(text, start).toString(16).padStart(8, '0')).join('');
}

/** Of all shaders, which changes when one of them does. */
export function shadersFingerprint(): string {
  const sources = Object.entries(shaderTable).map(([name, { source }]) => `${name}\n${source}`);
  return fingerprint(sources.join('\n'));
}

function hash32(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
