/** Convolutions and their gradients: every kernel at shapes of training, in GFLOP/s, beside the product that each is. */
import {
  bufferOf,
  driver,
  lanes,
  pipelineOf,
  read,
  replace,
  run,
  scalarOperand,
  shader,
  step,
} from './device.mjs';
import { leastTimes, line, noise, row } from './measure.mjs';
import { product } from './products.mjs';

/** 3x3, stride 1, as much padding as keeps the size, except where `taps` and `stride` say otherwise. */
const CONVOLUTIONS = [
  { examples: 16, side: 32, channels: 64, filters: 64 },
  { examples: 32, side: 32, channels: 3, filters: 64 },
  { examples: 32, side: 16, channels: 64, filters: 128 },
  { examples: 32, side: 16, channels: 128, filters: 128 },
  { examples: 32, side: 8, channels: 128, filters: 256 },
  { examples: 32, side: 8, channels: 256, filters: 256 },
  { examples: 32, side: 32, channels: 16, filters: 16 },
  { examples: 32, side: 32, channels: 16, filters: 32, stride: 2 },
  { examples: 32, side: 16, channels: 64, filters: 64, taps: 1 },
];
/** SwiftShader is slow: a quarter of the examples. */
const SHARE = driver === 'swiftshader' ? 4 : 1;
const DIRECTIONS = ['forward', 'input gradient', 'filter gradient'];

/** The matrix product that a convolution is in its direction; with a stride, the input gradient is one for each phase. */
function equalProduct({ examples, side, channels, filters, taps = 3, stride = 1 }, direction) {
  const pixels = examples * (side / stride) ** 2;
  return [
    { rows: pixels, columns: filters, terms: taps ** 2 * channels, layout: 'NN', phases: 1 },
    { rows: pixels, columns: channels, terms: taps ** 2 * filters, layout: 'NT', phases: stride ** 2 },
    { rows: taps ** 2 * channels, columns: filters, terms: pixels, layout: 'TN', phases: 1 },
  ][direction];
}

/** The launches of a convolution, as engine/ops/convolution-launch.ts plans them. */
async function convolution(kernel, shape, direction, buffers) {
  const { examples: N, side, channels, filters, taps = 3, stride = 1 } = shape;
  const { rows, columns, terms, phases } = equalProduct(shape, direction);
  const pad = (taps - 1) >> 1;
  const elements = buffers[2].size / 4;
  const constants = { N, H: side, W: side, C: channels, R: taps, S: taps, O: filters };
  Object.assign(constants, { OH: side / stride, OW: side / stride, STRIDE_Y: stride, STRIDE_X: stride });
  Object.assign(constants, { TOP: pad, LEFT: pad, RESULT: elements });
  const halves = lanes === 8 && columns <= 16;
  const width = halves ? 4 : lanes;
  const across = Math.min(16 / width, 2 ** Math.ceil(Math.log2(Math.ceil(columns / (4 * width)))));
  const [height, breadth] = kernel === 'tiled' ? [64, 64] : [512 / (width * across), 4 * width * across];
  const tiles = phases * Math.ceil(rows / height) * Math.ceil(columns / breadth);
  const source = direction === 1 ? filters : channels;
  const name = kernel === 'tiled' ? 'conv_tiled' : direction === 2 ? 'conv_filter_subgroup' : 'conv_subgroup';
  let code = shader(name);
  if (kernel === 'tiled' || source % 4 !== 0) code = replace(code, 'first', scalarOperand('first', 0));
  if (kernel === 'tiled' || filters % 4 !== 0) code = replace(code, 'second', scalarOperand('second', 1));
  if (kernel === 'tiled') Object.assign(constants, { STEP_Y: stride, STEP_X: stride });
  else Object.assign(constants, { LANES: width, ACROSS: across, HALVES: Number(halves) });
  if (name === 'conv_subgroup') constants.WHOLE = Number(source % 4 === 0);
  if (name === 'conv_filter_subgroup') constants.QUADS = Number(source % 4 === 0);
  else constants.DIRECTION = direction;
  if (direction < 2) return [step(await pipelineOf(code, constants), buffers, [tiles, 1, 1])];
  // The pixels in chunks, and their sum.
  const wanted = Math.max(1, Math.min(Math.ceil(64 / tiles), Math.floor(terms / 512)));
  constants.CHUNK = 4 * Math.ceil(terms / wanted / 4);
  constants.CHUNKS = Math.ceil(terms / constants.CHUNK);
  const partials = bufferOf(constants.CHUNKS * elements * 4);
  const element = `@group(0) @binding(0) var<storage, read> source: array<f32>;
fn element(o: u32, r: u32) -> T { return source[r * ${elements}u + o]; }`;
  const reduce = await pipelineOf(replace(shader('reduce'), 'element', element), {
    OUTPUTS: elements,
    LENGTH: constants.CHUNKS,
  });
  return [
    step(await pipelineOf(code, constants), [buffers[0], buffers[1], partials], [tiles, 1, constants.CHUNKS]),
    step(reduce, [partials, buffers[2]], line(elements)),
  ];
}

/** Largest error over gamma_k sum |terms|, over a sample of the result. */
function worstConvolutionError(result, first, second, shape, direction) {
  const { examples, side, channels, filters, taps = 3, stride = 1 } = shape;
  const pad = (taps - 1) >> 1;
  const out = side / stride;
  let worst = 0;
  for (let sample = 0; sample < 20; sample++) {
    const at = Math.floor(Math.random() * result.length);
    let [sum, magnitude, count] = [0, 0, 0];
    const add = (a, b) => {
      sum += first[a] * second[b];
      magnitude += Math.abs(first[a] * second[b]);
      count++;
    };
    // The terms of the trilinear form in which the element of the result takes part.
    const visit = (n, oy, ox, r, s, c, o) => {
      const [iy, ix] = [oy * stride + r - pad, ox * stride + s - pad];
      if (oy < 0 || oy >= out || ox < 0 || ox >= out || iy < 0 || iy >= side || ix < 0 || ix >= side) return;
      const x = ((n * side + iy) * side + ix) * channels + c;
      const w = ((r * taps + s) * channels + c) * filters + o;
      const y = ((n * out + oy) * out + ox) * filters + o;
      add(...[[x, w], [y, w], [x, y]][direction]); // prettier-ignore
    };
    const own = [filters, channels, filters][direction];
    const [rest, last] = [Math.floor(at / own), at % own];
    const extent = [out, side, taps][direction];
    const [v, u, n] = direction === 2
      ? [Math.floor(rest / channels) % taps, Math.floor(rest / channels / taps), 0]
      : [rest % extent, Math.floor(rest / extent) % extent, Math.floor(rest / extent ** 2)]; // prettier-ignore
    if (direction === 2)
      for (let i = 0; i < examples * out * out; i++)
        visit(Math.floor(i / out ** 2), Math.floor(i / out) % out, i % out, u, v, rest % channels, last);
    else
      for (let r = 0; r < taps; r++)
        for (let s = 0; s < taps; s++)
          for (let k = 0; k < (direction ? filters : channels); k++) {
            if (direction === 0) visit(n, u, v, r, s, k, last);
            else if ((u + pad - r) % stride === 0 && (v + pad - s) % stride === 0)
              visit(n, (u + pad - r) / stride, (v + pad - s) / stride, r, s, last, k);
          }
    worst = Math.max(worst, Math.abs(result[at] - sum) / (count * 2 ** -23 * magnitude));
  }
  return worst;
}

export async function convolutions() {
  const kernels = lanes === 8 || lanes === 4 ? ['subgroup', 'tiled'] : ['tiled'];
  const matmul = lanes === 8 || lanes === 4 ? 'matmul_subgroup' : 'matmul_tiled';
  row(['GFLOP/s on 2 cores', '', ...kernels, `${matmul} of equal size`]);
  row(['---', '---', ...kernels.map(() => '---'), '---']);
  for (const whole of CONVOLUTIONS)
    for (const [direction, title] of DIRECTIONS.entries()) {
      const shape = { ...whole, examples: whole.examples / SHARE };
      const { examples, side, channels, filters, taps = 3, stride = 1 } = shape;
      const options = `${taps === 1 ? ', 1x1' : ''}${stride > 1 ? `, stride ${stride}` : ''}`;
      const name = `${examples}x${side}x${side}, ${channels} to ${filters}${options}`;
      const x = examples * side ** 2 * channels;
      const w = taps ** 2 * channels * filters;
      const y = examples * (side / stride) ** 2 * filters;
      const [a, b, c] = [[x, w, y], [y, w, x], [x, y, w]][direction]; // prettier-ignore
      const [first, second] = [noise(a), noise(b)];
      const buffers = [bufferOf(first), bufferOf(second), bufferOf(c * 4)];
      const variants = [];
      for (const kernel of kernels) {
        const steps = await convolution(kernel, shape, direction, buffers);
        await run(steps);
        const error = worstConvolutionError(await read(buffers[2]), first, second, shape, direction);
        if (!(error <= 1)) throw new Error(`${kernel}, ${name}, ${title} is wrong`);
        variants.push({ steps });
      }
      const { rows, columns, terms, layout } = equalProduct(shape, direction);
      const operands = [rows * terms, terms * columns, rows * columns].map((size) => bufferOf(size * 4));
      variants.push({ steps: [await product(matmul, layout, rows, terms, columns, operands)] });
      const times = await leastTimes(variants, 4);
      const work = 2 * rows * columns * terms;
      row([name, title, ...times.map((ms) => (work / (ms / 2) / 1e6).toFixed(1))]);
      for (const buffer of [...buffers, ...operands]) buffer.destroy();
    }
}
