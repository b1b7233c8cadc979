// Transpose of the last two axes through workgroup memory: result[b, j, i] = source[b, i, j]. For GPUs, where neighbouring
// threads must touch neighbouring addresses on both sides, which a map can do on one side only.
//
// Blocks. `type` names the element T; `load` reads the source at an element offset, `store` writes the result (each declares its own
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
