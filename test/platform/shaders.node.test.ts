import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generate, staleShaders } from '../../tools/generate-shaders.ts';
import { readShader } from '../../tools/shader-metadata.ts';

const root = resolve(import.meta.dirname, '../..');

const SCALE = `override SIZE: u32;
override FACTOR: f32 = 2.0;

//@begin element
@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
fn element(i: u32) -> vec4<f32> { return source[i]; }
//@end element

@group(0) @binding(1) var<storage, read_write> result: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn scale(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < SIZE) { result[id.x] = FACTOR * element(id.x); }
}
`;

test('the generated module is what the shaders give: no kernel runs from a stale copy', () => {
  const written = readFileSync(resolve(root, 'engine/generated/shaders.ts'), 'utf8');
  expect(staleShaders(written, generate(resolve(root, 'shaders')))).toEqual([]);
});

test('the check names the shaders that are stale', () => {
  const fresh = generate(resolve(root, 'shaders'));
  const [first = ''] = readdirSync(resolve(root, 'shaders'))
    .filter((file) => file.endsWith('.wgsl'))
    .sort();
  const name = first.replace('.wgsl', '');
  expect(staleShaders(fresh.replace(`"${name}": {\n`, `"${name}": {\n    extra: 1,\n`), fresh)).toEqual([
    `shaders/${first}`,
  ]);
  expect(staleShaders(fresh.replace('Do not edit', 'Edit'), fresh)).toEqual(['the module itself']);
});

test('metadata holds bindings with their block, overrides with their default, entries and blocks', () => {
  expect(readShader('shaders/scale.wgsl', SCALE)).toEqual({
    entries: [{ name: 'scale', workgroupSize: [64, 1, 1] }],
    bindings: [
      { name: 'source', binding: 0, type: 'read', element: 'vec4f', block: 'element' },
      { name: 'result', binding: 1, type: 'write', element: 'vec4f', block: null },
    ],
    overrides: [
      { name: 'SIZE', type: 'u32', default: null },
      { name: 'FACTOR', type: 'f32', default: '2.0' },
    ],
    blocks: ['element'],
  });
});

describe('a broken convention names the line', () => {
  test.each([
    ['a workgroup size of one component', SCALE.replace('64, 1, 1', '64'), 'three literal components'],
    ['a syntax error', SCALE.replace('if (id.x', 'if id.x <'), 'shaders/x.wgsl:13'],
    [
      'a block without an end',
      SCALE.replace('//@end element', ''),
      'shaders/x.wgsl:4: block element has no //@end',
    ],
    [
      'an end of another block',
      SCALE.replace('//@end element', '//@end other'),
      'shaders/x.wgsl:7: //@end other closes',
    ],
    ['a misspelt marker', SCALE.replace('//@begin', '//@beginning'), 'shaders/x.wgsl:4: unknown marker'],
    [
      'another bind group',
      SCALE.replace('@group(0) @binding(1)', '@group(1) @binding(1)'),
      'shaders/x.wgsl:9: binding result',
    ],
    [
      'bindings without an entry point',
      '@group(0) @binding(0) var<storage, read> x: array<f32>;',
      'no @compute entry point',
    ],
  ])('%s', (_what, source, message) => {
    expect(() => readShader('shaders/x.wgsl', source)).toThrow(message);
  });
});
