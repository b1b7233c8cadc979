// Deterministic scatter-add: result[o, t, j] = sum over s with position(o, s, j) = t of update(o, s, j), on a view
// [OUTER, SOURCES, INNER] of the updates and [OUTER, EXTENT, INNER] of the result.
//
// Every result looks for its updates, so there are no atomics and the sum runs in the order of s: the same bits on
// every run. The price is a scan of SOURCES positions per result.
//
// Blocks. `type` names the scalar T; `position` and `update` read; `finish` stores at a linear position of the result.
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
