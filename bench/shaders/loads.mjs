/** What a product costs when its operands are computed instead of loaded: the price of the loads. */
import { bufferOf, pipelineOf, replace, shader, step } from './device.mjs';
import { leastTimes, row } from './measure.mjs';
import { KERNELS } from './products.mjs';

export async function loads() {
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
