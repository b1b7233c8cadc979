/** `npm run bench`: our own figures, then training steps and convolution in turn with TensorFlow.js. See docs/benchmarks.md. */
import { cpus, loadavg } from 'node:os';
import { currentDevice, init, LangevinError } from '../engine/index.ts';
import { compare, installPeers, type Comparison } from './comparison.ts';
import { timeConvolutions } from './convolutions.ts';
import { COSTS } from './cost-workloads.ts';
import { timeCost, type CostResult } from './costs.ts';
import { driverEnvironment, hasSystemLoader } from './driver.ts';
import { timeProducts, timeStreams } from './kernels.ts';
import { parseOptions, USAGE, type Options, type Section } from './options.ts';
import { profile } from './profile.ts';
import { timeReplay } from './replay.ts';
import { render, type Report } from './report.ts';
import { timeTraining, type StepResult } from './training.ts';
import { versionOf } from './versions.ts';
import { TRAININGS, WORKLOADS } from './workloads.ts';

const log = (line: string): void => console.error(line);

async function run({ adapter, sections, workloads, rounds }: Options): Promise<Report> {
  // Child processes read it too.
  if (adapter !== undefined) process.env['LANGEVIN_ADAPTER'] = adapter;
  const wanted = (section: Section): boolean => sections.includes(section);
  const start = loadavg()[0] ?? 0;
  const systemLoader = hasSystemLoader();
  await init();
  const device = currentDevice();
  if (!device) throw new Error('There is no device to measure.');
  log(`${device.description.source}; load ${start.toFixed(1)}`);

  const results: { -readonly [K in keyof Report]?: Report[K] } = {};
  // Steps come first: what they allocate is then theirs, not what kernels left in the pool.
  if (wanted('steps')) {
    const steps: StepResult[] = [];
    for (const name of TRAININGS.filter((training) => workloads.includes(training))) {
      log(WORKLOADS[name].title);
      steps.push(await timeTraining(WORKLOADS[name]));
    }
    results.steps = steps;
  }
  if (wanted('profile')) {
    log('kernels of a step');
    results.profile = await profile(WORKLOADS['c1-adam']);
  }
  if (wanted('replay')) {
    log('replay');
    results.replay = [await timeReplay(WORKLOADS['small-sgd'])];
  }
  if (wanted('matmul')) {
    log('matrix products');
    results.matmul = await timeProducts();
  }
  if (wanted('convolution')) {
    log('convolution');
    results.convolution = await timeConvolutions();
  }
  if (wanted('memory')) {
    log('memory traffic');
    results.memory = await timeStreams();
  }
  if (wanted('costs')) {
    const costs: CostResult[] = [];
    for (const cost of COSTS.filter(({ workload }) => workloads.includes(workload)))
      costs.push(await timeCost(cost, rounds, log));
    results.costs = costs;
  }
  // While engines are compared, this process holds no device.
  device.destroy();
  if (wanted('peers')) {
    const skipped = installPeers(log);
    if (skipped === undefined) {
      const driver = driverEnvironment(device.description, systemLoader);
      const peers: Comparison[] = [];
      const failures: string[] = [];
      for (const name of workloads)
        try {
          peers.push(await compare(name, WORKLOADS[name], rounds, driver, log));
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
        }
      results.peers = peers;
      results.failures = failures;
    } else results.skipped = skipped;
  }
  const [cpu] = cpus();
  return {
    machine: {
      adapter: device.description.source,
      cpu: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}`,
      node: process.versions.node,
      langevin: versionOf('.') ?? '',
      dawn: versionOf('node_modules/webgpu') ?? '',
      load: [start, loadavg()[0] ?? 0],
    },
    ...results,
  };
}

async function main(): Promise<void> {
  let options: Options;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    log(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (options.help) return console.log(USAGE);
  try {
    const report = await run(options);
    console.log(options.json ? JSON.stringify(report) : `\n${render(report)}`);
    if (report.failures?.length) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof LangevinError)) throw error;
    log(`${error.code}: ${error.message}`);
    process.exitCode = 1;
  }
}

await main();
