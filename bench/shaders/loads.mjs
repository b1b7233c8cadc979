/**
 * Where the time of a product goes: its operands computed instead of loaded, and its results not stored. What is left is
 * the arithmetic.
 */
import { bufferOf, lanes, pipelineOf, replace, shader, step } from './device.mjs';
import { leastTimes, row } from './measure.mjs';
import { KERNELS } from './products.mjs';

/** M, K, N, batch: a large product, and the gradient of a wide layer for eight replicas. */
const SHAPES = [
  [512, 512, 512, 1],
  [784, 32, 64, 8],
];

const computed = (code, name, binding) =>
  replace(
    code,
    name,
    `@group(0) @binding(${binding}) var<storage, read> ${name}: array<vec4f>;
fn ${name}1(i: u32) -> f32 { return f32(i); }
fn ${name}4(i: u32) -> vec4f { return ${name}[0] + vec4f(f32(i), f32(i + 1u), f32(i + 2u), f32(i + 3u)); }`,
  );

/** A result that no product of these operands has. */
const unstored = (code) =>
  replace(
    code,
    'epilogue',
    `@group(0) @binding(2) var<storage, read_write> result: array<f32>;
fn epilogue(b: u32, row: u32, col: u32, value: f32) { if (value < -1e38) { result[row] = value; } }`,
  );

const CASES = [
  ['as it is', (code) => code],
  ['nothing stored', unstored],
  ['A computed', (code) => computed(code, 'left', 0)],
  ['both computed', (code) => computed(computed(code, 'left', 0), 'right', 1)],
  ['both computed, nothing stored', (code) => unstored(computed(computed(code, 'left', 0), 'right', 1))],
];

export async function loads() {
  const kernels = ['matmul_registers', ...(lanes === 8 || lanes === 4 ? ['matmul_subgroup'] : [])];
  const columns = kernels.flatMap((name) => SHAPES.map((shape) => ({ name, shape })));
  const rates = [];
  for (const { name, shape } of columns) {
    const [m, k, n, batch] = shape;
    const buffers = [m * k, k * n, m * n].map((elements) => bufferOf(4 * batch * elements));
    const constants = { M: m, N: n, K: k, TRANSPOSE_A: Number(batch > 1), A_BATCH: m * k, B_BATCH: k * n };
    if (name === 'matmul_subgroup') Object.assign(constants, { LANES: lanes, ACROSS: lanes === 8 ? 1 : 2 });
    const [x, y] = KERNELS[name](m, n);
    const variants = [];
    for (const [, change] of CASES) {
      const pipeline = await pipelineOf(change(shader(name)), constants);
      variants.push({ steps: [step(pipeline, buffers, [x, y, batch])] });
    }
    const times = await leastTimes(variants, 10);
    rates.push(times.map((ms) => ((2 * batch * m * k * n) / (ms / 2) / 1e6).toFixed(1)));
    for (const buffer of buffers) buffer.destroy();
  }
  const title = ({ name, shape: [m, k, n, batch] }) =>
    `${name}, ${batch > 1 ? `${batch} of TN` : 'NN'} ${m}x${k}x${n}`;
  row(['GFLOP/s on 2 cores', ...columns.map(title)]);
  row(['---', ...columns.map(() => '---')]);
  for (const [at, [name]] of CASES.entries()) row([name, ...rates.map((list) => list[at])]);
}
