/**
 * One workload in our engine, behind the protocol of bench/peers/tfjs.mjs: a JSON line that describes the engine, then
 * for every line of input, a number of steps, one JSON line with the time of a step and the results of the last.
 */
import { createInterface } from 'node:readline';
import { currentDevice, init } from '../engine/index.ts';
import { versionOf } from './versions.ts';
import { disposeAll, finished, magnitudes } from './workload.ts';
import { WORKLOAD_NAMES, WORKLOADS, type WorkloadName } from './workloads.ts';

const name = process.argv[2] as WorkloadName;
if (!WORKLOAD_NAMES.includes(name))
  throw new Error(`Workload ${name} is none of ${WORKLOAD_NAMES.join(', ')}.`);
await init();
const { vendor, device, description } = (currentDevice() as NonNullable<ReturnType<typeof currentDevice>>)
  .description;
const { parameters, step } = WORKLOADS[name].start();
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
say({
  engine: 'langevin',
  version: versionOf('.'),
  adapter: [vendor, device, description].filter(Boolean).join(', '),
  parameters,
});

for await (const line of createInterface({ input: process.stdin })) {
  const steps = Number(line);
  const start = performance.now();
  let last = step();
  for (let k = 1; k < steps; k++) {
    disposeAll(last);
    last = step();
  }
  await finished();
  const ms = (performance.now() - start) / steps;
  const values = await magnitudes(last);
  disposeAll(last);
  say({ ms, values });
}
process.exit(0);
