/** Processor time of dispatches, and lines of a table. */
import { readFileSync, readdirSync } from 'node:fs';
import { run } from './device.mjs';

/** Milliseconds of processor time used so far by every thread but Node's own. */
export function processorTime() {
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
export async function leastTimes(variants, rounds = 10) {
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
export const noise = (count) => Float32Array.from({ length: count }, uniform);
export const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
export const line = (count, workgroup = 64) => [Math.ceil(count / workgroup), 1, 1];
