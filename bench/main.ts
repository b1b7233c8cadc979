/** `npm run bench`: our own figures, then the same work in turn with other engines. See docs/benchmarks.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentDevice, init, LangevinError } from '../engine/index.ts';
import { measureCeilings } from './ceilings.ts';
import { compare, type Comparison } from './comparison.ts';
import { CONVOLUTION_CASES } from './convolutions.ts';
import { COSTS } from './cost-workloads.ts';
import { timeCost, type CostResult } from './costs.ts';
import { timeDispatches } from './dispatches.ts';
import { withBlocks } from './document.ts';
import { driverEnvironment, hasSystemLoader } from './driver.ts';
import { timeKernels } from './kernels.ts';
import { describeMachine, loadNow } from './machine.ts';
import { parseOptions, USAGE, type Options, type Section } from './options.ts';
import { PASS_CASES } from './passes.ts';
import { installPeers } from './peer-engines.ts';
import { PRODUCT_CASES } from './products.ts';
import { profile } from './profile.ts';
import { timeReplay } from './replay.ts';
import { blocksOf, render, type Report } from './report.ts';
import { timeTraining, type StepResult } from './training.ts';
import { ROOT } from './versions.ts';
import { TRAININGS, usualWorkloads, WORKLOADS } from './workloads.ts';

const log = (line: string): void => console.error(line);

/** Those that need to know what the adapter can do. */
const BOUNDED: readonly Section[] = ['ceilings', 'profile', 'matmul', 'convolution', 'memory'];

async function run(options: Options): Promise<Report> {
  const { adapter, sections, rounds } = options;
  // Child processes read it too.
  if (adapter !== undefined) process.env['LANGEVIN_ADAPTER'] = adapter;
  const wanted = (section: Section): boolean => sections.includes(section);
  const start = loadNow();
  const systemLoader = hasSystemLoader();
  await init();
  const device = currentDevice();
  if (!device) throw new Error('There is no device to measure.');
  log(`${device.description.source}; load ${start.toFixed(1)}`);
  const workloads = options.workloads ?? usualWorkloads(device.traits);
  const trainings = workloads.filter((name) => TRAININGS.includes(name));

  const failures: string[] = [];
  const results: { -readonly [K in keyof Report]?: Report[K] } = {};
  // Steps come first: what they allocate is then theirs, not what kernels left in the pool.
  if (wanted('steps')) {
    const steps: StepResult[] = [];
    for (const name of trainings) {
      log(WORKLOADS[name].title);
      steps.push(await timeTraining(WORKLOADS[name]));
    }
    results.steps = steps;
  }
  const ceilings = BOUNDED.some(wanted) ? await measureCeilings(log) : undefined;
  if (ceilings) results.ceilings = ceilings;
  if (wanted('profile')) {
    log('kernels of a step');
    results.profile = await profile(WORKLOADS[trainings.find((name) => name.startsWith('c1')) ?? 'c1-adam']);
  }
  if (wanted('replay')) {
    log('replay');
    results.replay = [await timeReplay(WORKLOADS['small-sgd'])];
    results.dispatches = await timeDispatches();
  }
  if (ceilings)
    for (const [section, cases] of [
      ['matmul', PRODUCT_CASES],
      ['convolution', CONVOLUTION_CASES],
      ['memory', PASS_CASES],
    ] as const)
      if (wanted(section)) {
        log(section);
        const timed = await timeKernels(cases, ceilings, log);
        for (const result of timed)
          if ('failure' in result) failures.push(`${result.name}: ${result.failure}`);
        results[section] = timed;
      }
  if (wanted('costs')) {
    const costs: CostResult[] = [];
    for (const cost of COSTS.filter(({ workload }) => workloads.includes(workload)))
      costs.push(await timeCost(cost, rounds, log));
    results.costs = costs;
  }
  const { description, traits } = device;
  // While engines are compared, this process holds no device.
  device.destroy();
  if (wanted('peers')) {
    const skipped = installPeers(log);
    if (skipped === undefined) {
      const driver = driverEnvironment(description, systemLoader);
      const peers: Comparison[] = [];
      for (const name of workloads)
        try {
          peers.push(await compare(name, options.peers, rounds, traits, driver, log));
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          failures.push(`${WORKLOADS[name].title}: ${reason}`);
        }
      results.peers = peers;
      for (const { title, peers: all } of peers)
        for (const peer of all)
          if ('failure' in peer && peer.wrong) failures.push(`${title}: ${peer.peer} ${peer.failure}`);
    } else results.skipped = skipped;
  }
  return { machine: describeMachine(device, start), ...results, failures };
}

function write(report: Report): void {
  const path = join(ROOT, 'docs/benchmarks.md');
  const text = withBlocks(readFileSync(path, 'utf8'), report.machine.name, blocksOf(report));
  writeFileSync(path, text);
  log(`docs/benchmarks.md has the results of ${report.machine.name}.`);
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
    if (options.write) write(report);
    if (report.failures?.length) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof LangevinError)) throw error;
    log(`${error.code}: ${error.message}`);
    process.exitCode = 1;
  }
}

await main();
