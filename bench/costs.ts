/**
 * What a statistic or a batch of replicas costs beside one plain gradient or step: two recorded programs on one device, in
 * turn, so that whatever else the machine does falls on both. bench/cost-workloads.ts says which.
 */
import type { Tensor } from '../engine/index.ts';
import { median, ratioOf, type Ratio } from './statistics.ts';
import { disposeAll, finished } from './workload.ts';
import type { WorkloadName } from './workloads.ts';

export interface Cost {
  /** The workload whose network and batch these are: `--workloads` chooses among costs by it. */
  readonly workload: WorkloadName;
  readonly title: string;
  /** What batch normalisation does in both programs. */
  readonly normalisation: string;
  /** What the cost is counted in. */
  readonly beside: string;
  /** The ratio is to be at most this. */
  readonly target: number;
  start(): RunningCost;
}

export interface RunningCost {
  /** Both return results that are the caller's to dispose. Synchronous but for the first call. */
  measured(): readonly Tensor[];
  beside(): readonly Tensor[];
  dispose(): void;
}

export interface CostResult extends Ratio, Omit<Cost, 'start'> {
  /** Milliseconds per call, one for each round. */
  readonly ms: readonly number[];
  readonly besideMs: readonly number[];
}

/** A turn should take about this long. */
const TURN_MS = 400;
const MAX_CALLS = 200;
/** Once rounds have taken so long, no more are begun; but two are taken at least. */
const ROUNDS_MS = 60_000;

export async function timeCost(
  { start, ...cost }: Cost,
  rounds: number,
  log: (line: string) => void,
): Promise<CostResult> {
  const { measured, beside, dispose } = start();
  const programs = [beside, measured];
  // The first call waits for its pipelines before there is anything to wait for on the device.
  for (const program of programs) {
    const results = program();
    for (const result of results) await result.data();
    disposeAll(results);
  }
  const calls: number[] = [];
  for (const program of programs)
    calls.push(Math.max(1, Math.min(MAX_CALLS, Math.round(TURN_MS / (await timeOf(program, 1))))));
  const times: [number[], number[]] = [[], []];
  const begin = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= 2 && performance.now() - begin > ROUNDS_MS) break;
    for (const [k, program] of programs.entries())
      (times[k] as number[]).push(await timeOf(program, calls[k] as number));
    const [plain, ms] = times.map((side) => median(side).toFixed(2));
    log(`${cost.title}: round ${round + 1} of ${rounds}, medians ${ms} against ${plain} ms`);
  }
  dispose();
  const [besideMs, ms] = times;
  return { ...cost, ms, besideMs, ...ratioOf(besideMs, ms) };
}

/** Milliseconds per call. */
async function timeOf(program: () => readonly Tensor[], calls: number): Promise<number> {
  await finished();
  const start = performance.now();
  for (let k = 0; k < calls; k++) {
    disposeAll(program());
  }
  await finished();
  return (performance.now() - start) / calls;
}
