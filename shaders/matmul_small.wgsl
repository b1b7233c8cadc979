// Matrix product, one element of C per thread: C[b] = op(A[b]) op(B[b]). For products so small that compiling a tiled
// kernel would take longer than running this one.
//
// op(A) is [M, K]: A is stored [M, K], or [K, M] when TRANSPOSE_A. op(B) is [K, N]: B is stored [K, N], or [N, K] when
// TRANSPOSE_B. Matrix b of the batch starts at element b * A_BATCH (b * B_BATCH); a stride of 0 shares one matrix.
//
// Blocks. `left`, `right` and `epilogue` are those of matmul_registers.wgsl, word for word; left4 and right4 are not used.
//
// Threads. Workgroup of 64 along the M * N elements of a matrix. Dispatch (ceil(M * N / 64), 1, batch).
//
// Numerics. Terms are added in order of k, so a result is the same bits on every run.

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

@compute @workgroup_size(64, 1, 1)
fn matmul_small(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x / N;
  let col = id.x % N;
  if (row >= M) {
    return;
  }
  var a = id.z * A_BATCH + select(row * K, row, TRANSPOSE_A);
  var b = id.z * B_BATCH + select(col, col * K, TRANSPOSE_B);
  var sum = 0.0;
  for (var k = 0u; k < K; k++) {
    sum += left1(a) * right1(b);
    a += select(1u, M, TRANSPOSE_A);
    b += select(N, 1u, TRANSPOSE_B);
  }
  epilogue(id.z, row, col, sum);
}
