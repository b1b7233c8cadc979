/** Written by tools/generate-shaders.ts from shaders/*.wgsl. Do not edit: run `npm run generate`. */

export interface ShaderBinding {
  readonly name: string;
  readonly binding: number;
  readonly type: 'read' | 'write' | 'uniform';
  /** Element type of an array, the type itself otherwise. */
  readonly element: string;
  /** The block that declares it, or null for a binding that stays when every block is replaced. */
  readonly block: string | null;
}

export interface ShaderOverride {
  readonly name: string;
  readonly type: string;
  /** The default as written, or null for an override that the host must set. */
  readonly default: string | null;
}

export interface ShaderInfo {
  /** Path in the repository, for messages. */
  readonly file: string;
  readonly source: string;
  /** Entry point to its workgroup size. */
  readonly entries: Readonly<Record<string, readonly [number, number, number]>>;
  readonly bindings: readonly ShaderBinding[];
  readonly overrides: readonly ShaderOverride[];
  /** Names of the //@begin ... //@end blocks, in order. */
  readonly blocks: readonly string[];
}

export const shaders = {
  "map": {
    file: "shaders/map.wgsl",
    source: `// Elementwise map: out[i] = f(inputs, i) for every i below COUNT.
//
// The composer replaces the block \`store\` by a fused chain of elementwise and movement primitives: it declares its own
// bindings there (inputs first, outputs last) and writes every output of element i. This file owns no binding.
//
// Threads. One workgroup of 64 threads owns 64 * ELEMENTS consecutive elements; thread t takes t, t + 64, t + 128, ...,
// so neighbouring threads touch neighbouring addresses. Dispatch ceil(COUNT / (64 * ELEMENTS)) workgroups, folded into
// y beyond 65535. ELEMENTS > 1 saves per-thread overhead on CPU drivers; see docs/kernels.md for the measurements.

override COUNT: u32 = 1u;
override ELEMENTS: u32 = 1u;

//@begin store
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn store(i: u32) {
  result[i] = source[i];
}
//@end store

@compute @workgroup_size(64, 1, 1)
fn map(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.x + group.y * groups.x) * 64u * ELEMENTS + lane;
  for (var j = 0u; j < ELEMENTS; j++) {
    let i = first + j * 64u;
    if (i < COUNT) {
      store(i);
    }
  }
}
` as string,
    entries: { "map": [64, 1, 1] },
    bindings: [
      {"name":"source","binding":0,"type":"read","element":"f32","block":"store"},
      {"name":"result","binding":1,"type":"write","element":"f32","block":"store"},
    ],
    overrides: [
      {"name":"COUNT","type":"u32","default":"1u"},
      {"name":"ELEMENTS","type":"u32","default":"1u"},
    ],
    blocks: ["store"],
  },
  "reduce": {
    file: "shaders/reduce.wgsl",
    source: `// Reduction by one thread per partial result: result[o] = combine over r < LENGTH of element(o, r).
//
// Blocks. \`type\` names the scalar T; \`combine\` holds the operator and its identity; \`element\` reads (declaring the
// inputs it reads); \`finish\` stores (declaring the outputs, bound last). This file owns no binding.
//
// Threads. OUTPUTS * CHUNKS of them. Thread t serves output o = t % OUTPUTS and chunk c = t / OUTPUTS, so neighbouring
// threads serve neighbouring outputs. Chunk c covers the terms [c * S, min((c + 1) * S, LENGTH)), S = ceil(LENGTH /
// CHUNKS); an empty chunk yields the identity. It calls finish(o * CHUNKS + c, value): with CHUNKS = 1 the index is the
// output; with CHUNKS > 1 the results are partials [OUTPUTS, CHUNKS] and a second pass (LENGTH = CHUNKS, CHUNKS = 1)
// reduces them. Dispatch ceil(OUTPUTS * CHUNKS / 64) workgroups of 64, folded into y beyond 65535.
//
// Numerics. Terms go in blocks of 64 through four running partials (16 terms each), block results into a total: a sum
// of n terms passes through at most 18 + n / 64 roundings instead of n, and the four chains run in parallel. The order
// is fixed, so a result is the same bits on every run.

override OUTPUTS: u32 = 1u;
override LENGTH: u32 = 1u;
override CHUNKS: u32 = 1u;

//@begin type
alias T = f32;
//@end type

//@begin combine
fn identity() -> T {
  return 0.0;
}

fn combine(a: T, b: T) -> T {
  return a + b;
}
//@end combine

//@begin element
@group(0) @binding(0) var<storage, read> source: array<f32>;

fn element(o: u32, r: u32) -> T {
  return source[o * LENGTH + r];
}
//@end element

//@begin finish
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn finish(o: u32, value: T) {
  result[o] = value;
}
//@end finish

@compute @workgroup_size(64, 1, 1)
fn reduce(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.x + id.y * (groups.x * 64u);
  if (t >= OUTPUTS * CHUNKS) {
    return;
  }
  let o = t % OUTPUTS;
  let c = t / OUTPUTS;
  let size = (LENGTH + CHUNKS - 1u) / CHUNKS;
  let end = min((c + 1u) * size, LENGTH);
  var r = min(c * size, LENGTH);

  var total = identity();
  for (; r + 64u <= end; r += 64u) {
    var a = element(o, r);
    var b = element(o, r + 1u);
    var d = element(o, r + 2u);
    var e = element(o, r + 3u);
    for (var j = 4u; j < 64u; j += 4u) {
      a = combine(a, element(o, r + j));
      b = combine(b, element(o, r + j + 1u));
      d = combine(d, element(o, r + j + 2u));
      e = combine(e, element(o, r + j + 3u));
    }
    total = combine(total, combine(combine(a, b), combine(d, e)));
  }
  var rest = identity();
  for (; r < end; r++) {
    rest = combine(rest, element(o, r));
  }
  finish(o * CHUNKS + c, combine(total, rest));
}
` as string,
    entries: { "reduce": [64, 1, 1] },
    bindings: [
      {"name":"source","binding":0,"type":"read","element":"f32","block":"element"},
      {"name":"result","binding":1,"type":"write","element":"f32","block":"finish"},
    ],
    overrides: [
      {"name":"OUTPUTS","type":"u32","default":"1u"},
      {"name":"LENGTH","type":"u32","default":"1u"},
      {"name":"CHUNKS","type":"u32","default":"1u"},
    ],
    blocks: ["type","combine","element","finish"],
  },
  "reduce_workgroup": {
    file: "shaders/reduce_workgroup.wgsl",
    source: `// Reduction by one workgroup per partial result: result[o] = combine over r < LENGTH of element(o, r).
//
// For few outputs, and for GPUs: 256 threads share one chunk and read neighbouring terms. Blocks, CHUNKS and the index
// passed to finish are those of reduce.wgsl, so the two are interchangeable. This file owns no binding.
//
// Threads. Workgroup g serves output o = g / CHUNKS and chunk c = g % CHUNKS; its thread t takes the terms t, t + 256,
// t + 512, ... of the chunk; then the 256 values meet in a binary tree in workgroup memory, and thread 0 finishes.
// Dispatch OUTPUTS * CHUNKS workgroups, folded into y beyond 65535.
//
// Numerics. A sum of n terms passes through at most n / 1024 + 2 + 8 + 1 roundings (four running partials per thread,
// then the tree). The order is fixed, so a result is the same bits on every run.

override OUTPUTS: u32 = 1u;
override LENGTH: u32 = 1u;
override CHUNKS: u32 = 1u;

//@begin type
alias T = f32;
//@end type

//@begin combine
fn identity() -> T {
  return 0.0;
}

fn combine(a: T, b: T) -> T {
  return a + b;
}
//@end combine

//@begin element
@group(0) @binding(0) var<storage, read> source: array<f32>;

fn element(o: u32, r: u32) -> T {
  return source[o * LENGTH + r];
}
//@end element

//@begin finish
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn finish(o: u32, value: T) {
  result[o] = value;
}
//@end finish

var<workgroup> shared_values: array<T, 256>;

@compute @workgroup_size(256, 1, 1)
fn reduce_workgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = group.x + group.y * groups.x;
  if (g >= OUTPUTS * CHUNKS) {
    return;
  }
  let o = g / CHUNKS;
  let c = g % CHUNKS;
  let size = (LENGTH + CHUNKS - 1u) / CHUNKS;
  let end = min((c + 1u) * size, LENGTH);
  var r = min(c * size, LENGTH) + lane;

  var a = identity();
  var b = identity();
  var d = identity();
  var e = identity();
  for (; r + 768u < end; r += 1024u) {
    a = combine(a, element(o, r));
    b = combine(b, element(o, r + 256u));
    d = combine(d, element(o, r + 512u));
    e = combine(e, element(o, r + 768u));
  }
  for (; r < end; r += 256u) {
    a = combine(a, element(o, r));
  }
  shared_values[lane] = combine(combine(a, b), combine(d, e));
  workgroupBarrier();
  for (var span = 128u; span > 0u; span >>= 1u) {
    if (lane < span) {
      shared_values[lane] = combine(shared_values[lane], shared_values[lane + span]);
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    finish(o * CHUNKS + c, shared_values[0]);
  }
}
` as string,
    entries: { "reduce_workgroup": [256, 1, 1] },
    bindings: [
      {"name":"source","binding":0,"type":"read","element":"f32","block":"element"},
      {"name":"result","binding":1,"type":"write","element":"f32","block":"finish"},
    ],
    overrides: [
      {"name":"OUTPUTS","type":"u32","default":"1u"},
      {"name":"LENGTH","type":"u32","default":"1u"},
      {"name":"CHUNKS","type":"u32","default":"1u"},
    ],
    blocks: ["type","combine","element","finish"],
  },
} as const;

export type ShaderName = keyof typeof shaders;
export type EntryName<S extends ShaderName> = keyof (typeof shaders)[S]['entries'] & string;
export type BindingName<S extends ShaderName> = (typeof shaders)[S]['bindings'][number]['name'];
export type OverrideName<S extends ShaderName> = (typeof shaders)[S]['overrides'][number]['name'];
export type BlockName<S extends ShaderName> = (typeof shaders)[S]['blocks'][number];

/** The same table for code that takes any shader. */
export const shaderTable: Readonly<Record<ShaderName, ShaderInfo>> = shaders;
