// Matrix product through workgroup memory: C[b] = op(A[b]) op(B[b]), a tile of C per workgroup, 64x64 or 128x128. For GPUs.
//
// op(A) is [M, K]: A is stored [M, K], or [K, M] when TRANSPOSE_A. op(B) is [K, N]: B is stored [K, N], or [N, K] when
// TRANSPOSE_B. Matrix b of the batch starts at element b * A_BATCH (b * B_BATCH); a stride of 0 shares one matrix.
//
// Mathematics. The workgroup walks along k. In each step it holds a slab of op(A), TILE rows by 1024 / TILE terms, and a slab
// of op(B), as many terms by TILE columns, zero beyond the last k; each thread adds their product to its part of C, which is
// one 4x4 block (TILE = 64) or four (TILE = 128). A block of C is a mat4x4f whose column i is row i of the block; with the
// block of B as columns b_k (row k) and that of A as columns a_i (row i), row i of C gains sum_k a_i[k] b_k.
//
// Slabs. A slab is 256 vectors of four: one load and one store for each thread. A vector keeps the direction it has in memory,
// whatever the layout: an operand whose rows run along k (A, and B when TRANSPOSE_B) gives vectors of four terms, at
// [term / 4, row]; another gives vectors of four rows (columns), at [term, row / 4]. A block is four vectors either way,
// transposed in registers where need be, which costs nothing. In the first kind the row is exchanged by an exclusive or
// with the term, so that eight neighbouring threads write to different banks.
//
// Two slabs of each operand take turns: while one is multiplied the next one is on its way to registers, and it is stored
// where nobody reads any more. So there is one barrier to a step. 16 KiB of workgroup memory in all.
//
// Blocks. `left`, `right` and `epilogue` are those of matmul_registers.wgsl, word for word. `storage` says what slabs hold:
//   enable f16;
//   alias Quad = vec4h;
// halves their room and traffic. Operands are then rounded to f16, and sums stay f32.
//
// Threads. Workgroup of 16x16, 16 or 64 elements of C for each. Thread (x, y) owns rows y, y + 16, ... of the tile where
// slabs hold terms, else 4y..4y+3 and 64+4y..64+4y+3; columns likewise from x. Dispatch (ceil(N / TILE), ceil(M / TILE),
// batch * CHUNKS). Chunk q sums the terms [q * CHUNK, (q + 1) * CHUNK) alone and stores to matrix b * CHUNKS + q, for
// shaders/reduce.wgsl to add; CHUNK is a multiple of 16.
//
// Numerics. Terms are added one by one in order of k; the order is fixed, so a result is the same bits on every run. With f16
// slabs each factor is within u = 2^-10 of the operand relatively (WGSL lets a driver round either way; 2^-11 where it rounds to
// nearest), or within 2^-14 absolutely where that is more, so the result is within (2u + u^2) sum |a||b| of the f32 product for
// operands between 2^-14 and 65504. Larger ones overflow.

override M: u32 = 1u;
override N: u32 = 1u;
override K: u32 = 1u;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override A_BATCH: u32 = 0u;
override B_BATCH: u32 = 0u;
override TILE: u32 = 64u;
override CHUNKS: u32 = 1u;
override CHUNK: u32 = 1u;

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

//@begin storage
alias Quad = vec4f;
//@end storage

// Quads of a slab.
const ROOM: u32 = 256u;

var<workgroup> a_slabs: array<Quad, 512>;
var<workgroup> b_slabs: array<Quad, 512>;

// Zero where k + 0..3 is not below the end.
fn within(v: vec4f, k: u32, end: u32) -> vec4f {
  return select(vec4f(), v, vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(end));
}

// What thread t brings to the slabs that begin at term k.
fn fetch_left(start: u32, row: u32, k: u32, end: u32, t: u32) -> Quad {
  if (TRANSPOSE_A) {
    let s = k + t / (TILE / 4u);
    return Quad(select(vec4f(), left4(start + s * M + row + t % (TILE / 4u) * 4u), s < end));
  }
  let s = k + t % (ROOM / TILE) * 4u;
  return Quad(within(left4(start + (row + t / (ROOM / TILE)) * K + s), s, end));
}

fn fetch_right(start: u32, col: u32, k: u32, end: u32, t: u32) -> Quad {
  if (TRANSPOSE_B) {
    let s = k + t % (ROOM / TILE) * 4u;
    return Quad(within(right4(start + (col + t / (ROOM / TILE)) * K + s), s, end));
  }
  let s = k + t / (TILE / 4u);
  return Quad(select(vec4f(), right4(start + s * N + col + t % (TILE / 4u) * 4u), s < end));
}

// The row's bits that are exchanged in vectors of terms 4q..4q+3.
fn exchange(q: u32) -> u32 {
  return q * (TILE / 32u);
}

// Where it goes.
fn place_of(t: u32, along_k: bool) -> u32 {
  let q = t % (ROOM / TILE);
  return select(t, q * TILE + ((t / (ROOM / TILE)) ^ exchange(q)), along_k);
}

// Four rows of op(A) over terms 4q..4q+3 of the slab at `base`: column i is row i.
fn left_block(base: u32, q: u32, y: u32, half: u32) -> mat4x4f {
  if (TRANSPOSE_A) {
    let i = base + q * TILE + half * 16u + y;
    let j = i + TILE / 2u;
    return transpose(
      mat4x4f(vec4f(a_slabs[i]), vec4f(a_slabs[i + TILE / 4u]), vec4f(a_slabs[j]), vec4f(a_slabs[j + TILE / 4u])),
    );
  }
  let i = base + q * TILE + half * 64u + (y ^ exchange(q));
  return mat4x4f(vec4f(a_slabs[i]), vec4f(a_slabs[i + 16u]), vec4f(a_slabs[i + 32u]), vec4f(a_slabs[i + 48u]));
}

// Four columns of op(B) over the same terms: column k is row k.
fn right_block(base: u32, q: u32, x: u32, half: u32) -> mat4x4f {
  if (TRANSPOSE_B) {
    let i = base + q * TILE + half * 64u + (x ^ exchange(q));
    return transpose(
      mat4x4f(vec4f(b_slabs[i]), vec4f(b_slabs[i + 16u]), vec4f(b_slabs[i + 32u]), vec4f(b_slabs[i + 48u])),
    );
  }
  let i = base + q * TILE + half * 16u + x;
  let j = i + TILE / 2u;
  return mat4x4f(vec4f(b_slabs[i]), vec4f(b_slabs[i + TILE / 4u]), vec4f(b_slabs[j]), vec4f(b_slabs[j + TILE / 4u]));
}

fn gain(c: vec4f, b: mat4x4f, a: vec4f) -> vec4f {
  return c + a.x * b[0] + a.y * b[1] + a.z * b[2] + a.w * b[3];
}

// C + A B of blocks.
fn gained(c: mat4x4f, b: mat4x4f, a: mat4x4f) -> mat4x4f {
  return mat4x4f(gain(c[0], b, a[0]), gain(c[1], b, a[1]), gain(c[2], b, a[2]), gain(c[3], b, a[3]));
}

@compute @workgroup_size(16, 16, 1)
fn matmul_tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let row = group.y * TILE;
  let col = group.x * TILE;
  let a_start = group.z / CHUNKS * A_BATCH;
  let b_start = group.z / CHUNKS * B_BATCH;
  let first = group.z % CHUNKS * CHUNK;
  let end = select(min(first + CHUNK, K), K, CHUNKS == 1u);
  let slab = 1024u / TILE;

  var c00 = mat4x4f();
  var c01 = mat4x4f();
  var c10 = mat4x4f();
  var c11 = mat4x4f();
  var base = 0u;
  a_slabs[place_of(t, !TRANSPOSE_A)] = fetch_left(a_start, row, first, end, t);
  b_slabs[place_of(t, TRANSPOSE_B)] = fetch_right(b_start, col, first, end, t);
  for (var k = first; k < end; k += slab) {
    workgroupBarrier();
    var a_next = Quad();
    var b_next = Quad();
    if (k + slab < end) {
      a_next = fetch_left(a_start, row, k + slab, end, t);
      b_next = fetch_right(b_start, col, k + slab, end, t);
    }
    for (var q = 0u; q < ROOM / TILE; q++) {
      let b0 = right_block(base, q, thread.x, 0u);
      let a0 = left_block(base, q, thread.y, 0u);
      c00 = gained(c00, b0, a0);
      if (TILE > 64u) {
        let b1 = right_block(base, q, thread.x, 1u);
        c01 = gained(c01, b1, a0);
        let a1 = left_block(base, q, thread.y, 1u);
        c10 = gained(c10, b0, a1);
        c11 = gained(c11, b1, a1);
      }
    }
    base = ROOM - base;
    a_slabs[base + place_of(t, !TRANSPOSE_A)] = a_next;
    b_slabs[base + place_of(t, TRANSPOSE_B)] = b_next;
  }

  // One store in a loop: the composed epilogue is compiled once, not 64 times. The sums move along, so that no register is
  // indexed by a variable. The bounds hold no constant, or the loops would be unrolled.
  let rows = min(TILE / 16u, M - min(M, row));
  let columns = min(TILE / 16u, N - min(N, col));
  for (var r = 0u; r < rows; r++) {
    let at = row + select(thread.y + r * 16u, thread.y * 4u + (r & 3u) + (r >> 2u) * 64u, TRANSPOSE_A);
    var near = c00[0];
    var far = c01[0];
    for (var c = 0u; c < columns; c++) {
      let to = col + select(thread.x * 4u + (c & 3u) + (c >> 2u) * 64u, thread.x + c * 16u, TRANSPOSE_B);
      if (at < M && to < N) {
        epilogue(group.z, at, to, near.x);
      }
      near = vec4f(near.yzw, far.x);
      far = far.yzwx;
    }
    c00 = mat4x4f(c00[1], c00[2], c00[3], c10[0]);
    c01 = mat4x4f(c01[1], c01[2], c01[3], c11[0]);
    c10 = mat4x4f(c10[1], c10[2], c10[3], c10[0]);
    c11 = mat4x4f(c11[1], c11[2], c11[3], c11[0]);
  }
}
