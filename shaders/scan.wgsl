// Running sums along the rows of a [ROWS, LENGTH] view: y[i] = x[0] + ... + x[i].
//
// Blocks. `type` names the scalar T; `element` reads x (declaring the inputs it reads); `finish` stores y.
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
