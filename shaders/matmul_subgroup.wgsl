// Matrix product by subgroups: C[b] = op(A[b]) op(B[b]). For adapters that run shaders on the CPU and have subgroups of
// exactly LANES lanes: 8 (lavapipe with AVX) or 4 (SwiftShader).
//
// op(A) is [M, K]: A is stored [M, K], or [K, M] when TRANSPOSE_A. op(B) is [K, N]: B is stored [K, N], or [N, K] when
// TRANSPOSE_B. Matrix b of the batch starts at element b * A_BATCH (b * B_BATCH); a stride of 0 shares one matrix.
//
// Why. On these adapters a lane of the subgroup is a lane of a vector register, and a load is one scalar access per lane,
// so that loads cost several times the arithmetic (docs/kernels.md). Therefore no value is loaded twice by one subgroup:
// its lanes take neighbouring columns of C and load their own part of B; the rows of A they share are loaded once, each
// lane a different row, and handed round by subgroupBroadcast, which is a register shuffle.
//
// Mathematics. As in matmul_registers.wgsl: a 4x4 block of C is a mat4x4f whose column i is row i of the block, an
// operand's block likewise, and then a whole block is updated by one matrix product, C += B A.
//
// Blocks. `left` and `right` declare the operands (bindings 0 and 1) and read them at an element offset: left1 reads one
// element, left4 four consecutive ones. The default holds vec4f and needs every offset to be a multiple of 4: A's stored
// row length (K, or M when TRANSPOSE_A) and batch stride are multiples of 4; for B, N (or K). Otherwise the scalar form
// is put in its place:
//   @group(0) @binding(0) var<storage, read> left: array<f32>;
//   fn left1(i: u32) -> f32 { return left[i]; }
//   fn left4(i: u32) -> vec4f { return vec4f(left[i], left[i + 1u], left[i + 2u], left[i + 3u]); }
// left4 may be asked for offsets past the end of a row or of the buffer; what it returns there never reaches C.
// `epilogue` declares the output and stores.
//
// Threads. Workgroup of 16, which is whole subgroups of LANES (8 or 4, the adapter's subgroup size) along the columns;
// each thread owns 32 rows and 4 columns of C. Dispatch (ceil(N / 64), ceil(M / 32), batch).
//
// Numerics. Terms are added in order of k, four at a time: (((t0 + t1) + t2) + t3) into the running sum; the order is
// fixed, so a result is the same bits on every run.

enable subgroups;

override LANES: u32 = 8u;
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

// What one lane loads of LANES rows of op(A) over k..k+3: its own row; or, transposed, four rows at one k. Either way the
// lanes of a quad (0-3, 4-7) hold a 4x4 block together.
fn left_share(base: u32, row: u32, k: u32, lane: u32) -> vec4f {
  if (TRANSPOSE_A) {
    return left4(base + (k + (lane & 3u)) * M + row + (lane & 4u));
  }
  return left4(base + (row + lane) * K + k);
}

// Eight rows of op(A) over k..k+3, for every lane: in each block, column i is row i.
struct EightRows {
  upper: mat4x4f,
  lower: mat4x4f,
}

fn left_rows(base: u32, row: u32, k: u32, lane: u32) -> EightRows {
  let share = left_share(base, row, k, lane);
  let upper = mat4x4f(
    subgroupBroadcast(share, 0u),
    subgroupBroadcast(share, 1u),
    subgroupBroadcast(share, 2u),
    subgroupBroadcast(share, 3u),
  );
  var lower: mat4x4f;
  if (LANES == 8u) {
    lower = mat4x4f(
      subgroupBroadcast(share, 4u),
      subgroupBroadcast(share, 5u),
      subgroupBroadcast(share, 6u),
      subgroupBroadcast(share, 7u),
    );
  } else {
    let next = left_share(base, row + 4u, k, lane);
    lower = mat4x4f(
      subgroupBroadcast(next, 0u),
      subgroupBroadcast(next, 1u),
      subgroupBroadcast(next, 2u),
      subgroupBroadcast(next, 3u),
    );
  }
  if (TRANSPOSE_A) {
    return EightRows(transpose(upper), transpose(lower));
  }
  return EightRows(upper, lower);
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

// Both at a single k, for what remains when K is not a multiple of 4.
struct EightValues {
  upper: vec4f,
  lower: vec4f,
}

fn left_value(base: u32, row: u32, k: u32) -> f32 {
  if (TRANSPOSE_A) {
    return left1(base + k * M + row);
  }
  return left1(base + row * K + k);
}

fn left_column(base: u32, row: u32, k: u32, lane: u32) -> EightValues {
  let share = left_value(base, row + lane, k);
  let upper = vec4f(
    subgroupBroadcast(share, 0u),
    subgroupBroadcast(share, 1u),
    subgroupBroadcast(share, 2u),
    subgroupBroadcast(share, 3u),
  );
  if (LANES == 8u) {
    let lower = vec4f(
      subgroupBroadcast(share, 4u),
      subgroupBroadcast(share, 5u),
      subgroupBroadcast(share, 6u),
      subgroupBroadcast(share, 7u),
    );
    return EightValues(upper, lower);
  }
  let next = left_value(base, row + 4u + lane, k);
  let lower = vec4f(
    subgroupBroadcast(next, 0u),
    subgroupBroadcast(next, 1u),
    subgroupBroadcast(next, 2u),
    subgroupBroadcast(next, 3u),
  );
  return EightValues(upper, lower);
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

@compute @workgroup_size(16, 1, 1)
fn matmul_subgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let row = group.y * 32u;
  let col = (group.x * 16u + thread) * 4u;
  let a_base = group.z * A_BATCH;
  let b_base = group.z * B_BATCH;

  var c0 = mat4x4f();
  var c1 = mat4x4f();
  var c2 = mat4x4f();
  var c3 = mat4x4f();
  var c4 = mat4x4f();
  var c5 = mat4x4f();
  var c6 = mat4x4f();
  var c7 = mat4x4f();
  for (var k = 0u; k < (K & ~3u); k += 4u) {
    let b = right_block(b_base, k, col);
    let a0 = left_rows(a_base, row, k, lane);
    c0 += b * a0.upper;
    c1 += b * a0.lower;
    let a1 = left_rows(a_base, row + 8u, k, lane);
    c2 += b * a1.upper;
    c3 += b * a1.lower;
    let a2 = left_rows(a_base, row + 16u, k, lane);
    c4 += b * a2.upper;
    c5 += b * a2.lower;
    let a3 = left_rows(a_base, row + 24u, k, lane);
    c6 += b * a3.upper;
    c7 += b * a3.lower;
  }
  for (var k = K & ~3u; k < K; k++) {
    let b = right_row(b_base, k, col);
    let a0 = left_column(a_base, row, k, lane);
    c0 += outer(a0.upper, b);
    c1 += outer(a0.lower, b);
    let a1 = left_column(a_base, row + 8u, k, lane);
    c2 += outer(a1.upper, b);
    c3 += outer(a1.lower, b);
    let a2 = left_column(a_base, row + 16u, k, lane);
    c4 += outer(a2.upper, b);
    c5 += outer(a2.lower, b);
    let a3 = left_column(a_base, row + 24u, k, lane);
    c6 += outer(a3.upper, b);
    c7 += outer(a3.lower, b);
  }

  // One store in a loop: the composed epilogue is compiled once, not 128 times.
  var tile = array<mat4x4f, 8>(c0, c1, c2, c3, c4, c5, c6, c7);
  for (var t = 0u; t < 128u; t++) {
    let r = t >> 2u;
    let q = t & 3u;
    if (row + r < M && col + q < N) {
      epilogue(group.z, row + r, col + q, tile[r >> 2u][r & 3u][q]);
    }
  }
}
