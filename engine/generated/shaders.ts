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
  "argmax": {
    file: "shaders/argmax.wgsl",
    source: `// Position of the largest element along the rows of a [ROWS, LENGTH] view: the lowest at a tie; NaN counts as largest.
//
// Blocks. \`type\` names the scalar T and tells its NaN; \`element\` reads; \`finish\` stores the position.
// This file owns no binding.
//
// Threads. One per row; dispatch ceil(ROWS / 64) workgroups of 64, folded into y beyond 65535.

override ROWS: u32 = 1u;
override LENGTH: u32 = 1u;

//@begin type
alias T = f32;

fn undefined(x: T) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
//@end type

//@begin element
@group(0) @binding(0) var<storage, read> source: array<f32>;

fn element(row: u32, i: u32) -> f32 {
  return source[row * LENGTH + i];
}
//@end element

//@begin finish
@group(0) @binding(1) var<storage, read_write> result: array<i32>;

fn finish(row: u32, value: i32) {
  result[row] = value;
}
//@end finish

@compute @workgroup_size(64, 1, 1)
fn argmax(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * (groups.x * 64u);
  if (row >= ROWS) {
    return;
  }
  var best = element(row, 0u);
  var position = 0u;
  for (var i = 1u; i < LENGTH; i++) {
    let x = element(row, i);
    if (!undefined(best) && (x > best || undefined(x))) {
      best = x;
      position = i;
    }
  }
  finish(row, i32(position));
}
` as string,
    entries: { "argmax": [64, 1, 1] },
    bindings: [
      {"name":"source","binding":0,"type":"read","element":"f32","block":"element"},
      {"name":"result","binding":1,"type":"write","element":"i32","block":"finish"},
    ],
    overrides: [
      {"name":"ROWS","type":"u32","default":"1u"},
      {"name":"LENGTH","type":"u32","default":"1u"},
    ],
    blocks: ["type","element","finish"],
  },
  "conv_direct": {
    file: "shaders/conv_direct.wgsl",
    source: `// Convolution and its gradients, one element of the result per thread: for problems so small that compiling a tiled
// kernel would take longer than running this one.
//
// The three directions are the partial derivatives of one trilinear form over x [N, H, W, C], filters w [R, S, C/G, O] and
// y [N, OH, OW, O], with the pixel that tap (r, s) of output (oy, ox) sees at
//   iy = oy * STRIDE_Y + r * DILATION_Y - TOP,  ix = ox * STRIDE_X + s * DILATION_X - LEFT:
//   DIRECTION 0   y[n, oy, ox, o] = sum over r, s, c    of x[n, iy, ix, c] * w[r, s, c, o]
//   DIRECTION 1   x[n, iy, ix, c] = sum over r, s, o    of y[n, oy, ox, o] * w[r, s, c, o]
//   DIRECTION 2   w[r, s, c, o]   = sum over n, oy, ox  of x[n, iy, ix, c] * y[n, oy, ox, o]
// Index map of direction 1: oy = (iy + TOP - r * DILATION_Y) / STRIDE_Y where the division leaves nothing; unsigned
// differences below zero wrap to values above every extent, so one comparison tells what lies outside.
// Channels and filters are cut into G groups, which see nothing of each other.
//
// Blocks. \`first\` and \`second\` declare and read the operands at an element offset: x and w, y and w, or x and y. Convolution
// b of the batch starts at element b * FIRST_BATCH (b * SECOND_BATCH); a stride of 0 shares one operand. \`epilogue\`
// declares the result and stores its element b * RESULT + i.
//
// Threads. Workgroup of 64 along the RESULT elements of one convolution. Dispatch (ceil(RESULT / 64), 1, batch), x folded
// into y beyond 65535.
//
// Numerics. Terms are added in the order of the sums above, so a result is the same bits on every run. Pixels outside
// contribute no term.

override DIRECTION: u32 = 0u;
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

fn forward(a: u32, b: u32, i: u32) -> f32 {
  let o = i % O;
  let ox = (i / O) % OW;
  let oy = (i / (O * OW)) % OH;
  let n = i / (O * OW * OH);
  let channels = C / G;
  let group = (o / (O / G)) * channels;
  var sum = 0.0;
  for (var r = 0u; r < R; r++) {
    let iy = oy * STRIDE_Y + r * DILATION_Y - TOP;
    for (var s = 0u; s < S; s++) {
      let ix = ox * STRIDE_X + s * DILATION_X - LEFT;
      if (iy >= H || ix >= W) {
        continue;
      }
      let pixel = a + ((n * H + iy) * W + ix) * C + group;
      let weight = b + (r * S + s) * channels * O + o;
      for (var c = 0u; c < channels; c++) {
        sum += first1(pixel + c) * second1(weight + c * O);
      }
    }
  }
  return sum;
}

fn input_gradient(a: u32, b: u32, i: u32) -> f32 {
  let c = i % C;
  let ix = (i / C) % W;
  let iy = (i / (C * W)) % H;
  let n = i / (C * W * H);
  let channels = C / G;
  let filters = O / G;
  let group = (c / channels) * filters;
  var sum = 0.0;
  for (var r = 0u; r < R; r++) {
    let y = iy + TOP - r * DILATION_Y;
    for (var s = 0u; s < S; s++) {
      let x = ix + LEFT - s * DILATION_X;
      if (y % STRIDE_Y != 0u || x % STRIDE_X != 0u || y / STRIDE_Y >= OH || x / STRIDE_X >= OW) {
        continue;
      }
      let pixel = a + ((n * OH + y / STRIDE_Y) * OW + x / STRIDE_X) * O + group;
      let weight = b + ((r * S + s) * channels + c % channels) * O + group;
      for (var o = 0u; o < filters; o++) {
        sum += first1(pixel + o) * second1(weight + o);
      }
    }
  }
  return sum;
}

fn filter_gradient(a: u32, b: u32, i: u32) -> f32 {
  let o = i % O;
  let channels = C / G;
  let c = (i / O) % channels + (o / (O / G)) * channels;
  let s = (i / (O * channels)) % S;
  let r = i / (O * channels * S);
  var sum = 0.0;
  for (var n = 0u; n < N; n++) {
    for (var oy = 0u; oy < OH; oy++) {
      let iy = oy * STRIDE_Y + r * DILATION_Y - TOP;
      if (iy >= H) {
        continue;
      }
      for (var ox = 0u; ox < OW; ox++) {
        let ix = ox * STRIDE_X + s * DILATION_X - LEFT;
        if (ix < W) {
          sum += first1(a + ((n * H + iy) * W + ix) * C + c) * second1(b + ((n * OH + oy) * OW + ox) * O + o);
        }
      }
    }
  }
  return sum;
}

@compute @workgroup_size(64, 1, 1)
fn conv_direct(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * (groups.x * 64u);
  if (i >= RESULT) {
    return;
  }
  let a = id.z * FIRST_BATCH;
  let b = id.z * SECOND_BATCH;
  var value = 0.0;
  if (DIRECTION == 0u) {
    value = forward(a, b, i);
  } else if (DIRECTION == 1u) {
    value = input_gradient(a, b, i);
  } else {
    value = filter_gradient(a, b, i);
  }
  epilogue(id.z, i, value);
}
` as string,
    entries: { "conv_direct": [64, 1, 1] },
    bindings: [
      {"name":"first","binding":0,"type":"read","element":"f32","block":"first"},
      {"name":"second","binding":1,"type":"read","element":"f32","block":"second"},
      {"name":"result","binding":2,"type":"write","element":"f32","block":"epilogue"},
    ],
    overrides: [
      {"name":"DIRECTION","type":"u32","default":"0u"},
      {"name":"RESULT","type":"u32","default":"1u"},
      {"name":"FIRST_BATCH","type":"u32","default":"0u"},
      {"name":"SECOND_BATCH","type":"u32","default":"0u"},
      {"name":"N","type":"u32","default":"1u"},
      {"name":"H","type":"u32","default":"1u"},
      {"name":"W","type":"u32","default":"1u"},
      {"name":"C","type":"u32","default":"1u"},
      {"name":"R","type":"u32","default":"1u"},
      {"name":"S","type":"u32","default":"1u"},
      {"name":"O","type":"u32","default":"1u"},
      {"name":"OH","type":"u32","default":"1u"},
      {"name":"OW","type":"u32","default":"1u"},
      {"name":"G","type":"u32","default":"1u"},
      {"name":"STRIDE_Y","type":"u32","default":"1u"},
      {"name":"STRIDE_X","type":"u32","default":"1u"},
      {"name":"DILATION_Y","type":"u32","default":"1u"},
      {"name":"DILATION_X","type":"u32","default":"1u"},
      {"name":"TOP","type":"u32","default":"0u"},
      {"name":"LEFT","type":"u32","default":"0u"},
    ],
    blocks: ["first","second","epilogue"],
  },
  "conv_filter_subgroup": {
    file: "shaders/conv_filter_subgroup.wgsl",
    source: `// Filter gradient of a convolution as an implicit matrix product, by subgroups. For adapters that run shaders on the CPU and
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
// Blocks. \`first\` (x) and \`second\` (y) declare the operands and read at an element offset, one element or four consecutive
// ones. The defaults hold vec4f and need C/G and O/G to be multiples of 4; otherwise scalar forms are put in their place.
// Convolution b of the batch starts at b * FIRST_BATCH (b * SECOND_BATCH). second4 may be asked for offsets beyond the
// columns; what it returns there is never stored. \`epilogue\` declares the result and stores its element b * RESULT + i.
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
` as string,
    entries: { "conv_filter_subgroup": [16, 1, 1] },
    bindings: [
      {"name":"first","binding":0,"type":"read","element":"vec4f","block":"first"},
      {"name":"second","binding":1,"type":"read","element":"vec4f","block":"second"},
      {"name":"result","binding":2,"type":"write","element":"f32","block":"epilogue"},
    ],
    overrides: [
      {"name":"LANES","type":"u32","default":"8u"},
      {"name":"HALVES","type":"bool","default":"false"},
      {"name":"ACROSS","type":"u32","default":"2u"},
      {"name":"QUADS","type":"bool","default":"true"},
      {"name":"CHUNKS","type":"u32","default":"1u"},
      {"name":"CHUNK","type":"u32","default":"4u"},
      {"name":"RESULT","type":"u32","default":"1u"},
      {"name":"FIRST_BATCH","type":"u32","default":"0u"},
      {"name":"SECOND_BATCH","type":"u32","default":"0u"},
      {"name":"N","type":"u32","default":"1u"},
      {"name":"H","type":"u32","default":"1u"},
      {"name":"W","type":"u32","default":"1u"},
      {"name":"C","type":"u32","default":"1u"},
      {"name":"R","type":"u32","default":"1u"},
      {"name":"S","type":"u32","default":"1u"},
      {"name":"O","type":"u32","default":"1u"},
      {"name":"OH","type":"u32","default":"1u"},
      {"name":"OW","type":"u32","default":"1u"},
      {"name":"G","type":"u32","default":"1u"},
      {"name":"STRIDE_Y","type":"u32","default":"1u"},
      {"name":"STRIDE_X","type":"u32","default":"1u"},
      {"name":"DILATION_Y","type":"u32","default":"1u"},
      {"name":"DILATION_X","type":"u32","default":"1u"},
      {"name":"TOP","type":"u32","default":"0u"},
      {"name":"LEFT","type":"u32","default":"0u"},
    ],
    blocks: ["first","second","epilogue"],
  },
  "conv_subgroup": {
    file: "shaders/conv_subgroup.wgsl",
    source: `// Convolution and its input gradient as an implicit matrix product, by subgroups. For adapters that run shaders on the CPU
// and have subgroups of exactly LANES lanes: 8 (lavapipe with AVX) or 4 (SwiftShader); or of 8, each half for itself (HALVES, LANES = 4). shaders/matmul_subgroup.wgsl says
// why loads are shared among lanes; this is the same product with computed addresses.
//
// Both directions take a source image to a target image, with x [N, H, W, C], y [N, OH, OW, O], w [R, S, C/G, O]:
//   DIRECTION 0   y[n, oy, ox, o] = sum over r, s, c of x[n, oy * STRIDE_Y + r * DILATION_Y - TOP, (ox likewise), c] w[r, s, c, o]
//   DIRECTION 1   x[n, iy, ix, c] = sum over r, s, o of y[n, (iy + TOP - r * DILATION_Y) / STRIDE_Y, (ix likewise), o] w[r, s, c, o]
//                                   where the division leaves nothing
// as a matrix product, for each group of channels, of
//   rows      pixels of the target,      columns   channels of the target in the group,
//   k         taps (r, s), and within a tap the channels of the source in the group.
// The matrix of rows and k is never stored: its element is read where the image has it.
//
// Index map. Rows number a grid of points (n, u, v). The source pixel that tap (r, s) shows to a point is affine in u and v
// with an offset that only the tap has:
//   DIRECTION 0   the point is the target pixel (u, v); the source pixel is (u * STRIDE_Y + r * DILATION_Y - TOP, ...).
//   DIRECTION 1   a tap can reach iy only if STRIDE_Y divides iy + TOP - r * DILATION_Y, which depends on iy mod STRIDE_Y
//                 alone. So the target is cut into STRIDE_Y * STRIDE_X phases: pixel iy = u * STRIDE_Y + a of phase a. All of
//                 a phase has the same taps, r in first(a), first(a) + step, ..., with step = STRIDE_Y / gcd(STRIDE_Y,
//                 DILATION_Y), and the source pixel is (u + (a + TOP - r * DILATION_Y) / STRIDE_Y, ...), an exact division.
//                 No multiplication is spent on a tap that does not divide.
// In both, source = u * scale + offset(tap). A lane keeps u * scale, v * scale and their address for its rows, and for every
// tap adds offset and compares, outside of the loop over channels. Unsigned differences below zero wrap to values above
// every extent, so one comparison tells what lies outside; such a row takes zeros that were never in the buffer.
//
// Blocks. \`first\` (source image) and \`second\` (filters) declare the operands and read at an element offset, one element or
// four consecutive ones. The defaults hold vec4f and need C/G and O/G (first: only that of the source) to be multiples
// of 4; otherwise scalar forms are put in their place. Convolution b of the batch starts at b * FIRST_BATCH (b * SECOND_BATCH).
// first4 and second4 may be asked for offsets beyond the columns; what they return there is never stored. \`epilogue\`
// declares the result and stores its element b * RESULT + i.
//
// Threads. Workgroup of 16, whole subgroups; a subgroup owns 32 rows and 4 * LANES columns, a lane 4 of the columns. Of
// the subgroups of a workgroup, ACROSS stand side by side and the rest below each other. Dispatch (tiles, 1, batch * G *
// CHUNKS), x folded into y beyond 65535; tiles count columns, then rows, then phases. With CHUNKS > 1 chunk q sums the
// source channels [q * CHUNK, (q + 1) * CHUNK) alone and stores to b * CHUNKS + q, for shaders/reduce.wgsl to add.
//
// Numerics. Terms are added in order of r, s and channel, four channels at a time: (((t0 + t1) + t2) + t3) into the running
// sum; the order is fixed, so a result is the same bits on every run.

enable subgroups;

override LANES: u32 = 8u;
// A subgroup of 8 works as two of 4 beneath each other, for results with up to 16 channels.
override HALVES: bool = false;
override ACROSS: u32 = 2u;
override DIRECTION: u32 = 0u;
// Channels of the source in a group are a multiple of 4.
override WHOLE: bool = true;
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

// One axis of the index map, of a phase.
struct Axis {
  points: u32, // of the target
  source: u32, // extent
  scale: u32,
  first: u32, // tap
  step: u32, // from tap to tap
}

fn axis(target_extent: u32, source: u32, taps: u32, stride: u32, dilation: u32, before: u32, phase: u32) -> Axis {
  if (DIRECTION == 0u) {
    return Axis(target_extent, source, stride, 0u, 1u);
  }
  var first_tap = 0u;
  while (first_tap < taps && (phase + before + (stride - dilation % stride) * first_tap) % stride != 0u) {
    first_tap++;
  }
  var step = 1u;
  while ((step * dilation) % stride != 0u) {
    step++;
  }
  return Axis((target_extent + stride - 1u) / stride, source, 1u, first_tap, step);
}

// What a tap adds to the source coordinate.
fn offset(tap: u32, stride: u32, dilation: u32, before: u32, phase: u32) -> u32 {
  if (DIRECTION == 0u) {
    return tap * dilation - before;
  }
  return u32(i32(phase + before - tap * dilation) / i32(stride));
}

// Four of the lane's rows: the source pixel they have without offset, its address, and the pixel of the target. \`NONE\`
// is outside of everything.
const NONE: u32 = 0x80000000u;

struct Points {
  y: vec4u,
  x: vec4u,
  at: vec4u,
  goal: vec4u,
}

fn points(row: vec4u, vertical: Axis, horizontal: Axis, phase_y: u32, phase_x: u32) -> Points {
  let v = row % horizontal.points;
  let line = row / horizontal.points;
  let u = line % vertical.points;
  let n = line / vertical.points;
  let y = select(vec4u(NONE), u * vertical.scale, n < vec4u(N));
  let x = v * horizontal.scale;
  let at = ((n * vertical.source + y) * horizontal.source + x) * select(C, O, DIRECTION == 1u);
  if (DIRECTION == 0u) {
    return Points(y, x, at, select(vec4u(NONE), row, n < vec4u(N)));
  }
  let ty = u * STRIDE_Y + phase_y;
  let tx = v * STRIDE_X + phase_x;
  let inside = (n < vec4u(N)) & (ty < vec4u(H)) & (tx < vec4u(W));
  return Points(y, x, at, select(vec4u(NONE), (n * H + ty) * W + tx, inside));
}

// The same four rows seen through a tap.
struct View {
  at: vec4u,
  inside: vec4<bool>,
}

fn view(rows: Points, dy: u32, dx: u32, delta: u32, height: u32, width: u32) -> View {
  let inside = (rows.y + dy < vec4u(height)) & (rows.x + dx < vec4u(width));
  return View(select(vec4u(), rows.at + delta, inside), inside);
}

// Zero beyond the last channel, where memory goes on with something else.
fn within(v: vec4f, c: u32, end: u32) -> vec4f {
  if (WHOLE) {
    return v;
  }
  return select(vec4f(), v, c + vec4u(0u, 1u, 2u, 3u) < vec4u(end));
}

// Four rows that lanes base..base+3 hold, for every lane: column i is row i.
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

// Eight rows over channels c..c+3 of the source.
struct EightRows {
  upper: mat4x4f,
  lower: mat4x4f,
}

fn eight_rows(at: u32, inside: bool, next_at: u32, next_inside: bool, c: u32, end: u32, base: u32) -> EightRows {
  let share = within(select(vec4f(), first4(at + c), inside), c, end);
  let upper = four_rows(share, base);
  if (LANES == 8u) {
    let lower = mat4x4f(
      subgroupBroadcast(share, 4u),
      subgroupBroadcast(share, 5u),
      subgroupBroadcast(share, 6u),
      subgroupBroadcast(share, 7u),
    );
    return EightRows(upper, lower);
  }
  let next = within(select(vec4f(), first4(next_at + c), next_inside), c, end);
  return EightRows(upper, four_rows(next, base));
}

// Columns col..col+3 of the filters over channels c..c+3 of the source: column k is channel c + k.
fn filter_block(tap: u32, c: u32, col: u32, end: u32) -> mat4x4f {
  if (DIRECTION == 1u) {
    let i = tap + col * O + c;
    return transpose(
      mat4x4f(
        within(second4(i), c, end),
        within(second4(i + O), c, end),
        within(second4(i + 2u * O), c, end),
        within(second4(i + 3u * O), c, end),
      )
    );
  }
  let i = tap + c * O + col;
  return mat4x4f(
    second4(i),
    select(vec4f(), second4(i + O), WHOLE || c + 1u < end),
    select(vec4f(), second4(i + 2u * O), WHOLE || c + 2u < end),
    select(vec4f(), second4(i + 3u * O), WHOLE || c + 3u < end),
  );
}

@compute @workgroup_size(16, 1, 1)
fn conv_subgroup(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let lane = subgroup_lane % LANES;
  let base = subgroup_lane - lane;
  let backward = DIRECTION == 1u;
  let source_channels = select(C, O, backward) / G;
  let columns = select(O, C, backward) / G;
  let chunk = group.z % CHUNKS;
  let g = (group.z / CHUNKS) % G;
  let b = group.z / (CHUNKS * G);

  // The tile.
  let below = 16u / (LANES * ACROSS);
  let tile = group.x + group.y * groups.x;
  let column_tiles = (columns + 4u * LANES * ACROSS - 1u) / (4u * LANES * ACROSS);
  let vertical_points = select(OH, (H + STRIDE_Y - 1u) / STRIDE_Y, backward);
  let horizontal_points = select(OW, (W + STRIDE_X - 1u) / STRIDE_X, backward);
  let row_tiles = (N * vertical_points * horizontal_points + 32u * below - 1u) / (32u * below);
  let phase = tile / (column_tiles * row_tiles);
  if (phase >= select(1u, STRIDE_Y * STRIDE_X, backward)) {
    return;
  }
  let phase_y = phase / STRIDE_X;
  let phase_x = phase % STRIDE_X;
  let part = thread / LANES;
  let row = ((tile / column_tiles) % row_tiles * below + part / ACROSS) * 32u;
  let col = (((tile % column_tiles) * ACROSS + part % ACROSS) * LANES + lane) * 4u;

  let vertical = axis(select(OH, H, backward), select(H, OH, backward), R, STRIDE_Y, DILATION_Y, TOP, phase_y);
  let horizontal = axis(select(OW, W, backward), select(W, OW, backward), S, STRIDE_X, DILATION_X, LEFT, phase_x);
  let rows = points(row + lane + vec4u(0u, 8u, 16u, 24u), vertical, horizontal, phase_y, phase_x);
  // With four lanes a lane has eight rows.
  let next_rows = points(row + lane + vec4u(4u, 12u, 20u, 28u), vertical, horizontal, phase_y, phase_x);

  let source_pitch = select(C, O, backward);
  let source_start = b * FIRST_BATCH + g * source_channels;
  let filter_start = b * SECOND_BATCH + g * (O / G);
  let c_first = chunk * CHUNK;
  let c_end = select(min(c_first + CHUNK, source_channels), source_channels, CHUNKS == 1u);

  var c0 = mat4x4f();
  var c1 = mat4x4f();
  var c2 = mat4x4f();
  var c3 = mat4x4f();
  var c4 = mat4x4f();
  var c5 = mat4x4f();
  var c6 = mat4x4f();
  var c7 = mat4x4f();
  for (var r = vertical.first; r < R; r += vertical.step) {
    let dy = offset(r, STRIDE_Y, DILATION_Y, TOP, phase_y);
    for (var s = horizontal.first; s < S; s += horizontal.step) {
      let dx = offset(s, STRIDE_X, DILATION_X, LEFT, phase_x);
      let delta = source_start + (dy * horizontal.source + dx) * source_pitch;
      let seen = view(rows, dy, dx, delta, vertical.source, horizontal.source);
      let next = view(next_rows, dy, dx, delta, vertical.source, horizontal.source);
      let tap = filter_start + (r * S + s) * (C / G) * O;
      for (var c = c_first; c < c_end; c += 4u) {
        let f = filter_block(tap, c, col, c_end);
        let a0 = eight_rows(seen.at.x, seen.inside.x, next.at.x, next.inside.x, c, c_end, base);
        c0 += f * a0.upper;
        c1 += f * a0.lower;
        let a1 = eight_rows(seen.at.y, seen.inside.y, next.at.y, next.inside.y, c, c_end, base);
        c2 += f * a1.upper;
        c3 += f * a1.lower;
        let a2 = eight_rows(seen.at.z, seen.inside.z, next.at.z, next.inside.z, c, c_end, base);
        c4 += f * a2.upper;
        c5 += f * a2.lower;
        let a3 = eight_rows(seen.at.w, seen.inside.w, next.at.w, next.inside.w, c, c_end, base);
        c6 += f * a3.upper;
        c7 += f * a3.lower;
      }
    }
  }

  // One store in a loop: the composed epilogue is compiled once, not 128 times. A row is taken out of the tile at once.
  var sums = array<mat4x4f, 8>(c0, c1, c2, c3, c4, c5, c6, c7);
  for (var i = 0u; i < 32u; i++) {
    var goal = rows.goal[i >> 3u];
    if (LANES == 4u && (i & 4u) != 0u) {
      goal = next_rows.goal[i >> 3u];
    }
    goal = subgroupShuffle(goal, base + (i & (LANES - 1u)));
    let sum = sums[i >> 2u][i & 3u];
    let place = goal * (columns * G) + g * columns + col;
    for (var q = 0u; q < 4u; q++) {
      if (goal != NONE && col + q < columns) {
        epilogue(b * CHUNKS + chunk, place + q, sum[q]);
      }
    }
  }
}
` as string,
    entries: { "conv_subgroup": [16, 1, 1] },
    bindings: [
      {"name":"first","binding":0,"type":"read","element":"vec4f","block":"first"},
      {"name":"second","binding":1,"type":"read","element":"vec4f","block":"second"},
      {"name":"result","binding":2,"type":"write","element":"f32","block":"epilogue"},
    ],
    overrides: [
      {"name":"LANES","type":"u32","default":"8u"},
      {"name":"HALVES","type":"bool","default":"false"},
      {"name":"ACROSS","type":"u32","default":"2u"},
      {"name":"DIRECTION","type":"u32","default":"0u"},
      {"name":"WHOLE","type":"bool","default":"true"},
      {"name":"CHUNKS","type":"u32","default":"1u"},
      {"name":"CHUNK","type":"u32","default":"4u"},
      {"name":"RESULT","type":"u32","default":"1u"},
      {"name":"FIRST_BATCH","type":"u32","default":"0u"},
      {"name":"SECOND_BATCH","type":"u32","default":"0u"},
      {"name":"N","type":"u32","default":"1u"},
      {"name":"H","type":"u32","default":"1u"},
      {"name":"W","type":"u32","default":"1u"},
      {"name":"C","type":"u32","default":"1u"},
      {"name":"R","type":"u32","default":"1u"},
      {"name":"S","type":"u32","default":"1u"},
      {"name":"O","type":"u32","default":"1u"},
      {"name":"OH","type":"u32","default":"1u"},
      {"name":"OW","type":"u32","default":"1u"},
      {"name":"G","type":"u32","default":"1u"},
      {"name":"STRIDE_Y","type":"u32","default":"1u"},
      {"name":"STRIDE_X","type":"u32","default":"1u"},
      {"name":"DILATION_Y","type":"u32","default":"1u"},
      {"name":"DILATION_X","type":"u32","default":"1u"},
      {"name":"TOP","type":"u32","default":"0u"},
      {"name":"LEFT","type":"u32","default":"0u"},
    ],
    blocks: ["first","second","epilogue"],
  },
  "conv_tiled": {
    file: "shaders/conv_tiled.wgsl",
    source: `// Convolution and its gradients as implicit matrix products through workgroup memory, a 64x64 tile per workgroup. For GPUs.
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
// Blocks. \`first\` (x, y, x) and \`second\` (w, w, y) declare the operands and read them at an element offset. Convolution b of
// the batch starts at b * FIRST_BATCH (b * SECOND_BATCH). \`epilogue\` declares the result and stores its element b * RESULT + i.
//
// \`storage\` says what slabs hold; with
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
` as string,
    entries: { "conv_tiled": [8, 8, 1] },
    bindings: [
      {"name":"first","binding":0,"type":"read","element":"f32","block":"first"},
      {"name":"second","binding":1,"type":"read","element":"f32","block":"second"},
      {"name":"result","binding":2,"type":"write","element":"f32","block":"epilogue"},
    ],
    overrides: [
      {"name":"DIRECTION","type":"u32","default":"0u"},
      {"name":"CHUNKS","type":"u32","default":"1u"},
      {"name":"CHUNK","type":"u32","default":"1u"},
      {"name":"RESULT","type":"u32","default":"1u"},
      {"name":"FIRST_BATCH","type":"u32","default":"0u"},
      {"name":"SECOND_BATCH","type":"u32","default":"0u"},
      {"name":"N","type":"u32","default":"1u"},
      {"name":"H","type":"u32","default":"1u"},
      {"name":"W","type":"u32","default":"1u"},
      {"name":"C","type":"u32","default":"1u"},
      {"name":"R","type":"u32","default":"1u"},
      {"name":"S","type":"u32","default":"1u"},
      {"name":"O","type":"u32","default":"1u"},
      {"name":"OH","type":"u32","default":"1u"},
      {"name":"OW","type":"u32","default":"1u"},
      {"name":"G","type":"u32","default":"1u"},
      {"name":"STRIDE_Y","type":"u32","default":"1u"},
      {"name":"STRIDE_X","type":"u32","default":"1u"},
      {"name":"DILATION_Y","type":"u32","default":"1u"},
      {"name":"DILATION_X","type":"u32","default":"1u"},
      {"name":"TOP","type":"u32","default":"0u"},
      {"name":"LEFT","type":"u32","default":"0u"},
      {"name":"STEP_Y","type":"u32","default":"1u"},
      {"name":"STEP_X","type":"u32","default":"1u"},
    ],
    blocks: ["first","second","epilogue","storage"],
  },
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
  "math": {
    file: "shaders/math.wgsl",
    source: `// Scalar functions that WGSL lacks, or leaves too loose for numerical work. Not a kernel: the compiler copies the
// functions that a composed expression calls, with those they call.
//
// WGSL allows log an absolute error of 2^-21 around 1, exp 3 + 2|x| ulp, pow what exp2(y log2 x) gives, tanh 1e-5, sin
// and cos 2^-11, and has no log1p, expm1 or erf. The versions here use additions, products, quotients and bit patterns
// only. Coefficients are those of FreeBSD's msun (Cephes for exp, sin and cos), fitted for binary32. The error stated
// with each is the largest seen against float64 on lavapipe and SwiftShader (docs/kernels.md has the table).
//
// Special values: compilers may assume that no infinity or NaN occurs, so they are tested for by bits and produced by
// \`nonFinite\`, whose argument no compiler can fold into a constant expression.

// The float with these bits.
fn nonFinite(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

// Neither infinite nor NaN.
fn finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn isNotANumber(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// The larger and the smaller of two numbers, NaN if either is: WGSL's max and min may drop it.
fn larger(a: f32, b: f32) -> f32 {
  return select(select(max(a, b), b, isNotANumber(b)), a, isNotANumber(a));
}

fn smaller(a: f32, b: f32) -> f32 {
  return select(select(min(a, b), b, isNotANumber(b)), a, isNotANumber(a));
}

// ln(1 + f) - f for 1 + f in [sqrt(1/2), sqrt(2)), by s = f / (2 + f): ln(1 + f) = 2 artanh s.
fn log1pTail(f: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  let w = z * z;
  let r = z * (0.66666662693 + w * 0.28498786688) + w * (0.40000972152 + w * 0.24279078841);
  let half = 0.5 * f * f;
  return s * (half + r) - half;
}

// Natural logarithm: -inf at 0, NaN below. 0.9 ulp; subnormals only where the driver keeps them.
fn logarithm(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits << 1u) == 0u) {
    return nonFinite(0xff800000u);
  }
  if (bits > 0x7f800000u) {
    return nonFinite(0x7fc00000u);
  }
  if (bits == 0x7f800000u) {
    return x;
  }
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); subnormals are scaled first.
  let small = bits < 0x00800000u;
  let shifted = select(bits, bitcast<u32>(x * 33554432.0), small) + (0x3f800000u - 0x3f3504f3u);
  let k = f32(i32(shifted >> 23u) - 127 - select(0, 25, small));
  let f = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  return (log1pTail(f) + k * 9.0580006145e-06) + f + k * 6.9313812256e-01;
}

// ln(1 + x) without cancellation near 0. 2.4 ulp.
fn log1p(x: f32) -> f32 {
  if (!(x > -1.0)) {
    return nonFinite(select(0x7fc00000u, 0xff800000u, x == -1.0));
  }
  if (!finite(x) || abs(x) < 5.9604645e-8) {
    return x;
  }
  if (x > -0.29289323 && x < 0.41421356) {
    return log1pTail(x) + x;
  }
  let u = 1.0 + x;
  let shifted = bitcast<u32>(u) + (0x3f800000u - 0x3f3504f3u);
  let k = f32(i32(shifted >> 23u) - 127);
  // What rounding 1 + x lost, relative to u.
  let lost = select(x - (u - 1.0), 1.0 - (u - x), k >= 2.0) / u;
  let f = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  return (log1pTail(f) + (k * 9.0580006145e-06 + select(0.0, lost, k < 25.0))) + f + k * 6.9313812256e-01;
}

// exp(x): 1.3 ulp, where WGSL allows 3 + 2|x|. x = k ln 2 + r; the first part of ln 2 has 9 bits, so k times it is exact.
fn exponential(x: f32) -> f32 {
  let bounded = clamp(x, -105.0, 89.0);
  let k = round(bounded * 1.44269504);
  let r = (bounded - k * 0.693359375) + k * 2.12194440e-4;
  let p = ((((1.9875691500e-4 * r + 1.3981999507e-3) * r + 8.3334519073e-3) * r + 4.1665795894e-2) * r + 1.6666665459e-1) * r + 5.0000001201e-1;
  let y = p * r * r + r + 1.0;
  // 2^k in two factors, since neither 2^128 nor 2^-151 is a normal float.
  let n = i32(k);
  let power = bitcast<f32>(u32(127 + n / 2) << 23u);
  let rest = bitcast<f32>(u32(127 + n - n / 2) << 23u);
  return select(y * power * rest, x, isNotANumber(x));
}

// exp(x) - 1 without cancellation near 0. 1.5 ulp.
fn expm1(x: f32) -> f32 {
  if (isNotANumber(x)) {
    return x;
  }
  if (x > 88.72168) {
    return nonFinite(0x7f800000u);
  }
  if (x < -18.714973) {
    return -1.0;
  }
  if (abs(x) < 2.9802322e-8) {
    return x;
  }
  // x = k ln 2 + r, with r = hi - lo and c what rounding hi - lo lost.
  let k = select(round(x * 1.44269504), 0.0, abs(x) <= 0.34657359);
  let hi = x - k * 6.9313812256e-01;
  let lo = k * 9.0580006145e-06;
  let r = hi - lo;
  let c = (hi - r) - lo;
  let half = 0.5 * r;
  let square = r * half;
  let p = 1.0 + square * (-3.3333212137e-2 + square * 1.5807170421e-3);
  let t = 3.0 - p * half;
  let e = square * ((p - t) / (6.0 - r * t));
  if (k == 0.0) {
    return r - (r * e - square);
  }
  let d = (r * (e - c) - c) - square;
  // exp(x) - 1 = 2^k (1 + r - d) - 1. 2^k by its bits, in two factors, since 2^128 is no float.
  let power = bitcast<f32>(u32(i32(min(k, 127.0)) + 127) << 23u);
  if (k < 24.0) {
    let inverse = bitcast<f32>(u32(127 - i32(k)) << 23u);
    return ((1.0 - inverse) + (r - d)) * power;
  }
  return ((r - d) + 1.0) * power * select(1.0, 2.0, k > 127.0) - 1.0;
}

// 2.1 ulp.
fn hyperbolicTangent(x: f32) -> f32 {
  let z = abs(x);
  if (z > 10.0) {
    return sign(x);
  }
  let grow = z > 0.54930614;
  let t = expm1(select(-2.0 * z, 2.0 * z, grow));
  let y = select(-t / (t + 2.0), 1.0 - 2.0 / (t + 2.0), grow);
  return select(y, -y, x < 0.0);
}

// 1 / (1 + exp(-x)): exp is taken of negative numbers only, so nothing overflows. 2.3 ulp.
fn sigmoid(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. 1.1 ulp.
fn erf(x: f32) -> f32 {
  if (isNotANumber(x)) {
    return x;
  }
  let z = abs(x);
  if (z < 0.84375) {
    let s = x * x;
    let p = 1.2837916613e-01 + s * (-3.2504209876e-01 + s * (-2.8481749818e-02 + s * (-5.7702702470e-03 + s * -2.3763017452e-05)));
    let q = 1.0 + s * (3.9791721106e-01 + s * (6.5022252500e-02 + s * (5.0813062117e-03 + s * (1.3249473704e-04 + s * -3.9602282413e-06))));
    return x + x * (p / q);
  }
  var y = 1.0;
  if (z < 1.25) {
    let s = z - 1.0;
    let p = -2.3621185683e-03 + s * (4.1485610604e-01 + s * (-3.7220788002e-01 + s * (3.1834661961e-01 + s * (-1.1089469492e-01 + s * (3.5478305072e-02 + s * -2.1663755178e-03)))));
    let q = 1.0 + s * (1.0642088205e-01 + s * (5.4039794207e-01 + s * (7.1828655899e-02 + s * (1.2617121637e-01 + s * (1.3637083583e-02 + s * 1.1984500103e-02)))));
    y = 8.4506291151e-01 + p / q;
  } else if (z < 4.0) {
    // 1 - erfc: an error of erfc is at least 13 times smaller in the result.
    let s = 1.0 / (z * z);
    let near = z < 2.857143;
    let r = select(
      -9.8649431020e-03 + s * (-7.9928326607e-01 + s * (-1.7757955551e+01 + s * (-1.6063638306e+02 + s * (-6.3756646729e+02 + s * (-1.0250950928e+03 + s * -4.8351919556e+02))))),
      -9.8649440333e-03 + s * (-6.9385856390e-01 + s * (-1.0558626175e+01 + s * (-6.2375331879e+01 + s * (-1.6239666748e+02 + s * (-1.8460508728e+02 + s * (-8.1287437439e+01 + s * -9.8143291473e+00)))))),
      near);
    let t = select(
      1.0 + s * (3.0338060379e+01 + s * (3.2579251099e+02 + s * (1.5367296143e+03 + s * (3.1998581543e+03 + s * (2.5530502930e+03 + s * (4.7452853394e+02 + s * -2.2440952301e+01)))))),
      1.0 + s * (1.9651271820e+01 + s * (1.3765776062e+02 + s * (4.3456588745e+02 + s * (6.4538726807e+02 + s * (4.2900814819e+02 + s * (1.0863500214e+02 + s * (6.5702495575e+00 + s * -6.0424413532e-02))))))),
      near);
    y = 1.0 - exponential(-z * z - 0.5625 + r / t) / z;
  }
  return select(y, -y, x < 0.0);
}

// x = k pi/2 + r with |r| <= pi/4: r in .x, k modulo 4 in .y. pi/2 in three parts, of which the first two times k are
// exact up to |x| = 1e4.
fn quarterTurns(x: f32) -> vec2f {
  let k = round(x * 0.636619772);
  let r = ((x - k * 1.5703125) - k * 4.837512969970703125e-4) - k * 7.54978995489188216e-8;
  return vec2f(r, k - 4.0 * floor(k * 0.25));
}

// sin(r + q pi/2) for |r| <= pi/4.
fn sineOf(r: f32, q: f32) -> f32 {
  let z = r * r;
  let odd = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
  let even = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
  let y = select(odd, even, q == 1.0 || q == 3.0);
  return select(y, -y, q >= 2.0);
}

// Absolute error below 2^-22 up to |x| = 1e4, and growing with |x| beyond.
fn sine(x: f32) -> f32 {
  let t = quarterTurns(x);
  return sineOf(t.x, t.y);
}

fn cosine(x: f32) -> f32 {
  let t = quarterTurns(x);
  return sineOf(t.x, select(t.y + 1.0, 0.0, t.y == 3.0));
}

// The upper 12 bits of a float's significand: products of two such numbers are exact.
fn upperHalf(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// log2(x) for x > 0, finite, as an unevaluated sum .x + .y of about 40 bits: log2 m = 2 / ln 2 artanh((m - c) / (m + c))
// + log2 c with c = 1 or 1.5, carried in halves (msun, e_powf.c).
fn log2Halves(x: f32) -> vec2f {
  let small = bitcast<u32>(x) < 0x00800000u;
  var bits = bitcast<u32>(select(x, x * 16777216.0, small));
  var n = i32(bits >> 23u) - 127 - select(0, 24, small);
  let significand = bits & 0x007fffffu;
  bits = significand | 0x3f800000u;
  let middle = significand > 0x1cc471u && significand < 0x5db3d7u;
  if (significand >= 0x5db3d7u) {
    n += 1;
    bits -= 0x00800000u;
  }
  let m = bitcast<f32>(bits);
  let c = select(1.0, 1.5, middle);
  let u = m - c;
  let v = 1.0 / (m + c);
  let s = u * v;
  let sUpper = upperHalf(s);
  let sumUpper = bitcast<f32>((((bits >> 1u) & 0xfffff000u) | 0x20000000u) + 0x00400000u + select(0u, 0x00200000u, middle));
  let sumLower = m - (sumUpper - c);
  let sLower = v * ((u - sUpper * sumUpper) - sUpper * sumLower);
  let z = s * s;
  let tail = z * z * (6.0000002384e-01 + z * (4.2857143283e-01 + z * (3.3333334327e-01 + z * (2.7272811532e-01 + z * (2.3066075146e-01 + z * 2.0697501302e-01))))) + sLower * (sUpper + s);
  let square = sUpper * sUpper;
  let tUpper = upperHalf(3.0 + square + tail);
  let tLower = tail - ((tUpper - 3.0) - square);
  let a = sUpper * tUpper;
  let b = sLower * tUpper + tLower * s;
  let pUpper = upperHalf(a + b);
  let pLower = b - (pUpper - a);
  let zUpper = 9.6191406250e-01 * pUpper;
  let zLower = -1.1736857402e-04 * pUpper + pLower * 9.6179670095e-01 + select(0.0, 1.56322085e-06, middle);
  let cUpper = select(0.0, 5.84960938e-01, middle);
  let whole = f32(n);
  let upper = upperHalf(((zUpper + zLower) + cUpper) + whole);
  return vec2f(upper, zLower - (((upper - whole) - cUpper) - zUpper));
}

// x^y for x > 0, finite, and finite y: 1 ulp.
fn positivePower(x: f32, y: f32) -> f32 {
  let l = log2Halves(x);
  let yUpper = upperHalf(y);
  var lower = (y - yUpper) * l.x + y * l.y;
  var upper = yUpper * l.x;
  if (upper + lower > 128.5) {
    return nonFinite(0x7f800000u);
  }
  if (upper + lower < -151.0) {
    return 0.0;
  }
  // 2^(k + upper + lower)
  let k = round(upper + lower);
  upper -= k;
  let t = bitcast<f32>(bitcast<u32>(upper + lower) & 0xffff8000u);
  let u = t * 6.93145752e-01;
  let v = (lower - (t - upper)) * 6.9314718246e-01 + t * 1.42860654e-06;
  let z = u + v;
  let w = v - (z - u);
  let q = z * z;
  let r = z - q * (1.6666667163e-01 + q * (-2.7777778450e-03 + q * (6.6137559770e-05 + q * (-1.6533901999e-06 + q * 4.1381369442e-08))));
  let e = 1.0 - (((z * r) / (r - 2.0) - (w + z * w)) - z);
  let n = i32(k);
  return e * bitcast<f32>(u32(127 + n / 2) << 23u) * bitcast<f32>(u32(127 + n - n / 2) << 23u);
}

// x^y as C's powf: 1 for y = 0 and for x = 1, negative bases with integer exponents, NaN for other powers of negative
// bases. Whole exponents up to 4 by multiplication (2 ulp, and x^2 is exactly x * x), others to 1 ulp.
fn power(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) {
    return 1.0;
  }
  if (isNotANumber(x) || isNotANumber(y)) {
    return nonFinite(0x7fc00000u);
  }
  let whole = floor(y) == y;
  if (whole && abs(y) <= 4.0) {
    let square = x * x;
    let even = select(1.0, select(square, square * square, abs(y) == 4.0), abs(y) >= 2.0);
    let result = select(even, even * x, abs(y) == 1.0 || abs(y) == 3.0);
    if (y > 0.0) {
      return result;
    }
    if (result == 0.0) {
      return nonFinite(0x7f800000u | (bitcast<u32>(result) & 0x80000000u));
    }
    return 1.0 / result;
  }
  let odd = whole && abs(y) < 16777216.0 && (u32(abs(y)) & 1u) == 1u;
  let negative = (bitcast<u32>(x) >> 31u) == 1u;
  let z = abs(x);
  var magnitude: f32;
  if (z == 0.0 || !finite(x) || !finite(y)) {
    // Towards 0 or infinity: which, depends on the side of 1 on which |x| lies, and on the sign of y.
    let grows = (z > 1.0) == (y > 0.0);
    magnitude = select(select(0.0, nonFinite(0x7f800000u), grows), 1.0, z == 1.0);
  } else if (negative && !whole) {
    return nonFinite(0x7fc00000u);
  } else {
    magnitude = positivePower(z, y);
  }
  return select(magnitude, -magnitude, negative && odd);
}

// Threefry-2x32, 20 rounds (Salmon et al., SC 2011): the bits of engine/random/threefry.ts.
fn threefryRound(x: vec2u, r: u32) -> vec2u {
  let sum = x.x + x.y;
  return vec2u(sum, ((x.y << r) | (x.y >> (32u - r))) ^ sum);
}

fn threefry2x32(key: vec2u, counter: vec2u) -> vec2u {
  let k2 = key.x ^ key.y ^ 0x1bd11bdau;
  var x = counter + key;
  x = threefryRound(threefryRound(threefryRound(threefryRound(x, 13u), 15u), 26u), 6u) + vec2u(key.y, k2 + 1u);
  x = threefryRound(threefryRound(threefryRound(threefryRound(x, 17u), 29u), 16u), 24u) + vec2u(k2, key.x + 2u);
  x = threefryRound(threefryRound(threefryRound(threefryRound(x, 13u), 15u), 26u), 6u) + vec2u(key.x, key.y + 3u);
  x = threefryRound(threefryRound(threefryRound(threefryRound(x, 17u), 29u), 16u), 24u) + vec2u(key.y, k2 + 4u);
  return threefryRound(threefryRound(threefryRound(threefryRound(x, 13u), 15u), 26u), 6u) + vec2u(k2, key.x + 5u);
}
` as string,
    entries: {  },
    bindings: [],
    overrides: [],
    blocks: [],
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
  "matmul_small": {
    file: "shaders/matmul_small.wgsl",
    source: `// Matrix product, one element of C per thread: C[b] = op(A[b]) op(B[b]). For products so small that compiling a tiled
// kernel would take longer than running this one.
//
// op(A) is [M, K]: A is stored [M, K], or [K, M] when TRANSPOSE_A. op(B) is [K, N]: B is stored [K, N], or [N, K] when
// TRANSPOSE_B. Matrix b of the batch starts at element b * A_BATCH (b * B_BATCH); a stride of 0 shares one matrix.
//
// Blocks. \`left\`, \`right\` and \`epilogue\` are those of matmul_registers.wgsl, word for word; left4 and right4 are not used.
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
` as string,
    entries: { "matmul_small": [64, 1, 1] },
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
  "matmul_subgroup": {
    file: "shaders/matmul_subgroup.wgsl",
    source: `// Matrix product by subgroups: C[b] = op(A[b]) op(B[b]). For adapters that run shaders on the CPU and have subgroups of
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
// Blocks. \`left\` and \`right\` declare the operands (bindings 0 and 1) and read them at an element offset: left1 reads one
// element, left4 four consecutive ones. The default holds vec4f and needs every offset to be a multiple of 4: A's stored
// row length (K, or M when TRANSPOSE_A) and batch stride are multiples of 4; for B, N (or K). Otherwise the scalar form
// is put in its place:
//   @group(0) @binding(0) var<storage, read> left: array<f32>;
//   fn left1(i: u32) -> f32 { return left[i]; }
//   fn left4(i: u32) -> vec4f { return vec4f(left[i], left[i + 1u], left[i + 2u], left[i + 3u]); }
// left4 may be asked for offsets past the end of a row or of the buffer; what it returns there never reaches C.
// \`epilogue\` declares the output and stores.
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
` as string,
    entries: { "matmul_subgroup": [8, 1, 1] },
    bindings: [
      {"name":"left","binding":0,"type":"read","element":"vec4f","block":null},
      {"name":"right","binding":1,"type":"read","element":"vec4f","block":"right"},
      {"name":"result","binding":2,"type":"write","element":"f32","block":"epilogue"},
    ],
    overrides: [
      {"name":"LANES","type":"u32","default":"8u"},
      {"name":"HALVES","type":"bool","default":"false"},
      {"name":"ACROSS","type":"u32","default":"1u"},
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
  "matmul_tiled": {
    file: "shaders/matmul_tiled.wgsl",
    source: `// Matrix product through workgroup memory: C[b] = op(A[b]) op(B[b]), a tile of C per workgroup, 64x64 or 128x128. For GPUs.
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
// Blocks. \`left\`, \`right\` and \`epilogue\` are those of matmul_registers.wgsl, word for word. \`storage\` says what slabs hold:
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

// Four rows of op(A) over terms 4q..4q+3 of the slab at \`base\`: column i is row i.
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
` as string,
    entries: { "matmul_tiled": [16, 16, 1] },
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
      {"name":"TILE","type":"u32","default":"64u"},
      {"name":"CHUNKS","type":"u32","default":"1u"},
      {"name":"CHUNK","type":"u32","default":"1u"},
    ],
    blocks: ["left","right","epilogue","storage"],
  },
  "merge_sort": {
    file: "shaders/merge_sort.wgsl",
    source: `// One pass of a stable merge sort of rows: runs of \`width\` sorted keys become runs of twice the width.
//
// An element's place in the merged run is its place in its own run plus its rank among the sibling's: for the left run
// the number of smaller keys there, for the right run the number of smaller or equal ones, so that equal keys keep
// their order. Both are binary searches, so a pass needs no communication. The width travels in a buffer and doubles
// from pass to pass, which lets all passes but the last share one pipeline. ceil(log2 LENGTH) passes sort a row.
//
// Blocks. \`keys\`, \`order\`, \`width\` are read; \`next_width\` is written; \`place_key\` and \`place_order\` store the merged
// run: the last pass stores the order as the result and drops the keys.
//
// Threads. One per element; dispatch ceil(ROWS * LENGTH / 64) workgroups of 64, folded into y beyond 65535.

override ROWS: u32 = 1u;
override LENGTH: u32 = 1u;

//@begin keys
@group(0) @binding(0) var<storage, read> keys: array<u32>;
//@end keys

//@begin order
@group(0) @binding(1) var<storage, read> order: array<u32>;
//@end order

//@begin width
@group(0) @binding(2) var<storage, read> width: array<u32>;
//@end width

//@begin next_width
@group(0) @binding(3) var<storage, read_write> next_width: array<u32>;
//@end next_width

//@begin place_key
@group(0) @binding(4) var<storage, read_write> next_keys: array<u32>;

fn place_key(i: u32, key: u32) {
  next_keys[i] = key;
}
//@end place_key

//@begin place_order
@group(0) @binding(5) var<storage, read_write> next_order: array<i32>;

fn place_order(row: u32, i: u32, value: i32) {
  next_order[row * LENGTH + i] = value;
}
//@end place_order

@compute @workgroup_size(64, 1, 1)
fn merge_sort(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.x + id.y * (groups.x * 64u);
  if (t >= ROWS * LENGTH) {
    return;
  }
  let row = t / LENGTH;
  let i = t % LENGTH;
  let w = width[0];
  let run = i / w;
  let right = (run & 1u) == 1u;
  let begin = (run & ~1u) * w;
  let sibling = row * LENGTH + min(select(begin + w, begin, right), LENGTH);
  let count = select(min(w, LENGTH - min(begin + w, LENGTH)), w, right);

  let key = keys[t];
  var low = 0u;
  var high = count;
  while (low < high) {
    let middle = (low + high) / 2u;
    let other = keys[sibling + middle];
    if (other < key || (right && other == key)) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  let to = begin + (i - run * w) + low;
  place_key(row * LENGTH + to, key);
  place_order(row, to, i32(order[t]));
  if (t == 0u) {
    next_width[0] = 2u * w;
  }
}
` as string,
    entries: { "merge_sort": [64, 1, 1] },
    bindings: [
      {"name":"keys","binding":0,"type":"read","element":"u32","block":"keys"},
      {"name":"order","binding":1,"type":"read","element":"u32","block":"order"},
      {"name":"width","binding":2,"type":"read","element":"u32","block":"width"},
      {"name":"next_width","binding":3,"type":"write","element":"u32","block":"next_width"},
      {"name":"next_keys","binding":4,"type":"write","element":"u32","block":"place_key"},
      {"name":"next_order","binding":5,"type":"write","element":"i32","block":"place_order"},
    ],
    overrides: [
      {"name":"ROWS","type":"u32","default":"1u"},
      {"name":"LENGTH","type":"u32","default":"1u"},
    ],
    blocks: ["keys","order","width","next_width","place_key","place_order"],
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
// Numerics. Terms are combined in blocks of 64, and the blocks in order: a sum of n terms passes through at most
// 64 + n / 64 roundings instead of n. \`element\` is called at one place, since it is composed and may be long. The order
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
  var total = identity();
  for (var first = min(c * size, LENGTH); first < end; first += 64u) {
    let stop = min(first + 64u, end);
    var part = identity();
    for (var r = first; r < stop; r++) {
      part = combine(part, element(o, r));
    }
    total = combine(total, part);
  }
  finish(o * CHUNKS + c, total);
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
  "rows": {
    file: "shaders/rows.wgsl",
    source: `// Rows: reductions along the rows of a matrix and what is computed from them, element by element or row by row, in one
// kernel. A softmax with its loss and its gradient is one of these, and so is a normalisation.
//
// The composer replaces the block \`row\`: loops over r < LENGTH, each of which reduces something (by combine_sum,
// combine_max or combine_min, from identity_*) or stores elements, with the values of the whole row between them. It declares
// its own bindings there. This file owns no binding. A row is any fibre of a tensor: what is reduced needs not be the last axis.
//
// Threads. One per row; a workgroup of 32, so that a few hundred rows keep every core busy. Dispatch ceil(ROWS / 32)
// workgroups, folded into y beyond 65535. What a thread stores in one loop it may read in the next: nobody else does.
//
// Numerics. Terms are combined in order of r, so a result is the same bits on every run. Extrema keep NaN, which WGSL's
// min and max may drop.

override ROWS: u32 = 1u;
override LENGTH: u32 = 1u;

fn identity_sum() -> f32 {
  return 0.0;
}

fn combine_sum(a: f32, b: f32) -> f32 {
  return a + b;
}

// The infinities have no literal in WGSL; a \`var\` keeps their bits out of constant evaluation.
fn identity_max() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn combine_max(a: f32, b: f32) -> f32 {
  if (is_nan(a)) {
    return a;
  }
  if (is_nan(b)) {
    return b;
  }
  return max(a, b);
}

fn identity_min() -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits);
}

fn combine_min(a: f32, b: f32) -> f32 {
  if (is_nan(a)) {
    return a;
  }
  if (is_nan(b)) {
    return b;
  }
  return min(a, b);
}

//@begin row
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn row(o: u32) {
  var total = identity_sum();
  for (var r = 0u; r < LENGTH; r++) {
    total = combine_sum(total, source[o * LENGTH + r]);
  }
  for (var r = 0u; r < LENGTH; r++) {
    result[o * LENGTH + r] = source[o * LENGTH + r] / total;
  }
}
//@end row

@compute @workgroup_size(32, 1, 1)
fn rows(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let o = id.x + id.y * (groups.x * 32u);
  if (o < ROWS) {
    row(o);
  }
}
` as string,
    entries: { "rows": [32, 1, 1] },
    bindings: [
      {"name":"source","binding":0,"type":"read","element":"f32","block":"row"},
      {"name":"result","binding":1,"type":"write","element":"f32","block":"row"},
    ],
    overrides: [
      {"name":"ROWS","type":"u32","default":"1u"},
      {"name":"LENGTH","type":"u32","default":"1u"},
    ],
    blocks: ["row"],
  },
  "scan": {
    file: "shaders/scan.wgsl",
    source: `// Running sums along the rows of a [ROWS, LENGTH] view: y[i] = x[0] + ... + x[i].
//
// Blocks. \`type\` names the scalar T; \`element\` reads x (declaring the inputs it reads); \`finish\` stores y.
// This file owns no binding.
//
// Threads. One workgroup of 64 serves a row; dispatch ROWS of them, folded into y beyond 65535. Each thread owns a
// chunk of ceil(LENGTH / 64) consecutive elements. It sums the chunk, the 64 sums are scanned in workgroup memory
// (Hillis and Steele: in step d, thread t adds what thread t - d had), and the thread runs through its chunk again
// from the sum of all chunks before.
//
// Numerics. A result passes through at most LENGTH / 64 + 6 + LENGTH / 64 roundings, in an order fixed by LENGTH.

override ROWS: u32 = 1u;
override LENGTH: u32 = 1u;

//@begin type
alias T = f32;
//@end type

//@begin element
@group(0) @binding(0) var<storage, read> source: array<f32>;

fn element(row: u32, i: u32) -> f32 {
  return source[row * LENGTH + i];
}
//@end element

//@begin finish
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn finish(row: u32, i: u32, value: T) {
  result[row * LENGTH + i] = value;
}
//@end finish

var<workgroup> sums: array<T, 64>;

@compute @workgroup_size(64, 1, 1)
fn scan(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= ROWS) {
    return;
  }
  let size = (LENGTH + 63u) / 64u;
  let first = min(lane * size, LENGTH);
  let end = min(first + size, LENGTH);

  var sum = T(0);
  for (var i = first; i < end; i++) {
    sum += element(row, i);
  }
  sums[lane] = sum;
  for (var d = 1u; d < 64u; d <<= 1u) {
    workgroupBarrier();
    var before = T(0);
    if (lane >= d) {
      before = sums[lane - d];
    }
    workgroupBarrier();
    sums[lane] += before;
  }
  workgroupBarrier();

  var running = T(0);
  if (lane > 0u) {
    running = sums[lane - 1u];
  }
  for (var i = first; i < end; i++) {
    running += element(row, i);
    finish(row, i, running);
  }
}
` as string,
    entries: { "scan": [64, 1, 1] },
    bindings: [
      {"name":"source","binding":0,"type":"read","element":"f32","block":"element"},
      {"name":"result","binding":1,"type":"write","element":"f32","block":"finish"},
    ],
    overrides: [
      {"name":"ROWS","type":"u32","default":"1u"},
      {"name":"LENGTH","type":"u32","default":"1u"},
    ],
    blocks: ["type","element","finish"],
  },
  "scatter_add": {
    file: "shaders/scatter_add.wgsl",
    source: `// Deterministic scatter-add: result[o, t, j] = sum over s with position(o, s, j) = t of update(o, s, j), on a view
// [OUTER, SOURCES, INNER] of the updates and [OUTER, EXTENT, INNER] of the result.
//
// Every result looks for its updates, so there are no atomics and the sum runs in the order of s: the same bits on
// every run. The price is a scan of SOURCES positions per result.
//
// Blocks. \`type\` names the scalar T; \`position\` and \`update\` read; \`finish\` stores at a linear position of the result.
// This file owns no binding.
//
// Threads. One per result; dispatch ceil(OUTER * EXTENT * INNER / 64) workgroups of 64, folded into y beyond 65535.

override OUTER: u32 = 1u;
override EXTENT: u32 = 1u;
override SOURCES: u32 = 1u;
override INNER: u32 = 1u;

//@begin type
alias T = f32;
//@end type

//@begin position
@group(0) @binding(0) var<storage, read> positions: array<u32>;

fn position(o: u32, s: u32, j: u32) -> u32 {
  return positions[(o * SOURCES + s) * INNER + j];
}
//@end position

//@begin update
@group(0) @binding(1) var<storage, read> updates: array<f32>;

fn update(o: u32, s: u32, j: u32) -> f32 {
  return updates[(o * SOURCES + s) * INNER + j];
}
//@end update

//@begin finish
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn finish(i: u32, value: T) {
  result[i] = value;
}
//@end finish

@compute @workgroup_size(64, 1, 1)
fn scatter_add(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * (groups.x * 64u);
  if (i >= OUTER * EXTENT * INNER) {
    return;
  }
  let j = i % INNER;
  let t = (i / INNER) % EXTENT;
  let o = i / (INNER * EXTENT);
  var sum = T(0);
  for (var s = 0u; s < SOURCES; s++) {
    if (u32(position(o, s, j)) == t) {
      sum += update(o, s, j);
    }
  }
  finish(i, sum);
}
` as string,
    entries: { "scatter_add": [64, 1, 1] },
    bindings: [
      {"name":"positions","binding":0,"type":"read","element":"u32","block":"position"},
      {"name":"updates","binding":1,"type":"read","element":"f32","block":"update"},
      {"name":"result","binding":2,"type":"write","element":"f32","block":"finish"},
    ],
    overrides: [
      {"name":"OUTER","type":"u32","default":"1u"},
      {"name":"EXTENT","type":"u32","default":"1u"},
      {"name":"SOURCES","type":"u32","default":"1u"},
      {"name":"INNER","type":"u32","default":"1u"},
    ],
    blocks: ["type","position","update","finish"],
  },
  "sort_keys": {
    file: "shaders/sort_keys.wgsl",
    source: `// First step of a sort of the rows of a [ROWS, LENGTH] view: every element becomes an unsigned key of the same order,
// beside its position in the row, and the width of the sorted runs is set to one.
//
// Blocks. \`ordered\` maps an element to its key; \`element\` reads; \`keys\`, \`order\` and \`width\` are written.
//
// Threads. One per element; dispatch ceil(ROWS * LENGTH / 64) workgroups of 64, folded into y beyond 65535.

override ROWS: u32 = 1u;
override LENGTH: u32 = 1u;

//@begin ordered
// The bits of a float, with the sign turned so that they ascend: -0 as +0, NaN last.
fn ordered(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return 0xffffffffu;
  }
  if (bits == 0x80000000u) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
//@end ordered

//@begin element
@group(0) @binding(0) var<storage, read> source: array<f32>;

fn element(row: u32, i: u32) -> f32 {
  return source[row * LENGTH + i];
}
//@end element

//@begin keys
@group(0) @binding(1) var<storage, read_write> keys: array<u32>;
//@end keys

//@begin order
@group(0) @binding(2) var<storage, read_write> order: array<u32>;
//@end order

//@begin width
@group(0) @binding(3) var<storage, read_write> width: array<u32>;
//@end width

@compute @workgroup_size(64, 1, 1)
fn sort_keys(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.x + id.y * (groups.x * 64u);
  if (t >= ROWS * LENGTH) {
    return;
  }
  keys[t] = ordered(element(t / LENGTH, t % LENGTH));
  order[t] = t % LENGTH;
  if (t == 0u) {
    width[0] = 1u;
  }
}
` as string,
    entries: { "sort_keys": [64, 1, 1] },
    bindings: [
      {"name":"source","binding":0,"type":"read","element":"f32","block":"element"},
      {"name":"keys","binding":1,"type":"write","element":"u32","block":"keys"},
      {"name":"order","binding":2,"type":"write","element":"u32","block":"order"},
      {"name":"width","binding":3,"type":"write","element":"u32","block":"width"},
    ],
    overrides: [
      {"name":"ROWS","type":"u32","default":"1u"},
      {"name":"LENGTH","type":"u32","default":"1u"},
    ],
    blocks: ["ordered","element","keys","order","width"],
  },
  "transpose_tiled": {
    file: "shaders/transpose_tiled.wgsl",
    source: `// Transpose of the last two axes through workgroup memory: result[b, j, i] = source[b, i, j]. For GPUs, where neighbouring
// threads must touch neighbouring addresses on both sides, which a map can do on one side only.
//
// Blocks. \`type\` names the element T; \`load\` reads the source at an element offset, \`store\` writes the result (each declares its own
// binding). This file owns no binding.
//
// Threads. A workgroup of 32x8 moves a tile of 32x32: thread (x, y) brings rows y, y + 8, y + 16, y + 24 of it, along x, and
// writes as many rows of the result. A row of the tile takes 33 words, so that a column of it lies in different banks.
// Dispatch (ceil(COLUMNS / 32), ceil(ROWS / 32), batch).
//
// Numerics. Bits are moved as they are.

override ROWS: u32 = 1u;
override COLUMNS: u32 = 1u;

//@begin type
alias T = f32;
//@end type

//@begin load
@group(0) @binding(0) var<storage, read> source: array<f32>;

fn load(i: u32) -> T {
  return source[i];
}
//@end load

//@begin store
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

fn store(i: u32, value: T) {
  result[i] = value;
}
//@end store

const PITCH: u32 = 33u;

var<workgroup> tile: array<T, 1056>; // [32, PITCH]

@compute @workgroup_size(32, 8, 1)
fn transpose_tiled(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let base = group.z * ROWS * COLUMNS;
  let row = group.y * 32u;
  let column = group.x * 32u;
  for (var y = thread.y; y < 32u; y += 8u) {
    if (row + y < ROWS && column + thread.x < COLUMNS) {
      tile[y * PITCH + thread.x] = load(base + (row + y) * COLUMNS + column + thread.x);
    }
  }
  workgroupBarrier();
  for (var y = thread.y; y < 32u; y += 8u) {
    if (column + y < COLUMNS && row + thread.x < ROWS) {
      store(base + (column + y) * ROWS + row + thread.x, tile[thread.x * PITCH + y]);
    }
  }
}
` as string,
    entries: { "transpose_tiled": [32, 8, 1] },
    bindings: [
      {"name":"source","binding":0,"type":"read","element":"f32","block":"load"},
      {"name":"result","binding":1,"type":"write","element":"f32","block":"store"},
    ],
    overrides: [
      {"name":"ROWS","type":"u32","default":"1u"},
      {"name":"COLUMNS","type":"u32","default":"1u"},
    ],
    blocks: ["type","load","store"],
  },
} as const;

export type ShaderName = keyof typeof shaders;
export type EntryName<S extends ShaderName> = keyof (typeof shaders)[S]['entries'] & string;
export type BindingName<S extends ShaderName> = (typeof shaders)[S]['bindings'][number]['name'];
export type OverrideName<S extends ShaderName> = (typeof shaders)[S]['overrides'][number]['name'];
export type BlockName<S extends ShaderName> = (typeof shaders)[S]['blocks'][number];

/** The same table for code that takes any shader. */
export const shaderTable: Readonly<Record<ShaderName, ShaderInfo>> = shaders;
