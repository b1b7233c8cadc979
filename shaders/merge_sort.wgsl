// One pass of a stable merge sort of rows: runs of `width` sorted keys become runs of twice the width.
//
// An element's place in the merged run is its place in its own run plus its rank among the sibling's: for the left run
// the number of smaller keys there, for the right run the number of smaller or equal ones, so that equal keys keep
// their order. Both are binary searches, so a pass needs no communication. The width travels in a buffer and doubles
// from pass to pass, which lets all passes but the last share one pipeline. ceil(log2 LENGTH) passes sort a row.
//
// Blocks. `keys`, `order`, `width` are read; `next_width` is written; `place_key` and `place_order` store the merged
// run: the last pass stores the order as the result and drops the keys.
//
// Threads. One per element; dispatch ceil(ROWS * LENGTH / 64) workgroups of 64, folded into y beyond 65535.

override ROWS: u32 = 1u;
override LENGTH: u32 = 1u;

//@begin keys
@group(0) @binding(0) var<storage, read> keys: array<u32>;
//@end keys

//@begin order
@group(0) @binding(1) var<storage, read> order: array<u32>;
//@end order

//@begin width
@group(0) @binding(2) var<storage, read> width: array<u32>;
//@end width

//@begin next_width
@group(0) @binding(3) var<storage, read_write> next_width: array<u32>;
//@end next_width

//@begin place_key
@group(0) @binding(4) var<storage, read_write> next_keys: array<u32>;

fn place_key(i: u32, key: u32) {
  next_keys[i] = key;
}
//@end place_key

//@begin place_order
@group(0) @binding(5) var<storage, read_write> next_order: array<i32>;

fn place_order(row: u32, i: u32, value: i32) {
  next_order[row * LENGTH + i] = value;
}
//@end place_order

@compute @workgroup_size(64, 1, 1)
fn merge_sort(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = id.x + id.y * (groups.x * 64u);
  if (t >= ROWS * LENGTH) {
    return;
  }
  let row = t / LENGTH;
  let i = t % LENGTH;
  let w = width[0];
  let run = i / w;
  let right = (run & 1u) == 1u;
  let begin = (run & ~1u) * w;
  let sibling = row * LENGTH + min(select(begin + w, begin, right), LENGTH);
  let count = select(min(w, LENGTH - min(begin + w, LENGTH)), w, right);

  let key = keys[t];
  var low = 0u;
  var high = count;
  while (low < high) {
    let middle = (low + high) / 2u;
    let other = keys[sibling + middle];
    if (other < key || (right && other == key)) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  let to = begin + (i - run * w) + low;
  place_key(row * LENGTH + to, key);
  place_order(row, to, i32(order[t]));
  if (t == 0u) {
    next_width[0] = 2u * w;
  }
}
