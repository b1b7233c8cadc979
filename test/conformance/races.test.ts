/**
 * Barriers. Every shader with a barrier runs in wgsl_reflect's race detector, invocation by invocation in lockstep: as
 * written it has no race, and with any one barrier deleted it has, so that each barrier is needed and the detector sees
 * what it must. What the detector cannot run is an error, never a silent pass.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { detectRaces } from 'wgsl_reflect/wgsl_reflect.module.js';

const BARRIER = 'workgroupBarrier();';
const folder = resolve(import.meta.dirname, '../../shaders');
const shaders = readdirSync(folder)
  .filter((file) => file.endsWith('.wgsl'))
  .map((file) => [file, readFileSync(resolve(folder, file), 'utf8')] as const)
  .filter(([, source]) => source.includes(BARRIER));

/** Sizes at which the workgroup's threads all have work, and loops with barriers run twice. Others are 1. */
const SIZES: Readonly<Record<string, number>> = {
  OUTPUTS: 1,
  ROWS: 32,
  COLUMNS: 32,
  LENGTH: 300,
  M: 64,
  N: 64,
  K: 32,
  TILE: 64,
  C: 32,
  O: 64,
};
/** Floats of every buffer: enough for those sizes. */
const ELEMENTS = 8192;

afterEach(() => vi.restoreAllMocks());

/** What wgsl_reflect 1.6.0 cannot follow, put otherwise: accesses to shared memory stay the same. */
function forDetector(source: string): string {
  return (
    source
      // A barrier that is the first statement of a block is overlooked.
      .replaceAll(/\{\s*workgroupBarrier\(\);/g, `{ var first_statement = 0u; ${BARRIER}`)
      // Matrices do not add; sums in a thread's own registers race with nobody.
      .replaceAll(/^ *c\d\d (\+= outer|= gained)\(.*\);$/gm, '')
      // The first column of a slab is enough: all threads read it, and each step takes seconds.
      .replaceAll('s += PITCH)', 's += SLAB * PITCH)')
      // Of the blocks that matmul_tiled reads of a slab the first, by a quarter of the threads.
      .replaceAll('q < ROOM / TILE', 'q < 1u')
      .replaceAll('@workgroup_size(16, 16, 1)', '@workgroup_size(16, 4, 1)')
      // And every fourth of the elements that a thread brings.
      .replaceAll('part += 64u)', 'part += 256u)')
  );
}

/** The races between the invocations of one workgroup, on the shader's own default blocks. */
function races(source: string): string[] {
  const complaints: unknown[] = [];
  vi.spyOn(console, 'error').mockImplementation((...message: unknown[]) => complaints.push(message));
  const entry = /@compute[^{]*?fn (\w+)/.exec(source)?.[1] as string;
  const bindings = [...source.matchAll(/@binding\((\d+)\) var<storage/g)].map((match) => match[1] as string);
  const buffers = Object.fromEntries(bindings.map((binding) => [binding, new Float32Array(ELEMENTS)]));
  const overrides = [...source.matchAll(/^override (\w+): u32/gm)].map((match) => match[1] as string);
  const constants = Object.fromEntries(overrides.map((name) => [name, SIZES[name] ?? 1]));
  const found = detectRaces(forDetector(source), entry, [1, 1, 1], { 0: buffers }, { constants });
  expect([complaints, found.errors]).toEqual([[], []]);
  return found.races.map((race) => race.message);
}

test('there are shaders with barriers', () => {
  expect(shaders.length).toBeGreaterThan(0);
});

describe.each(shaders)('%s', (_file, source) => {
  test('has no race as written', () => {
    expect(races(source)).toEqual([]);
  });

  const parts = source.split(BARRIER);
  test.each([...parts.keys()].slice(1))('has a race without its barrier %i', (k) => {
    const mutant = parts.slice(0, k).join(BARRIER) + parts.slice(k).join(BARRIER);
    expect(races(mutant)).not.toEqual([]);
  });
});
