// Matrix product through workgroup memory: C[b] = op(A[b]) op(B[b]), a 64x64 tile of C per workgroup. For GPUs.
//
// op(A) is [M, K]: A is stored [M, K], or [K, M] when TRANSPOSE_A. op(B) is [K, N]: B is stored [K, N], or [N, K] when
// TRANSPOSE_B. Matrix b of the batch starts at element b * A_BATCH (b * B_BATCH); a stride of 0 shares one matrix.
//
// Mathematics. The workgroup walks along k in steps of 16. In each step its threads fetch a 64x16 slab of op(A) and a
// 16x64 slab of op(B) into workgroup memory, whichever way the operands are stored, zero beyond K; then each thread
// adds 16 outer products to its 8x8 part of C, which is four 4x4 blocks (column i of a block's mat4x4f is row i of C).
//
// Blocks. `left`, `right` and `epilogue` are those of matmul_registers.wgsl, word for word.
//
// Threads. Workgroup of 8x8. Thread (x, y) owns columns 4x..4x+3 and 32+4x..32+4x+3 of the tile, and rows likewise from
// y, so that the threads of a row read workgroup memory without bank conflicts. A slab row takes 66 words, not 64,
// for the same reason. Dispatch (ceil(N / 64), ceil(M / 64), batch).
//
// Numerics. Terms are added one by one in order of k; the order is fixed, so a result is the same bits on every run.

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

const SLAB: u32 = 16u;
const PITCH: u32 = 66u;

var<workgroup> a_slab: array<f32, 1056>; // [SLAB, PITCH]: k, row
var<workgroup> b_slab: array<f32, 1056>; // [SLAB, PITCH]: k, column

// Zero where k + 0..3 is beyond K.
fn within(v: vec4f, k: u32) -> vec4f {
  return select(vec4f(), v, vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(K));
}

// Thread t brings four quads of each slab: along k where k is contiguous in memory, else along the row (column).
fn fetch_left(base: u32, row: u32, k: u32, t: u32) {
  for (var part = t; part < 256u; part += 64u) {
    if (TRANSPOSE_A) {
      let r = (part & 15u) * 4u;
      let s = part >> 4u;
      let v = select(vec4f(), left4(base + (k + s) * M + row + r), k + s < K);
      let to = s * PITCH + r;
      a_slab[to] = v.x;
      a_slab[to + 1u] = v.y;
      a_slab[to + 2u] = v.z;
      a_slab[to + 3u] = v.w;
    } else {
      let r = part >> 2u;
      let s = (part & 3u) * 4u;
      let v = within(left4(base + (row + r) * K + k + s), k + s);
      let to = s * PITCH + r;
      a_slab[to] = v.x;
      a_slab[to + PITCH] = v.y;
      a_slab[to + 2u * PITCH] = v.z;
      a_slab[to + 3u * PITCH] = v.w;
    }
  }
}

fn fetch_right(base: u32, k: u32, col: u32, t: u32) {
  for (var part = t; part < 256u; part += 64u) {
    if (TRANSPOSE_B) {
      let c = part >> 2u;
      let s = (part & 3u) * 4u;
      let v = within(right4(base + (col + c) * K + k + s), k + s);
      let to = s * PITCH + c;
      b_slab[to] = v.x;
      b_slab[to + PITCH] = v.y;
      b_slab[to + 2u * PITCH] = v.z;
      b_slab[to + 3u * PITCH] = v.w;
    } else {
      let c = (part & 15u) * 4u;
      let s = part >> 4u;
      let v = select(vec4f(), right4(base + (k + s) * N + col + c), k + s < K);
      let to = s * PITCH + c;
      b_slab[to] = v.x;
      b_slab[to + 1u] = v.y;
      b_slab[to + 2u] = v.z;
      b_slab[to + 3u] = v.w;
    }
  }
}

fn a_quad(i: u32) -> vec4f {
  return vec4f(a_slab[i], a_slab[i + 1u], a_slab[i + 2u], a_slab[i + 3u]);
}

fn b_quad(i: u32) -> vec4f {
  return vec4f(b_slab[i], b_slab[i + 1u], b_slab[i + 2u], b_slab[i + 3u]);
}

fn outer(a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(a.x * b, a.y * b, a.z * b, a.w * b);
}

@compute @workgroup_size(8, 8, 1)
fn matmul_tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let row = group.y * 64u;
  let col = group.x * 64u;
  let a_base = group.z * A_BATCH;
  let b_base = group.z * B_BATCH;
  let y = thread.y * 4u;
  let x = thread.x * 4u;

  var c00 = mat4x4f();
  var c01 = mat4x4f();
  var c10 = mat4x4f();
  var c11 = mat4x4f();
  for (var k = 0u; k < K; k += SLAB) {
    fetch_left(a_base, row, k, t);
    fetch_right(b_base, k, col, t);
    workgroupBarrier();
    for (var s = 0u; s < SLAB * PITCH; s += PITCH) {
      let a0 = a_quad(s + y);
      let a1 = a_quad(s + y + 32u);
      let b0 = b_quad(s + x);
      let b1 = b_quad(s + x + 32u);
      c00 += outer(a0, b0);
      c01 += outer(a0, b1);
      c10 += outer(a1, b0);
      c11 += outer(a1, b1);
    }
    workgroupBarrier();
  }

  // One store in a loop: the composed epilogue is compiled once, not 64 times.
  var tile = array<vec4f, 16>(
    c00[0], c01[0], c00[1], c01[1], c00[2], c01[2], c00[3], c01[3],
    c10[0], c11[0], c10[1], c11[1], c10[2], c11[2], c10[3], c11[3],
  );
  for (var e = 0u; e < 64u; e++) {
    let r = row + y + ((e >> 3u) & 3u) + (e >> 5u) * 32u;
    let q = col + x + (e & 3u) + ((e >> 2u) & 1u) * 32u;
    if (r < M && q < N) {
      epilogue(group.z, r, q, tile[e >> 2u][e & 3u]);
    }
  }
}
