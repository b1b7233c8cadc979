/**
 * From kernels to dispatches: a hand-written shader whose marked blocks are replaced by composed functions, and
 * the buffers that these read and write.
 */
import { fail } from '../graph/errors.ts';
import type { Aval } from '../graph/ndarray.ts';
import type { AdapterTraits, Block, Launch, Operand } from '../graph/primitive.ts';
import { sameShape } from '../graph/shape.ts';
import { shaderTable, type ShaderInfo } from '../generated/shaders.ts';
import { Emitter, wgslType, type Surroundings } from './emit.ts';
import { bufferOperand, type FusedGraph, type Kernel } from './fuse.ts';
import { launchesOf, widthOf } from './launches.ts';
import { libraryText } from './library.ts';
import { elements, type Node, type OperationNode } from './node.ts';
import { describe, operationsOf } from './operations.ts';
import { rowFunction } from './row-function.ts';
import { bytesOf, type Binding, type BufferRef, type Dispatch } from './program.ts';

/** Where stored values live. */
export interface Places {
  /** The buffer of an input or a stored value. */
  of(node: Node): BufferRef;
  /** Scratch memory for a temporary of the kernel being composed. */
  temporary(kernel: Kernel, index: number): BufferRef;
  /** Bytes of the table of scalars. */
  readonly scalarBytes: number;
}

/** Workgroups along one dimension that every adapter grants. */
const MAX_GROUPS = 65535;

export function compose(
  kernel: Kernel,
  number: number,
  graph: FusedGraph,
  places: Places,
  adapter: AdapterTraits,
): Dispatch[] {
  if (elements(kernel.roots[0] as Node) === 0) return [];
  return launchesOf(kernel, graph, adapter).map((launch) =>
    new Composer(kernel, launch, graph, places).dispatch(number),
  );
}

class Composer {
  private readonly bindings: (Binding & { readonly name: string; readonly type: string })[] = [];
  private readonly library = new Set<string>();
  private faults = false;
  private readonly kernel: Kernel;
  private readonly launch: Launch;
  private readonly graph: FusedGraph;
  private readonly places: Places;

  constructor(kernel: Kernel, launch: Launch, graph: FusedGraph, places: Places) {
    this.kernel = kernel;
    this.launch = launch;
    this.graph = graph;
    this.places = places;
  }

  dispatch(number: number): Dispatch {
    const { launch, kernel } = this;
    const shader = (shaderTable as Readonly<Record<string, ShaderInfo>>)[launch.shader];
    if (!shader) return fail('SHADER', `There is no shaders/${launch.shader}.wgsl.`);
    for (const name of Object.keys(launch.blocks))
      if (!shader.blocks.includes(name)) fail('SHADER', `${shader.file} has no block '${name}'.`);
    for (const name of Object.keys(launch.constants))
      if (!shader.overrides.some((override) => override.name === name))
        fail('SHADER', `${shader.file} has no override '${name}'.`);
    const blocks = new Map<string, string>();
    // What is written is bound first, so that reading it back (a donated argument) goes through the same binding.
    if (kernel.rows) {
      const outputs = kernel.roots.map((root) => ({ root, buffer: this.bindOutput(root) }));
      const inMemory = (node: Node): boolean => this.graph.isStored(node) && !kernel.roots.includes(node);
      blocks.set('row', rowFunction(kernel.rows, outputs, this.around, inMemory));
    } else if (kernel.launch === undefined) blocks.set('store', this.mapStore());
    const entries = Object.entries(launch.blocks);
    for (const [name, block] of [...entries].sort(([, a], [, b]) => Number(writes(b)) - Number(writes(a))))
      blocks.set(name, this.block(name, block));
    const body = replaceBlocks(shader, blocks);
    // WGSL wants its directives first.
    const directives = body.match(/^enable .*$/gm) ?? [];
    const parts = [
      ...directives,
      ...this.bindings.map(
        ({ name, type, access }, k) =>
          `@group(0) @binding(${k}) var<storage, ${access === 'write' ? 'read_write' : 'read'}> ${name}: ${type};`,
      ),
      ...(this.faults ? [FAULT] : []),
      libraryText(this.library),
      body.replace(/^enable .*$/gm, ''),
    ];
    const [entryPoint] = Object.keys(shader.entries) as [string];
    const operations = operationsOf(kernel, this.graph);
    return {
      label: labelOf(kernel, operations),
      kernel: number,
      operations: operations.map(describe),
      shader: launch.shader,
      code: parts.join('\n'),
      entryPoint,
      constants: launch.constants,
      bindings: this.bindings.map(({ buffer, bytes, access }) => ({ buffer, bytes, access })),
      groups: fold(launch.groups),
    };
  }

  private get around(): Surroundings {
    return {
      bufferOf: (node) => {
        if (node.kind !== 'input' && (!this.graph.isStored(node) || this.kernel.roots.includes(node)))
          return undefined;
        return this.bind(
          this.places.of(node),
          bytesOf(node.aval),
          `array<${wgslType(node.aval.dtype)}>`,
          'read',
        );
      },
      scalars: () => this.bind({ kind: 'scalars' }, this.places.scalarBytes, 'array<u32>', 'read'),
      raisesFaults: () => {
        this.faults = true;
        this.bind({ kind: 'faults' }, 16, 'array<atomic<u32>>', 'write', 'faults');
      },
      uses: (name) => this.library.add(name),
    };
  }

  /** The name under which a buffer is bound, binding it if need be. */
  private bind(
    buffer: BufferRef,
    bytes: number,
    type: string,
    access: 'read' | 'write',
    as?: string,
  ): string {
    const known = this.bindings.find(
      (other) =>
        sameBuffer(other.buffer, buffer) &&
        (other.access === 'write' || (other.access === access && other.type === type)) &&
        (as === undefined || other.name === as),
    );
    if (known) return known.name;
    const name = as ?? `buffer${this.bindings.length}`;
    this.bindings.push({ buffer, bytes, access, name, type });
    return name;
  }

  private bindOutput(node: Node): string {
    return this.bind(
      this.places.of(node),
      bytesOf(node.aval),
      `array<${wgslType(node.aval.dtype)}>`,
      'write',
    );
  }

  /** `fn store(i)` of a map: every root is computed before the first is written, since an output may lie over an input. */
  private mapStore(): string {
    const targets = this.kernel.roots.map((root) => this.bindOutput(root));
    const emitter = new Emitter(this.around);
    const values = this.kernel.roots.map((root) =>
      emitter.bind(emitter.value(root, { shape: root.aval.shape, linear: 'i' })),
    );
    return functionText('store', ['i: u32'], undefined, [
      ...emitter.lines,
      ...values.map((value, k) => `${targets[k]}[i] = ${value};`),
    ]);
  }

  private block(name: string, block: Block): string {
    if ('text' in block && !('buffer' in block)) return block.text;
    if ('buffer' in block) {
      this.bind(
        this.place(block.buffer),
        this.bytes(block.buffer),
        block.type,
        block.access ?? 'read',
        block.name,
      );
      return block.text;
    }
    if ('element' in block) return this.elementBlock(name, block);
    const { store, parameters, linear, coordinates } = block;
    const variable = (parameters.at(-1) as string).split(':')[0] as string;
    if (store !== 'output') {
      const target = this.bind(this.place(store), this.bytes(store), this.arrayType(store), 'write');
      return functionText(name, parameters, undefined, [`${target}[${linear}] = ${variable};`]);
    }
    // All are computed before the first is written, since an output may lie over an input.
    const { roots, launch, siblings } = this.kernel;
    const targets = roots.map((root) => this.bindOutput(root));
    const emitter = new Emitter(this.around, (node) => {
      if (!siblings) return node === launch ? variable : undefined;
      const component = siblings.indexOf(node as OperationNode);
      return component < 0 ? undefined : `${variable}.${'xyzw'[component]}`;
    });
    const position = emitter.bind(linear);
    const values = roots.map((root) => {
      const { shape } = root.aval;
      const axes = coordinates?.of.slice(-shape.length);
      const known = axes && sameShape(shape, coordinates?.shape.slice(-shape.length) ?? []);
      return emitter.value(root, { shape, linear: position, ...(known && { coordinates: axes }) });
    });
    return functionText(name, parameters, undefined, [
      ...emitter.lines,
      ...values.map((value, k) => `${targets[k]}[${position}] = ${value};`),
    ]);
  }

  private elementBlock(name: string, block: Extract<Block, { readonly element: Operand }>): string {
    const emitter = new Emitter(this.around);
    const { element, parameters, at, limit } = block;
    const { siblings } = this.kernel;
    const type = siblings ? 'T' : wgslType(this.avalOf(element).dtype);
    const value = this.isInput(element)
      ? siblings
        ? this.vector(siblings.map(({ inputs }) => emitter.value(inputs[0] as Node, at)))
        : emitter.value(this.inputNode(element.input), at)
      : emitter.bind(
          `${this.bind(this.place(element), this.bytes(element), this.arrayType(element), 'read')}[${emitter.linear(at)}]`,
        );
    if (limit === undefined)
      return functionText(name, parameters, type, [...emitter.lines, `return ${value};`]);
    this.around.raisesFaults();
    return functionText(name, parameters, 'u32', [
      ...emitter.lines,
      `let position = u32(${value});`,
      `if (position >= ${limit}u) { raise_index_fault(position, ${limit}u); }`,
      'return position;',
    ]);
  }

  private vector(components: readonly string[]): string {
    const missing = widthOf(this.kernel.siblings ?? []) - components.length;
    return `T(${[...components, ...new Array<string>(missing).fill('0.0')].join(', ')})`;
  }

  private isInput(operand: Operand): operand is { readonly input: number } {
    return typeof operand === 'object' && 'input' in operand;
  }

  private inputNode(input: number): Node {
    return (
      this.kernel.launch?.inputs[input] ??
      fail(
        'COMPILER',
        `${labelOf(this.kernel, operationsOf(this.kernel, this.graph))} has no input ${input}.`,
      )
    );
  }

  /** The value in whose buffer an input lies. */
  private bufferNode(input: number): Node {
    return bufferOperand(this.kernel.launch as OperationNode, input, this.graph.isStored);
  }

  private avalOf(operand: Operand): Aval {
    if (operand === 'output') return (this.kernel.roots[0] as Node).aval;
    return this.isInput(operand) ? this.inputNode(operand.input).aval : operand.aval;
  }

  private arrayType(operand: Operand): string {
    return this.kernel.siblings ? 'array<T>' : `array<${wgslType(this.avalOf(operand).dtype)}>`;
  }

  private bytes(operand: Operand): number {
    return this.isInput(operand)
      ? bytesOf(this.bufferNode(operand.input).aval)
      : bytesOf(this.avalOf(operand));
  }

  private place(operand: Operand): BufferRef {
    if (operand === 'output') return this.places.of(this.kernel.roots[0] as Node);
    if (this.isInput(operand)) return this.places.of(this.bufferNode(operand.input));
    return this.places.temporary(this.kernel, operand.temporary);
  }
}

/** `matmul+add+relu f32[256, 500]`: the operation with the shader, what it is fused with, and the first result. */
export function labelOf({ roots, launch }: Kernel, operations: readonly OperationNode[]): string {
  const names = [...new Set(operations.map(({ primitive }) => primitive.name))];
  const lead = launch?.primitive.name;
  const ordered = lead ? [lead, ...names.filter((name) => name !== lead)] : names;
  const { dtype, shape } = (roots[0] as Node).aval;
  return `${ordered.join('+') || 'constant'} ${dtype}[${shape.join(', ')}]`;
}

function writes(block: Block): boolean {
  return 'store' in block || ('buffer' in block && block.access === 'write');
}

function sameBuffer(a: BufferRef, b: BufferRef): boolean {
  return a.kind === b.kind && ('index' in a ? a.index : 0) === ('index' in b ? b.index : 0);
}

function functionText(
  name: string,
  parameters: readonly string[],
  result: string | undefined,
  lines: readonly string[],
): string {
  return `fn ${name}(${parameters.join(', ')})${result ? ` -> ${result}` : ''} {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`;
}

/** The shader's text with composed blocks in place of the marked ones. */
function replaceBlocks(shader: ShaderInfo, blocks: ReadonlyMap<string, string>): string {
  let text = shader.source;
  for (const name of shader.blocks) {
    const composed = blocks.get(name) ?? fail('SHADER', `${shader.file}: block '${name}' was not composed.`);
    const [begin, end] = [`//@begin ${name}\n`, `//@end ${name}\n`];
    if (composed === 'as written') continue;
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    text = `${text.slice(0, from)}${composed}\n${text.slice(to + end.length)}`;
  }
  return text.replace(/^\/\/.*\n/gm, '');
}

/** Splits a long first dimension over the second; the shaders number their threads accordingly. */
function fold([x, y, z]: Launch['groups']): Launch['groups'] {
  if (x <= MAX_GROUPS) return [x, y, z];
  const rows = Math.ceil(x / MAX_GROUPS);
  return [Math.ceil(x / rows), rows * y, z];
}

/** The first index fault since the last readback: flag, index, extent. */
const FAULT = `fn raise_index_fault(index: u32, extent: u32) {
  if (atomicMax(&faults[0], 1u) == 0u) {
    atomicStore(&faults[1], index);
    atomicStore(&faults[2], extent);
  }
}`;
