// Reduction by one thread per partial result: result[o] = combine over r < LENGTH of element(o, r).
//
// Blocks. `type` names the scalar T; `combine` holds the operator and its identity; `element` reads (declaring the
// inputs it reads); `finish` stores (declaring the outputs, bound last). This file owns no binding.
//
// Threads. OUTPUTS * CHUNKS of them. Thread t serves output o = t % OUTPUTS and chunk c = t / OUTPUTS, so neighbouring
// threads serve neighbouring outputs. Chunk c covers the terms [c * S, min((c + 1) * S, LENGTH)), S = ceil(LENGTH /
// CHUNKS); an empty chunk yields the identity. It calls finish(o * CHUNKS + c, value): with CHUNKS = 1 the index is the
// output; with CHUNKS > 1 the results are partials [OUTPUTS, CHUNKS] and a second pass (LENGTH = CHUNKS, CHUNKS = 1)
// reduces them. Dispatch ceil(OUTPUTS * CHUNKS / 64) workgroups of 64, folded into y beyond 65535.
//
// Numerics. Terms are combined in blocks of 64, and the blocks in order: a sum of n terms passes through at most
// 64 + n / 64 roundings instead of n. `element` is called at one place, since it is composed and may be long. The order
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
