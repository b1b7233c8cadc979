// Position of the largest element along the rows of a [ROWS, LENGTH] view: the lowest at a tie; NaN counts as largest.
//
// Blocks. `type` names the scalar T and tells its NaN; `element` reads; `finish` stores the position.
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
