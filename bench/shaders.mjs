/**
 * Measures the shaders by themselves, without the engine: the numbers of docs/kernels.md.
 *
 *   node bench/shaders.mjs products|convolutions|loads|compile|maps|reductions|accuracy [folder of .wgsl files]
 *
 * The Vulkan driver is the one the environment names (VK_ICD_FILENAMES). On a driver that runs shaders on the CPU the
 * figure that repeats on a shared machine is processor time, so that is what is reported: the time of all threads but
 * Node's own (which polls), least of several rounds, variants taking turns. "On 2 cores" divides it by two.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const gpu = (globalThis.__gpu ??= create([]));
const folder = process.argv[3] ?? join(import.meta.dirname, '../shaders');
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('No adapter: set VK_ICD_FILENAMES and LD_LIBRARY_PATH to a Vulkan driver.');
const device = await adapter.requestDevice({
  requiredFeatures: adapter.features.has('subgroups') ? ['subgroups'] : [],
});
const driver = adapter.info.vendor === 'mesa' ? 'lavapipe' : adapter.info.architecture;
const lanes = adapter.info.subgroupMinSize;

const shader = (name) => readFileSync(join(folder, `${name}.wgsl`), 'utf8');

function replace(code, block, text) {
  return code.replace(new RegExp(`//@begin ${block}\\n[^]*?//@end ${block}`), () => text);
}

async function pipelineOf(code, constants = {}) {
  const module = device.createShaderModule({ code });
  return device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
}

function bufferOf(content) {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: content.byteLength ?? content, usage });
  if (content.byteLength) device.queue.writeBuffer(buffer, 0, content);
  return buffer;
}

async function read(buffer) {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const copy = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  return new Float32Array(copy.getMappedRange().slice(0));
}

function step(pipeline, buffers, groups) {
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return { pipeline, bindGroup, groups };
}

async function run(steps) {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const { pipeline, bindGroup, groups } of steps) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...groups);
  }
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
}

/** Milliseconds of processor time used so far by every thread but Node's own. */
function processorTime() {
  const tasks = readdirSync('/proc/self/task').filter((task) => Number(task) !== process.pid);
  const nanoseconds = tasks.map((task) => {
    try {
      return Number(readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      return 0; // the thread has ended
    }
  });
  return nanoseconds.reduce((a, b) => a + b, 0) / 1e6;
}

/** Least processor time of each variant in ms, over `rounds` rounds in which they take turns. */
async function leastTimes(variants, rounds = 10) {
  const best = variants.map(() => Infinity);
  for (const { steps } of variants) await run(steps);
  for (let round = 0; round < rounds; round++)
    for (const [k, { steps }] of variants.entries()) {
      const before = processorTime();
      await run(steps);
      best[k] = Math.min(best[k], processorTime() - before);
    }
  return best;
}

let state = 1;
function uniform() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
}
const noise = (count) => Float32Array.from({ length: count }, uniform);
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
const line = (count, workgroup = 64) => [Math.ceil(count / workgroup), 1, 1];

// ---- matrix products --------------------------------------------------------------------------------------------

/** op(A) op(B) = [M, K] [K, N]; the first letter says whether A is stored transposed, the second B. */
const PRODUCTS = [
  ['NN', 256, 784, 500],
  ['NN', 256, 500, 500],
  ['NN', 256, 500, 10],
  ['NN', 900, 500, 500],
  ['NN', 5000, 500, 500],
  ['TN', 784, 256, 500],
  ['TN', 500, 256, 500],
  ['TN', 500, 256, 10],
  ['NT', 256, 500, 500],
  ['NT', 256, 10, 500],
  ['NN', 512, 512, 512],
  ['NT', 512, 512, 512],
  ['TN', 512, 512, 512],
  ['TT', 512, 512, 512],
  ['NN', 1024, 1024, 1024],
  ['NN', 32, 784, 64],
  ['NN', 32, 64, 10],
  ['NN', 1, 500, 500],
];

const KERNELS = {
  matmul_small: (m, n) => [Math.ceil((m * n) / 64), 1, 1],
  matmul_registers: (m, n) => [Math.ceil(n / 64), Math.ceil(m / 64), 1],
  matmul_subgroup: (m, n) => [Math.ceil(n / 64), Math.ceil(m / 32), 1],
  matmul_tiled: (m, n) => [Math.ceil(n / 64), Math.ceil(m / 64), 1],
};

function scalarOperand(name, binding) {
  return `@group(0) @binding(${binding}) var<storage, read> ${name}: array<f32>;
fn ${name}1(i: u32) -> f32 { return ${name}[i]; }
fn ${name}4(i: u32) -> vec4f { return vec4f(${name}[i], ${name}[i + 1u], ${name}[i + 2u], ${name}[i + 3u]); }`;
}

async function product(name, layout, m, k, n, buffers) {
  const transposed = [...layout].map((letter) => Number(letter === 'T'));
  let code = shader(name);
  if ((transposed[0] ? m : k) % 4 !== 0) code = replace(code, 'left', scalarOperand('left', 0));
  if ((transposed[1] ? k : n) % 4 !== 0) code = replace(code, 'right', scalarOperand('right', 1));
  const constants = { M: m, N: n, K: k, TRANSPOSE_A: transposed[0], TRANSPOSE_B: transposed[1] };
  if (name === 'matmul_subgroup') constants.LANES = lanes;
  return step(await pipelineOf(code, constants), buffers, KERNELS[name](m, n));
}

/** Largest error over the bound k 2^-23 sum |a||b|, over a sample of C. */
function worstError(c, a, b, layout, m, k, n) {
  let worst = 0;
  for (let sample = 0; sample < 50; sample++) {
    const i = Math.floor(Math.random() * m);
    const j = Math.floor(Math.random() * n);
    let sum = 0;
    let magnitude = 0;
    for (let q = 0; q < k; q++) {
      const term =
        a[layout[0] === 'T' ? q * m + i : i * k + q] * b[layout[1] === 'T' ? j * k + q : q * n + j];
      sum += term;
      magnitude += Math.abs(term);
    }
    worst = Math.max(worst, Math.abs(c[i * n + j] - sum) / (k * 2 ** -23 * magnitude));
  }
  return worst;
}

async function products() {
  const usable =
    lanes === 8 || lanes === 4 ? Object.keys(KERNELS) : ['matmul_small', 'matmul_registers', 'matmul_tiled'];
  row(['GFLOP/s on 2 cores', ...usable]);
  row(['---', ...usable.map(() => '---')]);
  for (const [layout, m, k, n] of PRODUCTS) {
    const a = noise(m * k);
    const b = noise(k * n);
    const result = bufferOf(m * n * 4);
    const buffers = [bufferOf(a), bufferOf(b), result];
    const chosen = usable.filter((name) => name !== 'matmul_small' || m * n * k < 2e7);
    const variants = [];
    for (const name of chosen) {
      const steps = [await product(name, layout, m, k, n, buffers)];
      await run(steps);
      if (!(worstError(await read(result), a, b, layout, m, k, n) <= 1)) throw new Error(`${name} is wrong`);
      variants.push({ steps });
    }
    const times = await leastTimes(variants, m * n * k > 1e9 ? 3 : 8);
    const rate = (name) => {
      const ms = times[chosen.indexOf(name)];
      return ms === undefined ? '' : ((2 * m * n * k) / (ms / 2) / 1e6).toFixed(1);
    };
    row([`${layout} ${m}x${k}x${n}`, ...usable.map(rate)]);
    for (const buffer of buffers) buffer.destroy();
  }
}

// ---- convolutions -----------------------------------------------------------------------------------------------

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

async function convolutions() {
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

/** What a product costs when its operands are computed instead of loaded: the price of the loads. */
async function loads() {
  const size = 512;
  const buffers = [bufferOf(4 * size * size), bufferOf(4 * size * size), bufferOf(4 * size * size)];
  const computed = (code, name, binding) =>
    replace(
      code,
      name,
      `@group(0) @binding(${binding}) var<storage, read> ${name}: array<vec4f>;
fn ${name}1(i: u32) -> f32 { return f32(i); }
fn ${name}4(i: u32) -> vec4f { return ${name}[0] + vec4f(f32(i), f32(i + 1u), f32(i + 2u), f32(i + 3u)); }`,
    );
  const code = shader('matmul_registers');
  const cases = [
    ['both operands loaded', code],
    ['A computed', computed(code, 'left', 0)],
    ['both computed', computed(computed(code, 'left', 0), 'right', 1)],
  ];
  const variants = [];
  for (const [, text] of cases) {
    const pipeline = await pipelineOf(text, { M: size, N: size, K: size });
    variants.push({ steps: [step(pipeline, buffers, KERNELS.matmul_registers(size, size))] });
  }
  const times = await leastTimes(variants);
  row(['matmul_registers, 512x512x512', 'GFLOP/s on 2 cores']);
  row(['---', '---']);
  for (const [k, [name]] of cases.entries()) row([name, ((2 * size ** 3) / (times[k] / 2) / 1e6).toFixed(1)]);
}

async function compile() {
  row(['ms of processor time until the first result', 'NN 256x784x500', 'NN 256x500x10', 'NN 32x64x10']);
  row(['---', '---', '---', '---']);
  const buffers = [bufferOf(4e6), bufferOf(4e6), bufferOf(4e6)];
  for (const name of Object.keys(KERNELS)) {
    if (name === 'matmul_subgroup' && lanes !== 8 && lanes !== 4) continue;
    const cells = [];
    for (const [m, k, n] of [
      [256, 784, 500],
      [256, 500, 10],
      [32, 64, 10],
    ]) {
      const before = processorTime();
      const steps = [await product(name, 'NN', m, k, n, buffers)];
      await run(steps);
      const first = processorTime() - before;
      const [again] = await leastTimes([{ steps }], 2);
      cells.push((first - again).toFixed(0));
    }
    row([name, ...cells]);
  }
}

// ---- elementwise ------------------------------------------------------------------------------------------------

async function maps() {
  const count = 1e6;
  const buffers = [noise(count), noise(count), noise(count), count * 4].map(bufferOf);
  const declare = (type) =>
    ['a', 'b', 'c', 'd']
      .map(
        (name, k) =>
          `@group(0) @binding(${k}) var<storage, ${k < 3 ? 'read' : 'read_write'}> ${name}: array<${type}>;`,
      )
      .join('\n');
  const body = 'fn store(i: u32) { d[i] = a[i] * b[i] + c[i]; }';
  const variants = [];
  for (const [type, width, elements] of [
    ['f32', 1, 1],
    ['f32', 1, 2],
    ['f32', 1, 4],
    ['f32', 1, 8],
    ['f32', 1, 16],
    ['vec4f', 4, 1],
  ]) {
    const code = replace(shader('map'), 'store', `${declare(type)}\n${body}`);
    const pipeline = await pipelineOf(code, { COUNT: count / width, ELEMENTS: elements });
    const steps = [step(pipeline, buffers, line(count / width / elements))];
    variants.push({ name: `${type}, ELEMENTS = ${elements}`, steps });
  }
  const times = await leastTimes(variants);
  row(['a * b + c on 1e6 elements', 'ms of processor time']);
  row(['---', '---']);
  for (const [k, { name }] of variants.entries()) row([name, times[k].toFixed(1)]);
}

// ---- reductions -------------------------------------------------------------------------------------------------

async function reductions() {
  const source = bufferOf(noise(1 << 20));
  const partials = bufferOf(1 << 20);
  const result = bufferOf(1 << 20);
  const plans = [
    [
      '1e6 to 1, 256 chunks',
      [
        ['reduce', 1, 1e6, 256],
        ['reduce', 1, 256, 1],
      ],
    ],
    [
      '1e6 to 1, 4096 chunks',
      [
        ['reduce', 1, 1e6, 4096],
        ['reduce', 1, 4096, 1],
      ],
    ],
    ['1e6 to 1, one workgroup', [['reduce_workgroup', 1, 1e6, 1]]],
    [
      '1e6 to 1, 16 workgroups',
      [
        ['reduce_workgroup', 1, 1e6, 16],
        ['reduce_workgroup', 1, 16, 1],
      ],
    ],
    ['[500, 256] to 500', [['reduce', 500, 256, 1]]],
    ['[500, 256] to 500, workgroups', [['reduce_workgroup', 500, 256, 1]]],
    ['[256, 10] to 256', [['reduce', 256, 10, 1]]],
    ['[256, 10] to 256, workgroups', [['reduce_workgroup', 256, 10, 1]]],
  ];
  const variants = [];
  for (const [name, passes] of plans) {
    const steps = [];
    for (const [k, [file, outputs, length, chunks]] of passes.entries()) {
      const pipeline = await pipelineOf(shader(file), { OUTPUTS: outputs, LENGTH: length, CHUNKS: chunks });
      const buffers = k === 0 ? [source, partials] : [partials, result];
      steps.push(step(pipeline, buffers, line(outputs * chunks, file === 'reduce' ? 64 : 1)));
    }
    variants.push({ name, steps });
  }
  const times = await leastTimes(variants);
  row(['sum', 'ms of processor time']);
  row(['---', '---']);
  for (const [k, { name }] of variants.entries()) row([name, times[k].toFixed(2)]);
}

// ---- accuracy of scalar functions -------------------------------------------------------------------------------

/** Float64: the series where it converges without cancellation, the continued fraction of erfc beyond. */
function erf(x) {
  const z = Math.abs(x);
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
}

const linear = (low, high, count) =>
  Array.from({ length: count }, (_, i) => Math.fround(low + ((high - low) * i) / (count - 1)));
const geometric = (low, high, count) =>
  linear(Math.log(low), Math.log(high), count).map((x) => Math.fround(Math.exp(x)));
const bothSigns = (list) => list.flatMap((x) => [x, -x]);

const POSITIVE = [...geometric(1.2e-38, 3e38, 60000), ...linear(0.5, 2, 40000)];
const FUNCTIONS = [
  ['exp(x)', Math.exp, linear(-87, 88, 100000)],
  ['exponential(x)', Math.exp, linear(-87, 88, 100000)],
  ['log(x)', Math.log, POSITIVE],
  ['logarithm(x)', Math.log, POSITIVE],
  ['log1p(x)', Math.log1p, [...geometric(1e-30, 3e38, 40000), ...linear(-0.999999, 1, 60000)]],
  ['expm1(x)', Math.expm1, [...bothSigns(geometric(1e-30, 80, 30000)), ...linear(-20, 88, 60000)]],
  ['tanh(x)', Math.tanh, bothSigns(geometric(1e-10, 20, 50000))],
  ['hyperbolicTangent(x)', Math.tanh, bothSigns(geometric(1e-10, 20, 50000))],
  ['sigmoid(x)', (x) => 1 / (1 + Math.exp(-x)), linear(-85, 85, 100000)],
  ['erf(x)', erf, [...bothSigns(geometric(1e-20, 6, 40000)), ...linear(-5, 5, 40000)]],
  ['sin(x), up to pi', Math.sin, linear(-3.14, 3.14, 100000)],
  ['sine(x), up to 1e4', Math.sin, [...linear(-1e4, 1e4, 100000), ...linear(-7, 7, 50000)]],
  ['cosine(x), up to 1e4', Math.cos, [...linear(-1e4, 1e4, 100000), ...linear(-7, 7, 50000)]],
  ['sqrt(x)', Math.sqrt, POSITIVE],
  ['inverseSqrt(x)', (x) => 1 / Math.sqrt(x), POSITIVE],
  ['1.0 / x', (x) => 1 / x, bothSigns(geometric(2e-38, 8e37, 60000))],
  ['pow(x, 2.5)', (x) => x ** 2.5, geometric(1e-12, 1e12, 60000)],
  ['power(x, 2.5)', (x) => x ** 2.5, [...geometric(1e-12, 1e12, 60000), ...linear(0.3, 3, 40000)]],
  ['power(x, -0.37)', (x) => x ** Math.fround(-0.37), geometric(1e-37, 1e37, 60000)],
  ['power(x, 5.0)', (x) => x ** 5, bothSigns(geometric(2e-7, 5e7, 60000))],
  ['power(1.01, x)', (x) => Math.fround(1.01) ** x, linear(-5000, 5000, 60001)],
];

async function accuracy() {
  row(['function', 'largest error, ulp', 'at', 'largest absolute error', 'at']);
  row(['---', '---', '---', '---', '---']);
  for (const [name, reference, points] of FUNCTIONS) {
    const x = Float32Array.from(points);
    const result = bufferOf(x.byteLength);
    const expression = name.split(', up to')[0];
    const store = `@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
fn store(i: u32) { let x = source[i]; result[i] = ${expression}; }`;
    const code = `${shader('math')}\n${replace(shader('map'), 'store', store)}`;
    const pipeline = await pipelineOf(code, { COUNT: x.length });
    await run([step(pipeline, [bufferOf(x), result], line(x.length))]);
    const y = await read(result);
    let worst = { ulp: 0, at: 0 };
    let largest = { error: 0, at: 0 };
    for (const [i, at] of x.entries()) {
      const exact = reference(at);
      if (!(Math.abs(exact) > 2 ** -126 && Math.abs(exact) < 3.4e38)) continue;
      const error = Math.abs(y[i] - exact);
      const ulp = error / 2 ** (Math.floor(Math.log2(Math.abs(exact))) - 23);
      if (!(ulp <= worst.ulp)) worst = { ulp, at };
      if (!(error <= largest.error)) largest = { error, at };
    }
    const { error, at } = largest;
    row([name, worst.ulp.toPrecision(3), worst.at.toPrecision(4), error.toExponential(1), at.toPrecision(4)]);
  }
}

const SECTIONS = { products, convolutions, loads, compile, maps, reductions, accuracy };
const section = SECTIONS[process.argv[2]];
if (!section) throw new Error(`Say one of ${Object.keys(SECTIONS).join(', ')}.`);
console.log(`${driver}, ${adapter.info.description}, subgroups of ${lanes}\n`);
await section();
device.destroy();
