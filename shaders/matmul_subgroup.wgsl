// Matrix product by subgroups: C[b] = op(A[b]) op(B[b]). For adapters that run shaders on the CPU and have subgroups of
// exactly LANES lanes: 8 (lavapipe with AVX) or 4 (SwiftShader); or of 8, each half for itself (HALVES, LANES = 4).
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
// Threads. Workgroup of 8: one subgroup or two, or the halves of one. Each of these parts owns 32 rows and 4 * LANES columns
// of C, a lane 4 of the columns. Of the parts, ACROSS stand side by side and the rest below each other. Dispatch
// (ceil(N / (4 * LANES * ACROSS)), ceil(M / (32 * 8 / (LANES * ACROSS))), batch).
//
// Numerics. Terms are added in order of k, four at a time: (((t0 + t1) + t2) + t3) into the running sum; the order is
// fixed, so a result is the same bits on every run.

enable subgroups;

override LANES: u32 = 8u;
// A subgroup of 8 works as two of 4 beneath each other, for results with up to 16 columns.
override HALVES: bool = false;
override ACROSS: u32 = 1u;
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

// A thread's place in its subgroup: lanes base..base+LANES-1 share rows.
struct Place {
  lane: u32, // of LANES
  base: u32,
}

// What one lane loads of LANES rows of op(A) over k..k+3: its own row; or, transposed, four rows at one k. Either way the
// lanes of a quad (0-3, 4-7) hold a 4x4 block together.
fn left_share(base: u32, row: u32, k: u32, lane: u32) -> vec4f {
  if (TRANSPOSE_A) {
    return left4(base + (k + (lane & 3u)) * M + row + (lane & 4u));
  }
  return left4(base + (row + lane) * K + k);
}

// What lanes base..base+3 hold, for every lane: column i is what lane i holds.
fn quad(share: vec4f, base: u32) -> mat4x4f {
  if (HALVES) {
    return mat4x4f(
      subgroupShuffle(share, base),
      subgroupShuffle(share, base + 1u),
      subgroupShuffle(share, base + 2u),
      subgroupShuffle(share, base + 3u),
    );
  }
  return mat4x4f(
    subgroupBroadcast(share, 0u),
    subgroupBroadcast(share, 1u),
    subgroupBroadcast(share, 2u),
    subgroupBroadcast(share, 3u),
  );
}

// Eight rows of op(A) over k..k+3, for every lane: in each block, column i is row i.
struct EightRows {
  upper: mat4x4f,
  lower: mat4x4f,
}

fn left_rows(start: u32, row: u32, k: u32, place: Place) -> EightRows {
  let share = left_share(start, row, k, place.lane);
  let upper = quad(share, place.base);
  var lower: mat4x4f;
  if (LANES == 8u) {
    lower = mat4x4f(
      subgroupBroadcast(share, 4u),
      subgroupBroadcast(share, 5u),
      subgroupBroadcast(share, 6u),
      subgroupBroadcast(share, 7u),
    );
  } else {
    lower = quad(left_share(start, row + 4u, k, place.lane), place.base);
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

fn quad_column(share: f32, base: u32) -> vec4f {
  if (HALVES) {
    return vec4f(
      subgroupShuffle(share, base),
      subgroupShuffle(share, base + 1u),
      subgroupShuffle(share, base + 2u),
      subgroupShuffle(share, base + 3u),
    );
  }
  return vec4f(
    subgroupBroadcast(share, 0u),
    subgroupBroadcast(share, 1u),
    subgroupBroadcast(share, 2u),
    subgroupBroadcast(share, 3u),
  );
}

fn left_column(start: u32, row: u32, k: u32, place: Place) -> EightValues {
  let share = left_value(start, row + place.lane, k);
  let upper = quad_column(share, place.base);
  if (LANES == 8u) {
    let lower = vec4f(
      subgroupBroadcast(share, 4u),
      subgroupBroadcast(share, 5u),
      subgroupBroadcast(share, 6u),
      subgroupBroadcast(share, 7u),
    );
    return EightValues(upper, lower);
  }
  return EightValues(upper, quad_column(left_value(start, row + 4u + place.lane, k), place.base));
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

@compute @workgroup_size(8, 1, 1)
fn matmul_subgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let lane = subgroup_lane % LANES;
  let place = Place(lane, subgroup_lane - lane);
  let part = thread / LANES;
  let below = 8u / (LANES * ACROSS);
  let row = (group.y * below + part / ACROSS) * 32u;
  let col = ((group.x * ACROSS + part % ACROSS) * LANES + lane) * 4u;
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
    let a0 = left_rows(a_base, row, k, place);
    c0 += b * a0.upper;
    c1 += b * a0.lower;
    let a1 = left_rows(a_base, row + 8u, k, place);
    c2 += b * a1.upper;
    c3 += b * a1.lower;
    let a2 = left_rows(a_base, row + 16u, k, place);
    c4 += b * a2.upper;
    c5 += b * a2.lower;
    let a3 = left_rows(a_base, row + 24u, k, place);
    c6 += b * a3.upper;
    c7 += b * a3.lower;
  }
  for (var k = K & ~3u; k < K; k++) {
    let b = right_row(b_base, k, col);
    let a0 = left_column(a_base, row, k, place);
    c0 += outer(a0.upper, b);
    c1 += outer(a0.lower, b);
    let a1 = left_column(a_base, row + 8u, k, place);
    c2 += outer(a1.upper, b);
    c3 += outer(a1.lower, b);
    let a2 = left_column(a_base, row + 16u, k, place);
    c4 += outer(a2.upper, b);
    c5 += outer(a2.lower, b);
    let a3 = left_column(a_base, row + 24u, k, place);
    c6 += outer(a3.upper, b);
    c7 += outer(a3.lower, b);
  }

  // One store in a loop: the composed epilogue is compiled once, not 128 times. A row is taken out of the tile at once. The
  // bounds hold no constant, or the loops would be unrolled.
  var tile = array<mat4x4f, 8>(c0, c1, c2, c3, c4, c5, c6, c7);
  let rows = min(32u, M - min(M, row));
  let columns = min(4u, N - min(N, col));
  for (var r = 0u; r < rows; r++) {
    var sums = tile[r >> 2u][r & 3u];
    for (var q = 0u; q < columns; q++) {
      epilogue(group.z, row + r, col + q, sums.x);
      sums = sums.yzwx;
    }
  }
}
