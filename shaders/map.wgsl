// Elementwise map: out[i] = f(inputs, i) for every i below COUNT.
//
// The composer replaces the block `store` by a fused chain of elementwise and movement primitives: it declares its own
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
