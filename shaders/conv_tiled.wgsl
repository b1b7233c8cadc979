// Convolution and its gradients as implicit matrix products through workgroup memory, a 64x64 tile per workgroup. For GPUs.
//
// The three directions are the partial derivatives of one trilinear form over x [N, H, W, C], filters w [R, S, C/G, O] and
// y [N, OH, OW, O], with the pixel that tap (r, s) of output (oy, ox) sees at
//   iy = oy * STRIDE_Y + r * DILATION_Y - TOP,  ix = ox * STRIDE_X + s * DILATION_X - LEFT:
//   DIRECTION 0   y[n, oy, ox, o] = sum over r, s, c    of x[n, iy, ix, c] * w[r, s, c, o]
//   DIRECTION 1   x[n, iy, ix, c] = sum over r, s, o    of y[n, oy, ox, o] * w[r, s, c, o]
//   DIRECTION 2   w[r, s, c, o]   = sum over n, oy, ox  of x[n, iy, ix, c] * y[n, oy, ox, o]
// Each is, for a group of channels, a product A B of a matrix A that is cut out of an image, whose rows are the positions of
// the result (pixels in directions 0 and 1, taps with their channels in 2) and whose columns are the terms k of the sum, and
// a matrix B whose columns are the channels of the result. A is never stored.
//
// Index map. The map is separable: element (row, k) of A lies in the image at y = y(row) + y(k), x = x(row) + x(k) and at
// address a(row) + a(k), since the pixel is affine in output and tap. So a row is decoded once, a term once, and an element
// costs additions:
//   DIRECTION 0   row (n, oy, ox):  y = oy * STRIDE_Y                      k (r, s, c):  y = r * DILATION_Y - TOP
//   DIRECTION 1   row (n, u, v):    y = u                                  k (r, s, o):  y = (a + TOP - r * DILATION_Y) / STRIDE_Y
//   DIRECTION 2   row (r, s, c):    y = r * DILATION_Y - TOP               k (n, oy, ox): y = oy * STRIDE_Y
// In direction 1 the image is y, and pixel iy = u * STRIDE_Y + a of the result belongs to phase a; the phases are products of
// their own, and k runs over the taps that divide there, r in first(a), first(a) + step, ...: conv_subgroup.wgsl derives it.
// An element of B is at b(k) + column * pitch. Unsigned differences below zero wrap to values above every extent, so one
// comparison tells what lies outside; there A has a zero that was never in the buffer, and beyond the last k so has B.
//
// Blocks. `first` (x, y, x) and `second` (w, w, y) declare the operands and read them at an element offset. Convolution b of
// the batch starts at b * FIRST_BATCH (b * SECOND_BATCH). `epilogue` declares the result and stores its element b * RESULT + i.
//
// `storage` says what slabs hold; with
//   enable f16;
//   alias Stored = f16;
// the factors are rounded to f16, which halves the room and traffic of workgroup memory, and sums stay f32.
//
// Threads. Workgroup of 8x8; the tables of a slab are made by 16 threads while all multiply the slab before it. Thread (x, y)
// owns columns 4x..4x+3 and 32+4x..32+4x+3 of the tile, and rows likewise, as in matmul_tiled.wgsl. Dispatch (tiles, 1,
// batch * G * CHUNKS), x folded into y beyond 65535; tiles count columns, then rows, then phases. Chunk q sums the terms
// [q * CHUNK, (q + 1) * CHUNK) alone and stores to b * CHUNKS + q, for shaders/reduce.wgsl to add.
//
// Numerics. Terms are added one by one in order of k; the order is fixed, so a result is the same bits on every run. What
// slabs of f16 cost is in the header of matmul_tiled.wgsl.

override DIRECTION: u32 = 0u;
override CHUNKS: u32 = 1u;
override CHUNK: u32 = 1u;
override RESULT: u32 = 1u;
override FIRST_BATCH: u32 = 0u;
override SECOND_BATCH: u32 = 0u;
override N: u32 = 1u;
override H: u32 = 1u;
override W: u32 = 1u;
override C: u32 = 1u;
override R: u32 = 1u;
override S: u32 = 1u;
override O: u32 = 1u;
override OH: u32 = 1u;
override OW: u32 = 1u;
override G: u32 = 1u;
override STRIDE_Y: u32 = 1u;
override STRIDE_X: u32 = 1u;
override DILATION_Y: u32 = 1u;
override DILATION_X: u32 = 1u;
override TOP: u32 = 0u;
override LEFT: u32 = 0u;
// From tap to tap of a phase.
override STEP_Y: u32 = 1u;
override STEP_X: u32 = 1u;

//@begin first
@group(0) @binding(0) var<storage, read> first: array<f32>;

fn first1(i: u32) -> f32 {
  return first[i];
}
//@end first

//@begin second
@group(0) @binding(1) var<storage, read> second: array<f32>;

fn second1(i: u32) -> f32 {
  return second[i];
}
//@end second

//@begin epilogue
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn epilogue(b: u32, i: u32, value: f32) {
  result[b * RESULT + i] = value;
}
//@end epilogue

//@begin storage
alias Stored = f32;
//@end storage

// A coordinate outside of every image, whatever is added to it that is not; as a place, nowhere.
const NONE: u32 = 0x80000000u;
const SLAB: u32 = 16u;
const PITCH: u32 = 66u;

var<workgroup> row_y: array<u32, 64>;
var<workgroup> row_x: array<u32, 64>;
var<workgroup> row_a: array<u32, 64>;
var<workgroup> row_place: array<u32, 64>;
var<workgroup> term_y: array<u32, 16>;
var<workgroup> term_x: array<u32, 16>;
var<workgroup> term_a: array<u32, 16>;
var<workgroup> term_b: array<u32, 16>;
var<workgroup> a_slab: array<Stored, 1056>; // [SLAB, PITCH]: k, row
var<workgroup> b_slab: array<Stored, 1056>; // [SLAB, PITCH]: k, column

// The first tap that reaches a phase.
fn first_tap(taps: u32, stride: u32, dilation: u32, before: u32, phase: u32) -> u32 {
  var found = taps;
  for (var tap = taps; tap > 0u; tap--) {
    found = select(found, tap - 1u, (phase + before + (stride - dilation % stride) * (tap - 1u)) % stride == 0u);
  }
  return found;
}

// What the workgroup knows of its product.
struct Job {
  phase_y: u32,
  phase_x: u32,
  first_r: u32,
  first_s: u32,
  seen_s: u32, // taps of a filter row that reach the phase
  first_start: u32,
  second_start: u32,
  k_end: u32,
}

fn decode_tap(r: u32, s: u32) -> vec2u {
  return vec2u(r * DILATION_Y - TOP, s * DILATION_X - LEFT);
}

fn decode_row(row: u32, job: Job, t: u32) {
  if (DIRECTION == 2u) {
    let tap = row / (C / G);
    let d = decode_tap(tap / S, tap % S);
    row_y[t] = select(NONE, d.x, tap < R * S);
    row_x[t] = d.y;
    row_a[t] = (d.x * W + d.y) * C + row % (C / G);
    row_place[t] = select(NONE, row, tap < R * S);
    return;
  }
  if (DIRECTION == 0u) {
    let y = (row / OW) % OH * STRIDE_Y;
    let x = row % OW * STRIDE_X;
    let n = row / (OW * OH);
    row_y[t] = select(NONE, y, n < N);
    row_x[t] = x;
    row_a[t] = job.first_start + ((n * H + y) * W + x) * C;
    row_place[t] = select(NONE, row, n < N);
    return;
  }
  let width = (W + STRIDE_X - 1u) / STRIDE_X;
  let height = (H + STRIDE_Y - 1u) / STRIDE_Y;
  let y = (row / width) % height;
  let x = row % width;
  let n = row / (width * height);
  row_y[t] = select(NONE, y, n < N);
  row_x[t] = x;
  row_a[t] = job.first_start + ((n * OH + y) * OW + x) * O;
  let iy = y * STRIDE_Y + job.phase_y;
  let ix = x * STRIDE_X + job.phase_x;
  row_place[t] = select(NONE, (n * H + iy) * W + ix, n < N && iy < H && ix < W);
}

fn decode_term(k: u32, job: Job, t: u32) {
  var y: u32;
  var x: u32;
  if (DIRECTION == 2u) {
    y = (k / OW) % OH * STRIDE_Y;
    x = k % OW * STRIDE_X;
    term_a[t] = job.first_start + ((k / (OW * OH) * H + y) * W + x) * C;
    term_b[t] = job.second_start + k * O;
  } else if (DIRECTION == 0u) {
    let tap = k / (C / G);
    let d = decode_tap(tap / S, tap % S);
    y = d.x;
    x = d.y;
    term_a[t] = (y * W + x) * C + k % (C / G);
    term_b[t] = job.second_start + k * O;
  } else {
    let tap = k / (O / G);
    let r = job.first_r + tap / job.seen_s * STEP_Y;
    let s = job.first_s + tap % job.seen_s * STEP_X;
    y = u32(i32(job.phase_y + TOP - r * DILATION_Y) / i32(STRIDE_Y));
    x = u32(i32(job.phase_x + LEFT - s * DILATION_X) / i32(STRIDE_X));
    term_a[t] = (y * OW + x) * O + k % (O / G);
    term_b[t] = job.second_start + (r * S + s) * (C / G) * O + k % (O / G);
  }
  term_y[t] = select(NONE, y, k < job.k_end);
  term_x[t] = x;
}

// Thread t brings 16 elements of each slab, neighbours in memory by neighbouring threads.
fn fetch(col: u32, t: u32) {
  let height = select(H, OH, DIRECTION == 1u);
  let width = select(W, OW, DIRECTION == 1u);
  for (var part = t; part < 1024u; part += 64u) {
    let s = select(part & 15u, part >> 6u, DIRECTION == 2u);
    let r = select(part >> 4u, part & 63u, DIRECTION == 2u);
    var v = 0.0;
    // NONE twice would be 0.
    if (row_y[r] != NONE && row_y[r] + term_y[s] < height && row_x[r] + term_x[s] < width) {
      v = first1(row_a[r] + term_a[s]);
    }
    a_slab[s * PITCH + r] = Stored(v);
  }
  for (var part = t; part < 1024u; part += 64u) {
    let s = select(part >> 6u, part & 15u, DIRECTION == 1u);
    let q = select(part & 63u, part >> 4u, DIRECTION == 1u);
    var v = 0.0;
    if (term_y[s] != NONE && col + q < select(O, C, DIRECTION == 1u) / G) {
      v = second1(term_b[s] + (col + q) * select(1u, O, DIRECTION == 1u));
    }
    b_slab[s * PITCH + q] = Stored(v);
  }
}

fn a_quad(i: u32) -> vec4f {
  return vec4f(f32(a_slab[i]), f32(a_slab[i + 1u]), f32(a_slab[i + 2u]), f32(a_slab[i + 3u]));
}

fn b_quad(i: u32) -> vec4f {
  return vec4f(f32(b_slab[i]), f32(b_slab[i + 1u]), f32(b_slab[i + 2u]), f32(b_slab[i + 3u]));
}

fn outer(a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(a.x * b, a.y * b, a.z * b, a.w * b);
}

@compute @workgroup_size(8, 8, 1)
fn conv_tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let backward = DIRECTION == 1u;
  let columns = select(O, C, backward) / G;
  let chunk = group.z % CHUNKS;
  let g = (group.z / CHUNKS) % G;
  let b = group.z / (CHUNKS * G);

  // The tile.
  let vertical = select(OH, (H + STRIDE_Y - 1u) / STRIDE_Y, backward);
  let horizontal = select(OW, (W + STRIDE_X - 1u) / STRIDE_X, backward);
  let rows = select(N * vertical * horizontal, R * S * (C / G), DIRECTION == 2u);
  let column_tiles = (columns + 63u) / 64u;
  let row_tiles = (rows + 63u) / 64u;
  let tile = group.x + group.y * groups.x;
  let phase = tile / (column_tiles * row_tiles);
  if (phase >= select(1u, STRIDE_Y * STRIDE_X, backward)) {
    return;
  }
  let row = (tile / column_tiles) % row_tiles * 64u;
  let col = tile % column_tiles * 64u;

  // The terms.
  var job = Job(phase / STRIDE_X, phase % STRIDE_X, 0u, 0u, S, 0u, 0u, 0u);
  job.first_start = b * FIRST_BATCH + g * (select(C, O, backward) / G);
  job.second_start = b * SECOND_BATCH + g * (O / G);
  var terms = select(R * S * (C / G), N * OH * OW, DIRECTION == 2u);
  if (backward) {
    job.first_r = first_tap(R, STRIDE_Y, DILATION_Y, TOP, job.phase_y);
    job.first_s = first_tap(S, STRIDE_X, DILATION_X, LEFT, job.phase_x);
    job.seen_s = (S + STEP_X - 1u - job.first_s) / STEP_X;
    terms = (R + STEP_Y - 1u - job.first_r) / STEP_Y * job.seen_s * (O / G);
    job.seen_s = max(job.seen_s, 1u);
  }
  let k_first = chunk * CHUNK;
  job.k_end = select(min(k_first + CHUNK, terms), terms, CHUNKS == 1u);

  decode_row(row + t, job, t);
  if (t < SLAB) {
    decode_term(k_first + t, job, t);
  }
  workgroupBarrier();

  let y = thread.y * 4u;
  let x = thread.x * 4u;
  var c00 = mat4x4f();
  var c01 = mat4x4f();
  var c10 = mat4x4f();
  var c11 = mat4x4f();
  for (var k = k_first; k < job.k_end; k += SLAB) {
    fetch(col, t);
    workgroupBarrier();
    if (t < SLAB) {
      decode_term(k + SLAB + t, job, t);
    }
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
  var sums = array<vec4f, 16>(
    c00[0], c01[0], c00[1], c01[1], c00[2], c01[2], c00[3], c01[3],
    c10[0], c11[0], c10[1], c11[1], c10[2], c11[2], c10[3], c11[3],
  );
  for (var e = 0u; e < 64u; e++) {
    let r = y + ((e >> 3u) & 3u) + (e >> 5u) * 32u;
    let q = col + x + (e & 3u) + ((e >> 2u) & 1u) * 32u;
    let place = row_place[r];
    if (place != NONE && q < columns) {
      epilogue(b * CHUNKS + chunk, place * (columns * G) + g * columns + q, sums[e >> 2u][e & 3u]);
    }
  }
}
