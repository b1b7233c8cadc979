/** Matrix products: every kernel at shapes of training, in GFLOP/s. */
import { bufferOf, lanes, pipelineOf, read, replace, run, scalarOperand, shader, step } from './device.mjs';
import { leastTimes, noise, row } from './measure.mjs';

/** Layout, M, K, N, batch: op(A) op(B) = [M, K] [K, N]; the first letter says whether A is stored transposed, the second B. */
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
  ['NN', 32, 784, 64, 8],
  ['TN', 784, 32, 64, 8],
  ['NN', 32, 64, 10, 8],
  ['TN', 64, 32, 10, 8],
];

/** Whether the parts of a workgroup of matmul_subgroup stand beneath each other, as engine/ops/matmul-cpu.ts decides. */
const beneath = (m, n) => n <= 16 && m > 32;

export const KERNELS = {
  matmul_small: (m, n) => [Math.ceil((m * n) / 64), 1, 1],
  matmul_registers: (m, n) => [Math.ceil(n / 64), Math.ceil(m / 64), 1],
  matmul_subgroup: (m, n) =>
    beneath(m, n) ? [Math.ceil(n / 16), Math.ceil(m / 64), 1] : [Math.ceil(n / 32), Math.ceil(m / 32), 1],
  matmul_tiled: (m, n) => [Math.ceil(n / 64), Math.ceil(m / 64), 1],
};

export async function product(name, layout, m, k, n, buffers, batch = 1) {
  const transposed = [...layout].map((letter) => Number(letter === 'T'));
  let code = shader(name);
  if ((transposed[0] ? m : k) % 4 !== 0) code = replace(code, 'left', scalarOperand('left', 0));
  if ((transposed[1] ? k : n) % 4 !== 0) code = replace(code, 'right', scalarOperand('right', 1));
  const constants = { M: m, N: n, K: k, TRANSPOSE_A: transposed[0], TRANSPOSE_B: transposed[1] };
  if (batch > 1) Object.assign(constants, { A_BATCH: m * k, B_BATCH: k * n });
  if (name === 'matmul_subgroup')
    Object.assign(
      constants,
      beneath(m, n)
        ? { LANES: 4, HALVES: Number(lanes === 8), ACROSS: 1 }
        : { LANES: lanes, HALVES: 0, ACROSS: lanes === 8 ? 1 : 2 },
    );
  const [x, y] = KERNELS[name](m, n);
  return step(await pipelineOf(code, constants), buffers, [x, y, batch]);
}

/** Largest error over the bound k 2^-23 sum |a||b|, over a sample of C. */
function worstError(c, a, b, layout, m, k, n, batch) {
  let worst = 0;
  for (let sample = 0; sample < 50; sample++) {
    const i = Math.floor(Math.random() * m);
    const j = Math.floor(Math.random() * n);
    const z = Math.floor(Math.random() * batch);
    let sum = 0;
    let magnitude = 0;
    for (let q = 0; q < k; q++) {
      const x = a[z * m * k + (layout[0] === 'T' ? q * m + i : i * k + q)];
      const y = b[z * k * n + (layout[1] === 'T' ? j * k + q : q * n + j)];
      const term = x * y;
      sum += term;
      magnitude += Math.abs(term);
    }
    worst = Math.max(worst, Math.abs(c[(z * m + i) * n + j] - sum) / (k * 2 ** -23 * magnitude));
  }
  return worst;
}

export async function products() {
  const usable =
    lanes === 8 || lanes === 4 ? Object.keys(KERNELS) : ['matmul_small', 'matmul_registers', 'matmul_tiled'];
  row(['GFLOP/s on 2 cores', ...usable]);
  row(['---', ...usable.map(() => '---')]);
  for (const [layout, m, k, n, batch = 1] of PRODUCTS) {
    const a = noise(batch * m * k);
    const b = noise(batch * k * n);
    const result = bufferOf(batch * m * n * 4);
    const buffers = [bufferOf(a), bufferOf(b), result];
    const chosen = usable.filter((name) => name !== 'matmul_small' || batch * m * n * k < 2e7);
    const variants = [];
    for (const name of chosen) {
      const steps = [await product(name, layout, m, k, n, buffers, batch)];
      await run(steps);
      if (!(worstError(await read(result), a, b, layout, m, k, n, batch) <= 1))
        throw new Error(`${name} is wrong`);
      variants.push({ steps });
    }
    const times = await leastTimes(variants, m * n * k > 1e9 ? 3 : 8);
    const rate = (name) => {
      const ms = times[chosen.indexOf(name)];
      return ms === undefined ? '' : ((2 * batch * m * n * k) / (ms / 2) / 1e6).toFixed(1);
    };
    row([`${batch > 1 ? `${batch} of ` : ''}${layout} ${m}x${k}x${n}`, ...usable.map(rate)]);
    for (const buffer of buffers) buffer.destroy();
  }
}
