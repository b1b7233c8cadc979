// Matrix product without workgroup memory: C[b] = op(A[b]) op(B[b]), one 8x8 tile of C per thread, held in registers.
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
// Blocks. `left` and `right` declare the operands (bindings 0 and 1) and read them at an element offset: left1 reads one
// element, left4 four consecutive ones. The default holds vec4f and needs every offset to be a multiple of 4: that is,
// A's stored row length (K, or M when TRANSPOSE_A) and batch stride are multiples of 4; for B, N (or K). Otherwise the
// scalar form is put in its place (file matmul_operands in docs/kernels.md). left4 may be asked for offsets past the
// end of a row or of the buffer; what it returns there never reaches C. `epilogue` declares the output and stores.
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

  // One store in a loop: the composed epilogue is compiled once, not 64 times.
  var tile = array<vec4f, 16>(
    c00[0], c01[0], c00[1], c01[1], c00[2], c01[2], c00[3], c01[3],
    c10[0], c11[0], c10[1], c11[1], c10[2], c11[2], c10[3], c11[3],
  );
  for (var t = 0u; t < 64u; t++) {
    let r = row + (t >> 3u);
    let q = col + (t & 7u);
    if (r < M && q < N) {
      epilogue(id.z, r, q, tile[t >> 2u][t & 3u]);
    }
  }
}
