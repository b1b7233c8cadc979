// Convolution and its gradients, one element of the result per thread: for problems so small that compiling a tiled
// kernel would take longer than running this one.
//
// The three directions are the partial derivatives of one trilinear form over x [N, H, W, C], filters w [R, S, C/G, O] and
// y [N, OH, OW, O], with the pixel that tap (r, s) of output (oy, ox) sees at
//   iy = oy * STRIDE_Y + r * DILATION_Y - TOP,  ix = ox * STRIDE_X + s * DILATION_X - LEFT:
//   DIRECTION 0   y[n, oy, ox, o] = sum over r, s, c    of x[n, iy, ix, c] * w[r, s, c, o]
//   DIRECTION 1   x[n, iy, ix, c] = sum over r, s, o    of y[n, oy, ox, o] * w[r, s, c, o]
//   DIRECTION 2   w[r, s, c, o]   = sum over n, oy, ox  of x[n, iy, ix, c] * y[n, oy, ox, o]
// Index map of direction 1: oy = (iy + TOP - r * DILATION_Y) / STRIDE_Y where the division leaves nothing; unsigned
// differences below zero wrap to values above every extent, so one comparison tells what lies outside.
// Channels and filters are cut into G groups, which see nothing of each other.
//
// Blocks. `first` and `second` declare and read the operands at an element offset: x and w, y and w, or x and y. Convolution
// b of the batch starts at element b * FIRST_BATCH (b * SECOND_BATCH); a stride of 0 shares one operand. `epilogue`
// declares the result and stores its element b * RESULT + i.
//
// Threads. Workgroup of 64 along the RESULT elements of one convolution. Dispatch (ceil(RESULT / 64), 1, batch), x folded
// into y beyond 65535.
//
// Numerics. Terms are added in the order of the sums above, so a result is the same bits on every run. Pixels outside
// contribute no term.

override DIRECTION: u32 = 0u;
override RESULT: u32 = 1u;
override FIRST_BATCH: u32 = 0u;
override SECOND_BATCH: u32 = 0u;
override N: u32 = 1u;
override H: u32 = 1u;
override W: u32 = 1u;
override C: u32 = 1u;
override R: u32 = 1u;
override S: u32 = 1u;
override O: u32 = 1u;
override OH: u32 = 1u;
override OW: u32 = 1u;
override G: u32 = 1u;
override STRIDE_Y: u32 = 1u;
override STRIDE_X: u32 = 1u;
override DILATION_Y: u32 = 1u;
override DILATION_X: u32 = 1u;
override TOP: u32 = 0u;
override LEFT: u32 = 0u;

//@begin first
@group(0) @binding(0) var<storage, read> first: array<f32>;

fn first1(i: u32) -> f32 {
  return first[i];
}
//@end first

//@begin second
@group(0) @binding(1) var<storage, read> second: array<f32>;

fn second1(i: u32) -> f32 {
  return second[i];
}
//@end second

//@begin epilogue
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn epilogue(b: u32, i: u32, value: f32) {
  result[b * RESULT + i] = value;
}
//@end epilogue

fn forward(a: u32, b: u32, i: u32) -> f32 {
  let o = i % O;
  let ox = (i / O) % OW;
  let oy = (i / (O * OW)) % OH;
  let n = i / (O * OW * OH);
  let channels = C / G;
  let group = (o / (O / G)) * channels;
  var sum = 0.0;
  for (var r = 0u; r < R; r++) {
    let iy = oy * STRIDE_Y + r * DILATION_Y - TOP;
    for (var s = 0u; s < S; s++) {
      let ix = ox * STRIDE_X + s * DILATION_X - LEFT;
      if (iy >= H || ix >= W) {
        continue;
      }
      let pixel = a + ((n * H + iy) * W + ix) * C + group;
      let weight = b + (r * S + s) * channels * O + o;
      for (var c = 0u; c < channels; c++) {
        sum += first1(pixel + c) * second1(weight + c * O);
      }
    }
  }
  return sum;
}

fn input_gradient(a: u32, b: u32, i: u32) -> f32 {
  let c = i % C;
  let ix = (i / C) % W;
  let iy = (i / (C * W)) % H;
  let n = i / (C * W * H);
  let channels = C / G;
  let filters = O / G;
  let group = (c / channels) * filters;
  var sum = 0.0;
  for (var r = 0u; r < R; r++) {
    let y = iy + TOP - r * DILATION_Y;
    for (var s = 0u; s < S; s++) {
      let x = ix + LEFT - s * DILATION_X;
      if (y % STRIDE_Y != 0u || x % STRIDE_X != 0u || y / STRIDE_Y >= OH || x / STRIDE_X >= OW) {
        continue;
      }
      let pixel = a + ((n * OH + y / STRIDE_Y) * OW + x / STRIDE_X) * O + group;
      let weight = b + ((r * S + s) * channels + c % channels) * O + group;
      for (var o = 0u; o < filters; o++) {
        sum += first1(pixel + o) * second1(weight + o);
      }
    }
  }
  return sum;
}

fn filter_gradient(a: u32, b: u32, i: u32) -> f32 {
  let o = i % O;
  let channels = C / G;
  let c = (i / O) % channels + (o / (O / G)) * channels;
  let s = (i / (O * channels)) % S;
  let r = i / (O * channels * S);
  var sum = 0.0;
  for (var n = 0u; n < N; n++) {
    for (var oy = 0u; oy < OH; oy++) {
      let iy = oy * STRIDE_Y + r * DILATION_Y - TOP;
      if (iy >= H) {
        continue;
      }
      for (var ox = 0u; ox < OW; ox++) {
        let ix = ox * STRIDE_X + s * DILATION_X - LEFT;
        if (ix < W) {
          sum += first1(a + ((n * H + iy) * W + ix) * C + c) * second1(b + ((n * OH + oy) * OW + ox) * O + o);
        }
      }
    }
  }
  return sum;
}

@compute @workgroup_size(64, 1, 1)
fn conv_direct(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * (groups.x * 64u);
  if (i >= RESULT) {
    return;
  }
  let a = id.z * FIRST_BATCH;
  let b = id.z * SECOND_BATCH;
  var value = 0.0;
  if (DIRECTION == 0u) {
    value = forward(a, b, i);
  } else if (DIRECTION == 1u) {
    value = input_gradient(a, b, i);
  } else {
    value = filter_gradient(a, b, i);
  }
  epilogue(id.z, i, value);
}
