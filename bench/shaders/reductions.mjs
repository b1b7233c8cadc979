/** Sums, by threads and by workgroups, in one launch or two. */
import { bufferOf, pipelineOf, shader, step } from './device.mjs';
import { leastTimes, line, noise, row } from './measure.mjs';

export async function reductions() {
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
