/** The table of primitives as such: names, kernels, accuracies. What the records compute is held in test/conformance. */
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Primitive } from '../../engine/graph/primitive.ts';
import { identityPrimitive } from '../../engine/ops/compare.ts';
import { primitives } from '../../engine/ops/table.ts';
import { table } from '../conformance/table/index.ts';

const folder = resolve(import.meta.dirname, '../../engine/ops');
const mathematics = readFileSync(resolve(folder, '../../shaders/math.wgsl'), 'utf8');

test('names are unique, and those of functions', () => {
  const names = primitives.map((primitive) => primitive.name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z0-9]*$/);
});

test('every record that engine/ops exports is in the table', async () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(
    files.map(
      async (file) =>
        (await import(`../../engine/ops/${file.replace('.ts', '')}.ts`)) as Record<string, unknown>,
    ),
  );
  const records = modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) =>
      name.endsWith('Primitive') ? [value as Primitive] : [],
    ),
  );
  expect(new Set(records)).toEqual(new Set(primitives));
  expect(primitives).toContain(identityPrimitive);
});

describe.each(primitives.map((primitive) => [primitive.name, primitive] as const))(
  '%s',
  (name, primitive) => {
    const samples = table.find((entry) => entry.primitive === name)?.samples ?? [];

    test('has a kernel of a known kind, and calls only functions of shaders/math.wgsl', () => {
      const { kernel } = primitive;
      expect(['scalar', 'index', 'launch']).toContain(kernel.kind);
      for (const used of kernel.kind === 'launch' ? [] : (kernel.uses ?? []))
        expect(mathematics).toContain(`fn ${used}(`);
    });

    test('has an accuracy that is a bound', () => {
      const { accuracy } = primitive;
      for (const { inputs, attributes } of samples) {
        const first = inputs.map((x) => x.data[0] as number);
        const bound =
          accuracy.kind === 'sum'
            ? accuracy.terms(inputs, attributes)
            : accuracy.kind === 'ulp'
              ? typeof accuracy.ulp === 'number'
                ? accuracy.ulp
                : accuracy.ulp(...first)
              : 1;
        expect(bound).toBeGreaterThan(0);
      }
    });

    test('has attributes that are plain JSON, part of a program’s key', () => {
      for (const { attributes } of samples)
        expect(JSON.parse(JSON.stringify(attributes))).toEqual(attributes);
    });
  },
);
