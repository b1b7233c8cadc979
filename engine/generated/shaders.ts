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
  "matmul_registers": {
    file: "shaders/matmul_registers.wgsl",
    source: `// Matrix product without workgroup memory: C[b] = op(A[b]) op(B[b]), one 8x8 tile of C per thread, held in registers.
// For adapters that run shaders on the CPU (lavapipe, SwiftShader), where loads are dear and barriers dearer.
//
// op(A) is [M, K]: A is stored [M, K], or [K, M] when TRANSPOSE_A. op(B) is [K, N]: B is stored [K, N], or [N, K] when
// TRANSPOSE_B. Matrix b of the batch starts at element b * A_BATCH (b * B_BATCH); a stride of 0 shares one matrix.
//
// Mathematics. The tile is four 4x4 blocks. A block of C is kept as a mat4x4f whose column i is row i of the block; with
// the block of B as columns b_k (row k of B) and of A as columns a_i (row i of A), row i of the product is
// sum_k b_k a_i[k] = (B a_i), so that the whole block is one matrix product, C += B A. An operand stored the other way
// round is transposed after loading, which costs no memory access.
//
// Blocks. \`left\` and \`right\` declare the operands (bindings 0 and 1) and read them at an element offset: left1 reads one
// element, left4 four consecutive ones. The default holds vec4f and needs every offset to be a multiple of 4: that is,
// A's stored row length (K, or M when TRANSPOSE_A) and batch stride are multiples of 4; for B, N (or K). Otherwise the
// scalar form is put in its place (file matmul_operands in docs/kernels.md). left4 may be asked for offsets past the
// end of a row or of the buffer; what it returns there never reaches C. \`epilogue\` declares the output and stores.
//
// Threads. Workgroup of 8x8 threads, 64x64 of C. Dispatch (ceil(N / 64), ceil(M / 64), batch).
//
// Numerics. Terms are added in order of k, four at a time: (((t0 + t1) + t2) + t3) into the running sum; the order is
// fixed, so a result is the same bits on every run.

override M: u32 = 1u;
override N: u32 = 1u;
override K: u32 = 1u;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override A_BATCH: u32 = 0u;
override B_BATCH: u32 = 0u;

//@begin left
@group(0) @binding(0) var<storage, read> left: array<vec4f>;

fn left1(i: u32) -> f32 {
  return left[i >> 2u][i & 3u];
}

fn left4(i: u32) -> vec4f {
  return left[i >> 2u];
}
//@end left

//@begin right
@group(0) @binding(1) var<storage, read> right: array<vec4f>;

fn right1(i: u32) -> f32 {
  return right[i >> 2u][i & 3u];
}

fn right4(i: u32) -> vec4f {
  return right[i >> 2u];
}
//@end right

//@begin epilogue
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn epilogue(b: u32, row: u32, col: u32, value: f32) {
  result[(b * M + row) * N + col] = value;
}
//@end epilogue

// Rows row..row+3 of op(A) over k..k+3: column i is row i.
fn left_block(base: u32, row: u32, k: u32) -> mat4x4f {
  if (TRANSPOSE_A) {
    let i = base + k * M + row;
    return transpose(mat4x4f(left4(i), left4(i + M), left4(i + 2u * M), left4(i + 3u * M)));
  }
  let i = base + row * K + k;
  return mat4x4f(left4(i), left4(i + K), left4(i + 2u * K), left4(i + 3u * K));
}

// Columns col..col+3 of op(B) over k..k+3: column k is row k.
fn right_block(base: u32, k: u32, col: u32) -> mat4x4f {
  if (TRANSPOSE_B) {
    let i = base + col * K + k;
    return transpose(mat4x4f(right4(i), right4(i + K), right4(i + 2u * K), right4(i + 3u * K)));
  }
  let i = base + k * N + col;
  return mat4x4f(right4(i), right4(i + N), right4(i + 2u * N), right4(i + 3u * N));
}

// The same at a single k, for what remains when K is not a multiple of 4.
fn left_column(base: u32, row: u32, k: u32) -> vec4f {
  if (TRANSPOSE_A) {
    return left4(base + k * M + row);
  }
  let i = base + row * K + k;
  return vec4f(left1(i), left1(i + K), left1(i + 2u * K), left1(i + 3u * K));
}

fn right_row(base: u32, k: u32, col: u32) -> vec4f {
  if (TRANSPOSE_B) {
    let i = base + col * K + k;
    return vec4f(right1(i), right1(i + K), right1(i + 2u * K), right1(i + 3u * K));
  }
  return right4(base + k * N + col);
}

fn outer(a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(a.x * b, a.y * b, a.z * b, a.w * b);
}

fn store_row(b: u32, row: u32, col: u32, value: vec4f) {
  if (row < M) {
    if (col < N) {
      epilogue(b, row, col, value.x);
    }
    if (col + 1u < N) {
      epilogue(b, row, col + 1u, value.y);
    }
    if (col + 2u < N) {
      epilogue(b, row, col + 2u, value.z);
    }
    if (col + 3u < N) {
      epilogue(b, row, col + 3u, value.w);
    }
  }
}

fn store_block(b: u32, row: u32, col: u32, c: mat4x4f) {
  store_row(b, row, col, c[0]);
  store_row(b, row + 1u, col, c[1]);
  store_row(b, row + 2u, col, c[2]);
  store_row(b, row + 3u, col, c[3]);
}

@compute @workgroup_size(8, 8, 1)
fn matmul_registers(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 8u;
  let col = id.x * 8u;
  if (row >= M || col >= N) {
    return;
  }
  let a_base = id.z * A_BATCH;
  let b_base = id.z * B_BATCH;

  var c00 = mat4x4f();
  var c01 = mat4x4f();
  var c10 = mat4x4f();
  var c11 = mat4x4f();
  let whole = K & ~3u;
  for (var k = 0u; k < whole; k += 4u) {
    let a0 = left_block(a_base, row, k);
    let a1 = left_block(a_base, row + 4u, k);
    let b0 = right_block(b_base, k, col);
    c00 += b0 * a0;
    c10 += b0 * a1;
    let b1 = right_block(b_base, k, col + 4u);
    c01 += b1 * a0;
    c11 += b1 * a1;
  }
  for (var k = whole; k < K; k++) {
    let a0 = left_column(a_base, row, k);
    let a1 = left_column(a_base, row + 4u, k);
    let b0 = right_row(b_base, k, col);
    let b1 = right_row(b_base, k, col + 4u);
    c00 += outer(a0, b0);
    c10 += outer(a1, b0);
    c01 += outer(a0, b1);
    c11 += outer(a1, b1);
  }
  store_block(id.z, row, col, c00);
  store_block(id.z, row, col + 4u, c01);
  store_block(id.z, row + 4u, col, c10);
  store_block(id.z, row + 4u, col + 4u, c11);
}
` as string,
    entries: { "matmul_registers": [8, 8, 1] },
    bindings: [
      {"name":"left","binding":0,"type":"read","element":"vec4f","block":"left"},
      {"name":"right","binding":1,"type":"read","element":"vec4f","block":"right"},
      {"name":"result","binding":2,"type":"write","element":"f32","block":"epilogue"},
    ],
    overrides: [
      {"name":"M","type":"u32","default":"1u"},
      {"name":"N","type":"u32","default":"1u"},
      {"name":"K","type":"u32","default":"1u"},
      {"name":"TRANSPOSE_A","type":"bool","default":"false"},
      {"name":"TRANSPOSE_B","type":"bool","default":"false"},
      {"name":"A_BATCH","type":"u32","default":"0u"},
      {"name":"B_BATCH","type":"u32","default":"0u"},
    ],
    blocks: ["left","right","epilogue"],
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
