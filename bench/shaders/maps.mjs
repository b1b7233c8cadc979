/** Elementwise maps: elements per thread, and vectors. */
import { bufferOf, pipelineOf, replace, shader, step } from './device.mjs';
import { leastTimes, line, noise, row } from './measure.mjs';

export async function maps() {
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
