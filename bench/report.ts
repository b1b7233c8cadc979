/** The results of a run, and how they are shown. */
import type { Comparison } from './comparison.ts';
import type { ConvolutionResult } from './convolutions.ts';
import type { CostResult } from './costs.ts';
import type { KernelResult } from './kernels.ts';
import type { ProfileResult } from './profile.ts';
import type { ReplayResult } from './replay.ts';
import { median } from './statistics.ts';
import { markdownTable, show, type Row } from './table.ts';
import type { StepResult } from './training.ts';

export interface Report {
  readonly machine: {
    readonly adapter: string;
    readonly cpu: string;
    readonly node: string;
    readonly langevin: string;
    readonly dawn: string;
    /** Load averages over one minute, at the start and at the end: above what the run itself causes, times are long. */
    readonly load: readonly [number, number];
  };
  readonly matmul?: readonly KernelResult[];
  readonly convolution?: readonly ConvolutionResult[];
  readonly memory?: readonly KernelResult[];
  /** Undefined also where the adapter has no timestamps. */
  readonly profile?: ProfileResult | undefined;
  readonly steps?: readonly StepResult[];
  readonly replay?: readonly ReplayResult[];
  readonly costs?: readonly CostResult[];
  readonly peers?: readonly Comparison[];
  /** Comparisons that broke off, and why. */
  readonly failures?: readonly string[];
  /** Why there is no comparison, if one was asked for. */
  readonly skipped?: string;
}

export function render(report: Report): string {
  const { adapter, cpu, node, langevin, dawn, load } = report.machine;
  const machine = [
    '```text',
    `langevin ${langevin}, Dawn (webgpu) ${dawn}, Node ${node}`,
    adapter,
    `${cpu}; load ${load[0].toFixed(1)} at the start, ${load[1].toFixed(1)} at the end`,
    '```',
  ];
  const parts = [machine.join('\n')];
  const section = (
    title: string,
    head: readonly string[],
    rows: readonly (readonly (string | number)[])[],
  ): number => parts.push(`**${title}**\n\n${markdownTable(head, rows)}`);
  if (report.steps) {
    section(
      'Training steps',
      ['step', 'parameters', 'ms', 'GFLOP/s', 'dispatches', 'live MB', 'allocated MB'],
      report.steps.map((step) => [
        step.title,
        step.parameters,
        step.ms,
        step.gflops,
        step.dispatches,
        step.liveBytes / 1e6,
        step.allocatedBytes / 1e6,
      ]),
    );
    section(
      'First call',
      ['step', 'recording, ms', 'then to the first loss, ms', 'pipelines'],
      report.steps.map((step) => [step.title, step.recordMs, step.firstLossMs, step.pipelines]),
    );
  }
  if (report.profile) parts.push(profileSection(report.profile));
  if (report.replay)
    section(
      'Replay: time of the main thread',
      ['step', 'dispatches', 'share', 'µs per step', 'least', 'µs per dispatch'],
      report.replay.flatMap((r) => [
        [r.title, r.dispatches, 'all', r.hostUs, r.leastHostUs, r.hostUs / r.dispatches],
        [r.title, r.dispatches, 'own JavaScript', r.ownUs, r.leastOwnUs, r.ownUs / r.dispatches],
      ]),
    );
  if (report.matmul) section('Matrix products', ['product', 'ms', 'GFLOP/s'], kernelRows(report.matmul));
  if (report.convolution)
    section(
      'Convolution 3 × 3, B = 16, and matrix products of the same size, GFLOP/s',
      [
        'channels, pixels',
        'GFLOP',
        ...(report.convolution[0]?.passes.flatMap(({ name }) => [name, 'product']) ?? []),
      ],
      report.convolution.map(({ name, gflop, passes }) => [
        name,
        gflop,
        ...passes.flatMap(({ rate, matmul }) => [rate, matmul]),
      ]),
    );
  if (report.memory) section('Memory traffic', ['kernel', 'ms', 'GB/s'], kernelRows(report.memory));
  if (report.costs)
    section(
      'Costs of statistics and replicas, in turn',
      ['what', 'normalisation', 'ms', 'beside', 'ms', 'ratio', 'over rounds', 'at most', 'met'],
      report.costs.map((c) => [
        c.title,
        c.normalisation,
        median(c.ms),
        c.beside,
        median(c.besideMs),
        c.ratio,
        `${c.range[0].toFixed(2)} – ${c.range[1].toFixed(2)} (${c.ms.length})`,
        c.target,
        c.ratio <= c.target ? 'yes' : 'no',
      ]),
    );
  const [first] = report.peers ?? [];
  if (report.peers && first)
    section(
      `In turn with ${first.peer.engine} ${first.peer.version} (WebGPU, ${first.peer.adapter})`,
      ['workload', 'langevin, ms', `${first.peer.engine}, ms`, 'ratio', 'over rounds', 'target', 'met'],
      report.peers.map((c) => [
        c.title,
        median(c.oursMs),
        median(c.peerMs),
        c.ratio,
        `${c.range[0].toFixed(2)} – ${c.range[1].toFixed(2)} (${c.oursMs.length})`,
        c.target,
        c.ratio >= c.target ? 'yes' : 'no',
      ]),
    );
  for (const failure of report.failures ?? []) parts.push(`Comparison failed: ${failure}`);
  if (report.skipped !== undefined) parts.push(`No comparison with TensorFlow.js: ${report.skipped}.`);
  return parts.join('\n\n');
}

function kernelRows(results: readonly KernelResult[]): (readonly [string, number, number])[] {
  return results.map(({ name, ms, rate }) => [name, ms, rate]);
}

/** Kernels that take at least this share of a step are named. */
const NAMED_SHARE = 0.01;

function profileSection({ title, stepMs, ms, kernels }: ProfileResult): string {
  const row = (name: string, group: ProfileResult['kernels']): Row => {
    const total = (f: (kernel: ProfileResult['kernels'][number]) => number): number =>
      group.reduce((sum, kernel) => sum + f(kernel), 0);
    const [time, bytes] = [total((kernel) => kernel.ms), total((kernel) => kernel.bytes)];
    return [
      name,
      total((kernel) => kernel.dispatches),
      time,
      `${((100 * time) / ms).toFixed(1)} %`,
      bytes / 1e6,
      bytes / time / 1e6,
    ];
  };
  const named = kernels.filter((kernel) => kernel.ms >= NAMED_SHARE * ms);
  const rest = kernels.slice(named.length);
  return [
    `**Kernels of a step: ${title}; ${show(ms)} of ${show(stepMs)} ms**`,
    markdownTable(
      ['kernel', 'dispatches', 'ms', 'share', 'MB', 'GB/s'],
      [
        ...named.map((kernel) => row(kernel.name, [kernel])),
        ...(rest.length > 0 ? [row(`${rest.length} others`, rest)] : []),
      ],
    ),
  ].join('\n\n');
}
