// First step of a sort of the rows of a [ROWS, LENGTH] view: every element becomes an unsigned key of the same order,
// beside its position in the row, and the width of the sorted runs is set to one.
//
// Blocks. `ordered` maps an element to its key; `element` reads; `keys`, `order` and `width` are written.
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
