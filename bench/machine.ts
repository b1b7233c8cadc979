/** What figures were measured on, and with what. */
import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import type { Device } from '../engine/gpu/device.ts';
import { ROOT, versionOf } from './versions.ts';

export interface Machine {
  /** One word, by which docs/benchmarks.md finds the results of an adapter again. */
  readonly name: string;
  readonly adapter: string;
  readonly cpu: string;
  readonly node: string;
  readonly langevin: string;
  readonly dawn: string;
  /** Revision and date of the last commit; `+` where the working tree differs from it. */
  readonly revision: string;
  /** What was told of measured kernel choices; the launch rules choose where nothing was. */
  readonly tuning: string;
  /** Load averages over one minute, at the start and at the end: above what the run itself causes, times are long. */
  readonly load: readonly [number, number];
}

export const loadNow = (): number => loadavg()[0] ?? 0;

export function describeMachine(
  { description, traits }: Pick<Device, 'description' | 'traits'>,
  loadAtStart: number,
): Machine {
  const [cpu] = cpus();
  // A vendor may have several adapters; software drivers have names of their own.
  const name =
    traits.kind === 'cpu' ? traits.name : description.device || description.description || traits.name;
  return {
    name: name.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
    adapter: description.source,
    cpu: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}`,
    node: process.versions.node,
    langevin: versionOf('.') ?? '',
    dawn: versionOf('node_modules/webgpu') ?? '',
    revision: revision(),
    tuning: process.env['LANGEVIN_TUNE'] ?? '',
    load: [loadAtStart, loadNow()],
  };
}

/** Empty where this is no working copy of git. */
function revision(): string {
  const git = (...args: string[]): string =>
    spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';
  const dirty = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs') === '' ? '' : '+';
  return git('log', '-1', '--date=short', `--format=%h${dirty} of %cd`);
}
