// Rows: reductions along the rows of a matrix and what is computed from them, element by element or row by row, in one
// kernel. A softmax with its loss and its gradient is one of these, and so is a normalisation.
//
// The composer replaces the block `row`: loops over r < LENGTH, each of which reduces something (by combine_sum,
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

// The infinities have no literal in WGSL; a `var` keeps their bits out of constant evaluation.
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
