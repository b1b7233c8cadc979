/** The results of a run, and how they are shown. */
import type { Ceilings } from './ceilings.ts';
import type { Comparison } from './comparison.ts';
import type { CostResult } from './costs.ts';
import type { DispatchResult } from './dispatches.ts';
import type { Block } from './document.ts';
import type { KernelResult } from './kernels.ts';
import type { Machine } from './machine.ts';
import type { Section } from './options.ts';
import { peersSection } from './peers-table.ts';
import type { ProfileResult } from './profile.ts';
import type { ReplayResult } from './replay.ts';
import { median } from './statistics.ts';
import { markdownTable, percent, show, type Row } from './table.ts';
import type { StepResult } from './training.ts';

export interface Report {
  readonly machine: Machine;
  readonly ceilings?: Ceilings;
  readonly matmul?: readonly KernelResult[];
  readonly convolution?: readonly KernelResult[];
  readonly memory?: readonly KernelResult[];
  /** Undefined also where the adapter has no timestamps. */
  readonly profile?: ProfileResult | undefined;
  readonly steps?: readonly StepResult[];
  readonly replay?: readonly ReplayResult[];
  readonly dispatches?: DispatchResult;
  readonly costs?: readonly CostResult[];
  readonly peers?: readonly Comparison[];
  /** Kernels and comparisons that broke off, and why. */
  readonly failures?: readonly string[];
  /** Why there is no comparison, if one was asked for. */
  readonly skipped?: string;
}

/** All of it, for a terminal. */
export function render(report: Report): string {
  return [
    ['```text', ...machineLines(report.machine), '```'].join('\n'),
    ...sectionsOf(report).map(({ markdown }) => markdown),
    ...(report.failures ?? []).map((failure) => `Failed: ${failure}`),
    ...(report.skipped === undefined ? [] : [`No comparison with other engines: ${report.skipped}.`]),
  ].join('\n\n');
}

/** The sections for docs/benchmarks.md: each says what it was measured on, for others stay from other runs. */
export function blocksOf(report: Report): Block[] {
  const [versions, adapter, cpu] = machineLines(report.machine);
  const origin = `*${versions}; ${adapter}; ${cpu}*`;
  return sectionsOf(report).map(({ section, markdown }) => ({
    section,
    markdown: `${markdown}\n\n${origin}`,
  }));
}

function machineLines(machine: Machine): [string, string, string] {
  const { adapter, cpu, node, langevin, dawn, revision, tuning, load } = machine;
  const own = [`langevin ${langevin}`, revision && `(${revision})`].filter(Boolean).join(' ');
  const tuned = tuning && `, LANGEVIN_TUNE=${tuning}`;
  return [
    `${own}, Dawn (webgpu) ${dawn}, Node ${node}${tuned}`,
    adapter,
    `${cpu}; load ${load[0].toFixed(1)} at the start, ${load[1].toFixed(1)} at the end`,
  ];
}

function sectionsOf(report: Report): (Block & { readonly section: Section })[] {
  const blocks: (Block & { readonly section: Section })[] = [];
  const add = (section: Section, ...parts: readonly string[]): number =>
    blocks.push({ section, markdown: parts.join('\n\n') });
  const { peers, steps, profile, replay, dispatches, ceilings, matmul, convolution, memory, costs } = report;
  if (peers?.length) add('peers', ...peersSection(peers));
  if (steps) add('steps', ...stepsSection(steps));
  if (profile) add('profile', ...profileSection(profile, ceilings));
  if (replay) add('replay', ...replaySection(replay, dispatches));
  if (ceilings) add('ceilings', ...ceilingsSection(ceilings));
  if (matmul) add('matmul', ...kernelsSection('Matrix products', 'GFLOP/s', matmul));
  if (convolution)
    add('convolution', ...kernelsSection('Convolutions 3 × 3 of C1, B = 16', 'GFLOP/s', convolution));
  if (memory) add('memory', ...kernelsSection('Kernels that memory bounds', 'GB/s', memory));
  if (costs) add('costs', ...costsSection(costs));
  return blocks;
}

function stepsSection(steps: readonly StepResult[]): string[] {
  return [
    '**Training steps**',
    markdownTable(
      ['step', 'parameters', 'ms', 'GFLOP/s', 'dispatches', 'live MB', 'allocated MB'],
      steps.map((step) => [
        step.title,
        step.parameters,
        step.ms,
        step.gflops,
        step.dispatches,
        step.liveBytes / 1e6,
        step.allocatedBytes / 1e6,
      ]),
    ),
    '**First call**',
    markdownTable(
      ['step', 'recording, ms', 'then to the first loss, ms', 'pipelines'],
      steps.map((step) => [step.title, step.recordMs, step.firstLossMs, step.pipelines]),
    ),
  ];
}

function replaySection(replay: readonly ReplayResult[], dispatches: DispatchResult | undefined): string[] {
  return [
    '**Replay: time of the main thread**',
    markdownTable(
      ['step', 'dispatches', 'share', 'µs per step', 'least', 'µs per dispatch', 'least'],
      replay.flatMap((r) => [
        [
          r.title,
          r.dispatches,
          'all',
          r.hostUs,
          r.leastHostUs,
          r.hostUs / r.dispatches,
          r.leastHostUs / r.dispatches,
        ],
        [
          r.title,
          r.dispatches,
          'own JavaScript',
          r.ownUs,
          r.leastOwnUs,
          r.ownUs / r.dispatches,
          r.leastOwnUs / r.dispatches,
        ],
      ]),
    ),
    ...(dispatches
      ? [
          `A chain of ${dispatches.dispatches} products of 4 × 4: ${dispatches.rate.toFixed(0)} dispatches per second.`,
        ]
      : []),
  ];
}

function ceilingsSection({ arithmetic, memory, cache }: Ceilings): string[] {
  return [
    '**Ceilings**',
    markdownTable(
      ['what', 'at most', 'unit', 'reached by'],
      [
        ['multiply-adds on registers', arithmetic.rate, 'GFLOP/s', arithmetic.form],
        ['memory, arrays of 64 MiB', memory.rate, 'GB/s', memory.form],
        ['caches, arrays of 4 MiB', cache.rate, 'GB/s', cache.form],
      ],
    ),
  ];
}

function kernelsSection(title: string, unit: string, results: readonly KernelResult[]): string[] {
  return [
    `**${title}**`,
    markdownTable(
      ['kernel', 'ms', unit, 'of the ceiling'],
      results.map((result) =>
        'failure' in result
          ? [result.name, '–', '–', '–']
          : [result.name, result.ms, result.rate, percent(result.share)],
      ),
    ),
  ];
}

function costsSection(costs: readonly CostResult[]): string[] {
  return [
    '**Costs of statistics and replicas, in turn**',
    markdownTable(
      ['what', 'normalisation', 'ms', 'beside', 'ms', 'ratio', 'over rounds', 'at most', 'met'],
      costs.map((c) => [
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
    ),
  ];
}

/** Kernels that take at least this share of a step are named. */
const NAMED_SHARE = 0.01;

function profileSection(
  { title, stepMs, ms, kernels }: ProfileResult,
  ceilings: Ceilings | undefined,
): string[] {
  const row = (name: string, group: ProfileResult['kernels']): Row => {
    const total = (f: (kernel: ProfileResult['kernels'][number]) => number): number =>
      group.reduce((sum, kernel) => sum + f(kernel), 0);
    const [time, bytes, flops] = [
      total((kernel) => kernel.ms),
      total((kernel) => kernel.bytes),
      total((kernel) => kernel.flops),
    ];
    const [arithmetic, memory] = [flops / time / 1e6, bytes / time / 1e6];
    return [
      name,
      total((kernel) => kernel.dispatches),
      time,
      percent(time / ms),
      arithmetic,
      memory,
      ...(ceilings
        ? [percent(Math.max(arithmetic / ceilings.arithmetic.rate, memory / ceilings.memory.rate))]
        : []),
    ];
  };
  const named = kernels.filter((kernel) => kernel.ms >= NAMED_SHARE * ms);
  const rest = kernels.slice(named.length);
  return [
    `**Kernels of a step: ${title}; ${show(ms)} ms in kernels, ${show(stepMs)} ms as it usually runs**`,
    markdownTable(
      [
        'kernel',
        'dispatches',
        'ms',
        'share',
        'GFLOP/s',
        'GB/s',
        ...(ceilings ? ['of the nearer ceiling'] : []),
      ],
      [
        ...named.map((kernel) => row(kernel.name, [kernel])),
        ...(rest.length > 0 ? [row(`${rest.length} others`, rest)] : []),
      ],
    ),
  ];
}
