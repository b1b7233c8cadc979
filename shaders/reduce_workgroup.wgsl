// Reduction by one workgroup per partial result: result[o] = combine over r < LENGTH of element(o, r).
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
