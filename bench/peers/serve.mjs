/**
 * The protocol of bench/turns.ts: a JSON line that describes the engine, and then for every line of input, a number of steps,
 * one JSON line { "ms": milliseconds per step, "values": the mean magnitude of each result of the last one }.
 */
import { createInterface } from 'node:readline';

/**
 * @param info engine, version, adapter, and parameters: the numbers that are trained, filtered with or multiplied with
 * @param step returns the results of one step, or promises them
 * @param finished waits until all work before and for the results is done
 * @param release frees results
 * @param magnitudes of results
 */
export async function serve(info, { step, finished, release, magnitudes }) {
  console.log(JSON.stringify(info));
  for await (const line of createInterface({ input: process.stdin })) {
    const steps = Number(line);
    const begin = performance.now();
    let last;
    for (let k = 0; k < steps; k++) {
      if (last) release(last);
      last = await step();
    }
    await finished(last);
    const ms = (performance.now() - begin) / steps;
    const values = await magnitudes(last);
    release(last);
    console.log(JSON.stringify({ ms, values }));
  }
  process.exit(0);
}
