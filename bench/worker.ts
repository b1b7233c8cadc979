/**
 * One of our training steps behind the protocol of bench/peers/tfjs.mjs: a JSON line that describes the engine, then for
 * every line of input, a number of steps, one JSON line with the time of a step and the last loss.
 */
import { createInterface } from 'node:readline';
import { currentDevice, init } from '../engine/index.ts';
import { WORKLOAD_NAMES, WORKLOADS, trainer, type WorkloadName } from './steps.ts';
import { versionOf } from './versions.ts';

const name = process.argv[2] as WorkloadName;
if (!WORKLOAD_NAMES.includes(name))
  throw new Error(`Workload ${name} is none of ${WORKLOAD_NAMES.join(', ')}.`);
await init();
const { vendor, device, description } = (currentDevice() as NonNullable<ReturnType<typeof currentDevice>>)
  .description;
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
say({
  engine: 'langevin',
  version: versionOf('.'),
  adapter: [vendor, device, description].filter(Boolean).join(', '),
});

const { step } = trainer(WORKLOADS[name]);
for await (const line of createInterface({ input: process.stdin })) {
  const steps = Number(line);
  const start = performance.now();
  let last = step();
  for (let k = 1; k < steps; k++) {
    last.dispose();
    last = step();
  }
  const loss = await last.item();
  last.dispose();
  say({ ms: (performance.now() - start) / steps, loss });
}
process.exit(0);
