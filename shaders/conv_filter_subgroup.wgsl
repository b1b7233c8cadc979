// Filter gradient of a convolution as an implicit matrix product, by subgroups. For adapters that run shaders on the CPU and
// have subgroups of exactly LANES lanes: 8 (lavapipe with AVX) or 4 (SwiftShader); or of 8, each half for itself (HALVES, LANES = 4). shaders/matmul_subgroup.wgsl says why
// loads are shared among lanes; this is the same product with computed addresses.
//
// With x [N, H, W, C], y [N, OH, OW, O] (the gradient of the output) and w [R, S, C/G, O]:
//   w[r, s, c, o] = sum over n, oy, ox of x[n, oy * STRIDE_Y + r * DILATION_Y - TOP, ox * STRIDE_X + s * DILATION_X - LEFT, c] y[n, oy, ox, o]
// over the pixels that lie inside. It is a matrix product, for each group of channels, of
//   rows      (r, s, c), as the result is stored,      columns   filters of the group,
//   k         output pixels (n, oy, ox), which are many. They are cut into CHUNKS of CHUNK pixels, a multiple of 4, that other
//             workgroups sum; shaders/reduce.wgsl adds the partial results in order.
// The matrix of rows and k is never stored: its element is read where the image has it.
//
// Index map. Element (row, pixel) of that matrix is x at
//   ((n * H + oy * STRIDE_Y) * W + ox * STRIDE_X) * C   +   ((r * DILATION_Y - TOP) * W + s * DILATION_X - LEFT) * C + c
// where the first term has the pixel alone and the second the row alone. A lane keeps the second, and the offsets of its
// rows, for the whole sum; a pixel is decoded once for all rows. Unsigned differences below zero wrap to values above
// every extent, so one comparison tells what lies outside; there the product takes a zero that was never in the buffer.
//
// If C/G is a multiple of 4 (QUADS), four neighbouring rows have one tap and are one vec4 of the image: the lanes of a quad
// (0-3, 4-7) hold four rows at four pixels together, a lane four rows of one pixel. Otherwise (the first layer, with 3 colours)
// a lane holds one row at four pixels, each with an address of its own.
//
// Blocks. `first` (x) and `second` (y) declare the operands and read at an element offset, one element or four consecutive
// ones. The defaults hold vec4f and need C/G and O/G to be multiples of 4; otherwise scalar forms are put in their place.
// Convolution b of the batch starts at b * FIRST_BATCH (b * SECOND_BATCH). second4 may be asked for offsets beyond the
// columns; what it returns there is never stored. `epilogue` declares the result and stores its element b * RESULT + i.
//
// Threads. Workgroup of 16, whole subgroups; a subgroup owns 32 rows and 4 * LANES columns, a lane 4 of the columns. Of
// the subgroups of a workgroup, ACROSS stand side by side and the rest below each other. Dispatch (tiles, 1, batch * G *
// CHUNKS), x folded into y beyond 65535; tiles count columns, then rows. Chunk q stores to b * CHUNKS + q.
//
// Numerics. Terms are added in order of the pixel, four at a time: (((t0 + t1) + t2) + t3) into the running sum; the order
// is fixed, so a result is the same bits on every run.

enable subgroups;

override LANES: u32 = 8u;
// A subgroup of 8 works as two of 4 beneath each other, for results with up to 16 channels.
override HALVES: bool = false;
override ACROSS: u32 = 2u;
override QUADS: bool = true;
override CHUNKS: u32 = 1u;
override CHUNK: u32 = 4u;
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

//@begin first
@group(0) @binding(0) var<storage, read> first: array<vec4f>;

fn first1(i: u32) -> f32 {
  return first[i >> 2u][i & 3u];
}

fn first4(i: u32) -> vec4f {
  return first[i >> 2u];
}
//@end first

//@begin second
@group(0) @binding(1) var<storage, read> second: array<vec4f>;

fn second1(i: u32) -> f32 {
  return second[i >> 2u][i & 3u];
}

fn second4(i: u32) -> vec4f {
  return second[i >> 2u];
}
//@end second

//@begin epilogue
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn epilogue(b: u32, i: u32, value: f32) {
  result[b * RESULT + i] = value;
}
//@end epilogue

// Outside of every image, whatever is added to it that is not.
const NONE: u32 = 0x80000000u;

// What the rows of a lane add to a pixel's coordinates and address, one row (or quad of rows) in each component.
struct Rows {
  dy: vec4u,
  dx: vec4u,
  at: vec4u,
}

fn rows_at(row: vec4u) -> Rows {
  let channels = C / G;
  let c = row % channels;
  let tap = row / channels;
  let dy = (tap / S) * DILATION_Y - TOP;
  let dx = (tap % S) * DILATION_X - LEFT;
  return Rows(select(vec4u(NONE), dy, tap < vec4u(R * S)), dx, (dy * W + dx) * C + c);
}

// Four pixels k..k+3: where the upper left tap of an unpadded filter would be.
struct Pixels {
  y: vec4u,
  x: vec4u,
  at: vec4u,
}

fn pixels_at(k: vec4u, end: u32, start: u32) -> Pixels {
  let line = k / OW;
  let n = line / OH;
  let y = (line % OH) * STRIDE_Y;
  let x = (k % OW) * STRIDE_X;
  return Pixels(select(vec4u(NONE), y, k < vec4u(end)), x, start + ((n * H + y) * W + x) * C);
}

// Four rows at the lane's pixel.
fn quad_share(dy: u32, dx: u32, delta: u32, pixels: Pixels) -> vec4f {
  let inside = (pixels.y.x + dy < H) & (pixels.x.x + dx < W);
  return select(vec4f(), first4(select(0u, pixels.at.x + delta, inside)), inside);
}

// The lane's row at four pixels.
fn row_share(dy: u32, dx: u32, delta: u32, pixels: Pixels) -> vec4f {
  let inside = (pixels.y + dy < vec4u(H)) & (pixels.x + dx < vec4u(W));
  let at = select(vec4u(), pixels.at + delta, inside);
  return select(vec4f(), vec4f(first1(at.x), first1(at.y), first1(at.z), first1(at.w)), inside);
}

fn share(dy: u32, dx: u32, delta: u32, pixels: Pixels) -> vec4f {
  if (QUADS) {
    return quad_share(dy, dx, delta, pixels);
  }
  return row_share(dy, dx, delta, pixels);
}

// Four rows that lanes base..base+3 hold, for every lane: column i is what lane i holds.
fn four_rows(v: vec4f, base: u32) -> mat4x4f {
  if (HALVES) {
    return mat4x4f(
      subgroupShuffle(v, base),
      subgroupShuffle(v, base + 1u),
      subgroupShuffle(v, base + 2u),
      subgroupShuffle(v, base + 3u),
    );
  }
  return mat4x4f(
    subgroupBroadcast(v, 0u),
    subgroupBroadcast(v, 1u),
    subgroupBroadcast(v, 2u),
    subgroupBroadcast(v, 3u),
  );
}

// Eight rows at pixels k..k+3: in each block, column i is row i.
struct EightRows {
  upper: mat4x4f,
  lower: mat4x4f,
}

fn eight_rows(mine: vec4f, next: vec4f, base: u32) -> EightRows {
  let upper = four_rows(mine, base);
  var lower: mat4x4f;
  if (LANES == 8u) {
    lower = mat4x4f(
      subgroupBroadcast(mine, 4u),
      subgroupBroadcast(mine, 5u),
      subgroupBroadcast(mine, 6u),
      subgroupBroadcast(mine, 7u),
    );
  } else {
    lower = four_rows(next, base);
  }
  if (QUADS) {
    return EightRows(transpose(upper), transpose(lower));
  }
  return EightRows(upper, lower);
}

// Filters col..col+3 at pixel k; nothing beyond the last pixel.
fn output_row(start: u32, k: u32, col: u32, end: u32) -> vec4f {
  let v = second4(start + k * O + col);
  if ((N * OH * OW) % 4u == 0u) {
    return v;
  }
  return select(vec4f(), v, k < end);
}

fn output_block(start: u32, k: u32, col: u32, end: u32) -> mat4x4f {
  return mat4x4f(
    output_row(start, k, col, end),
    output_row(start, k + 1u, col, end),
    output_row(start, k + 2u, col, end),
    output_row(start, k + 3u, col, end),
  );
}

@compute @workgroup_size(16, 1, 1)
fn conv_filter_subgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let lane = subgroup_lane % LANES;
  let base = subgroup_lane - lane;
  let channels = C / G;
  let columns = O / G;
  let chunk = group.z % CHUNKS;
  let g = (group.z / CHUNKS) % G;
  let b = group.z / (CHUNKS * G);

  // The tile.
  let below = 16u / (LANES * ACROSS);
  let tile = group.x + group.y * groups.x;
  let column_tiles = (columns + 4u * LANES * ACROSS - 1u) / (4u * LANES * ACROSS);
  let part = thread / LANES;
  let row = ((tile / column_tiles) * below + part / ACROSS) * 32u;
  let col = (((tile % column_tiles) * ACROSS + part % ACROSS) * LANES + lane) * 4u;
  let row_count = R * S * channels;

  let mine = select(lane, lane & 4u, QUADS);
  let rows = rows_at(row + mine + vec4u(0u, 8u, 16u, 24u));
  // With four lanes a lane has eight rows.
  let next_rows = rows_at(row + select(lane, 0u, QUADS) + vec4u(4u, 12u, 20u, 28u));

  let first_start = b * FIRST_BATCH + g * channels;
  let second_start = b * SECOND_BATCH + g * columns;
  let k_first = chunk * CHUNK;
  let k_end = select(min(k_first + CHUNK, N * OH * OW), N * OH * OW, CHUNKS == 1u);

  var c0 = mat4x4f();
  var c1 = mat4x4f();
  var c2 = mat4x4f();
  var c3 = mat4x4f();
  var c4 = mat4x4f();
  var c5 = mat4x4f();
  var c6 = mat4x4f();
  var c7 = mat4x4f();
  for (var k = k_first; k < k_end; k += 4u) {
    let y = output_block(second_start, k, col, k_end);
    let pixels = pixels_at(k + select(vec4u(0u, 1u, 2u, 3u), vec4u(lane & 3u), QUADS), k_end, first_start);
    let a0 = eight_rows(
      share(rows.dy.x, rows.dx.x, rows.at.x, pixels),
      share(next_rows.dy.x, next_rows.dx.x, next_rows.at.x, pixels),
      base
    );
    c0 += y * a0.upper;
    c1 += y * a0.lower;
    let a1 = eight_rows(
      share(rows.dy.y, rows.dx.y, rows.at.y, pixels),
      share(next_rows.dy.y, next_rows.dx.y, next_rows.at.y, pixels),
      base
    );
    c2 += y * a1.upper;
    c3 += y * a1.lower;
    let a2 = eight_rows(
      share(rows.dy.z, rows.dx.z, rows.at.z, pixels),
      share(next_rows.dy.z, next_rows.dx.z, next_rows.at.z, pixels),
      base
    );
    c4 += y * a2.upper;
    c5 += y * a2.lower;
    let a3 = eight_rows(
      share(rows.dy.w, rows.dx.w, rows.at.w, pixels),
      share(next_rows.dy.w, next_rows.dx.w, next_rows.at.w, pixels),
      base
    );
    c6 += y * a3.upper;
    c7 += y * a3.lower;
  }

  // One store in a loop: the composed epilogue is compiled once, not 128 times. A row is taken out of the tile at once.
  var sums = array<mat4x4f, 8>(c0, c1, c2, c3, c4, c5, c6, c7);
  for (var i = 0u; i < 32u; i++) {
    let sum = sums[i >> 2u][i & 3u];
    let place = (row + i) * O + g * columns + col;
    for (var q = 0u; q < 4u; q++) {
      if (row + i < row_count && col + q < columns) {
        epilogue(b * CHUNKS + chunk, place + q, sum[q]);
      }
    }
  }
}
