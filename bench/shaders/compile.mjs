/** What a product costs to compile. */
import { bufferOf, lanes, run } from './device.mjs';
import { leastTimes, processorTime, row } from './measure.mjs';
import { KERNELS, product } from './products.mjs';

export async function compile() {
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
