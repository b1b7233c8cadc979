// Convolution and its input gradient as an implicit matrix product, by subgroups. For adapters that run shaders on the CPU
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
// Blocks. `first` (source image) and `second` (filters) declare the operands and read at an element offset, one element or
// four consecutive ones. The defaults hold vec4f and need C/G and O/G (first: only that of the source) to be multiples
// of 4; otherwise scalar forms are put in their place. Convolution b of the batch starts at b * FIRST_BATCH (b * SECOND_BATCH).
// first4 and second4 may be asked for offsets beyond the columns; what they return there is never stored. `epilogue`
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

// Four of the lane's rows: the source pixel they have without offset, its address, and the pixel of the target. `NONE`
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
