/**
 * What the host must know about one hand-written shader, read off its text: bindings, override constants, entry points
 * and the marked blocks that fused code may replace. Breaking a convention of the house (three literal workgroup
 * sizes, balanced markers, group 0) is an error that names the line, as a driver's own message would.
 */
import { ResourceType, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';

export interface Binding {
  readonly name: string;
  readonly binding: number;
  readonly type: 'read' | 'write' | 'uniform';
  /** Element type of an array, the type itself otherwise: `f32`, `vec4<f32>`, `Params`. */
  readonly element: string;
  /** The block that declares it, or null for a binding that stays when every block is replaced. */
  readonly block: string | null;
}

export interface Override {
  readonly name: string;
  readonly type: string;
  /** The default as written, or null for an override that the host must set. */
  readonly default: string | null;
}

export interface Entry {
  readonly name: string;
  readonly workgroupSize: readonly [number, number, number];
}

export interface ShaderMetadata {
  readonly entries: readonly Entry[];
  readonly bindings: readonly Binding[];
  readonly overrides: readonly Override[];
  readonly blocks: readonly string[];
}

interface Block {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

/** Reads one shader. `file` is only for messages. Throws an Error of the form `shaders/NAME.wgsl:LINE: what`. */
export function readShader(file: string, source: string): ShaderMetadata {
  const lines = source.split('\n');
  const refuse = (line: number, what: string): never => {
    throw new Error(`${file}:${line}: ${what}`);
  };
  const lineOf = (pattern: RegExp): number => {
    const index = lines.findIndex((line) => pattern.test(line));
    return index + 1;
  };

  const blocks = readBlocks(lines, refuse);
  const reflection = reflect(source, refuse);

  const bindings = reflection
    .getBindGroups()
    .flat()
    .filter((variable) => variable !== undefined)
    .map((variable): Binding => {
      const line = lineOf(new RegExp(`\\bvar\\s*<[^>]*>\\s*${variable.name}\\b`));
      if (variable.group !== 0) refuse(line, `binding ${variable.name} is in group ${variable.group}, not 0`);
      const uniform = variable.resourceType === ResourceType.Uniform;
      return {
        name: variable.name,
        binding: variable.binding,
        type: uniform ? 'uniform' : variable.access === 'read_write' ? 'write' : 'read',
        element: (variable.format ?? variable.type).getTypeName(),
        block: blocks.find((block) => block.first < line && line < block.last)?.name ?? null,
      };
    })
    .sort((a, b) => a.binding - b.binding);

  const overrides = [...source.matchAll(/^override\s+(\w+)\s*:\s*(\w+)\s*(?:=\s*([^;]+?)\s*)?;/gm)].map(
    ([, name = '', type = '', value]): Override => ({ name, type, default: value ?? null }),
  );
  for (const { name } of reflection.overrides) {
    if (!overrides.some((override) => override.name === name)) {
      refuse(
        lineOf(new RegExp(`override\\s+${name}\\b`)),
        `override ${name} needs its type on the same line`,
      );
    }
  }

  const entries = reflection.entry.compute.map(({ name, startLine }): Entry => {
    const attribute = sizeOf(source, name);
    const sizes = attribute?.split(',').map((size) => Number(size.trim())) ?? [];
    const [x, y, z] = sizes;
    if (
      sizes.length !== 3 ||
      x === undefined ||
      y === undefined ||
      z === undefined ||
      !sizes.every(Number.isInteger)
    ) {
      return refuse(
        startLine,
        `entry ${name}: @workgroup_size takes three literal components, not (${attribute})`,
      );
    }
    return { name, workgroupSize: [x, y, z] };
  });
  // A file that binds nothing is a library of functions (math.wgsl).
  if (entries.length === 0 && bindings.length > 0) refuse(1, 'bindings, but no @compute entry point');

  return { entries, bindings, overrides, blocks: blocks.map((block) => block.name) };
}

type Refuse = (line: number, what: string) => never;

/** The marked blocks in order. A block opens and closes with its own name and holds no other. */
function readBlocks(lines: readonly string[], refuse: Refuse): Block[] {
  const blocks: Block[] = [];
  let open: { name: string; line: number } | undefined;
  lines.forEach((text, index) => {
    const line = index + 1;
    const [, kind, name] = /^\s*\/\/@(\w+)\s*(\w*)\s*$/.exec(text) ?? [];
    if (kind === undefined) return;
    if (!name) refuse(line, `marker //@${kind} needs a name`);
    else if (kind === 'begin') {
      if (open) refuse(line, `block ${name} begins inside block ${open.name}`);
      if (blocks.some((block) => block.name === name)) refuse(line, `block ${name} is defined twice`);
      open = { name, line };
    } else if (kind === 'end') {
      if (open?.name !== name)
        refuse(line, `//@end ${name} closes ${open ? `block ${open.name}` : 'no block'}`);
      else blocks.push({ name, first: open.line, last: line });
      open = undefined;
    } else refuse(line, `unknown marker //@${kind}: //@begin and //@end exist`);
  });
  if (open) refuse(open.line, `block ${open.name} has no //@end`);
  return blocks;
}

function reflect(source: string, refuse: Refuse): WgslReflect {
  try {
    return new WgslReflect(source);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, what = message, line = '1'] = /^(.*?)\.*\s*Line:\s*(\d+)/s.exec(message) ?? [];
    return refuse(Number(line), what);
  }
}

/** The argument of the @workgroup_size that stands before `fn name`, as written: reflection would guess a missing one. */
function sizeOf(source: string, name: string): string | undefined {
  const before = source.slice(0, source.search(new RegExp(`\\bfn\\s+${name}\\b`)));
  return [...before.matchAll(/@workgroup_size\s*\(([^)]*)\)/g)].at(-1)?.[1];
}
