/** `langevin doctor`: what this machine computes on, how exactly, and how to make it faster. For every bug report. */
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { init, tuningSummary } from '../../engine/index.ts';
import { currentDevice } from '../../engine/init.ts';
import { LangevinError } from '../../engine/graph/errors.ts';
import type { TableSection } from '../../experiments/report.ts';
import { renderTable } from '../../experiments/text-table.ts';
import { versions } from '../../experiments/node/versions.ts';
import { measureAccuracy, type FunctionAccuracy } from '../accuracy.ts';
import { twoColumns, type Command } from '../command.ts';
import { terminalOf, type Terminal, type World } from '../world.ts';

export const doctor: Command = {
  name: 'doctor',
  about: 'show the adapter, its limits and measured accuracy, and what would make it faster',
  positionals: [],
  options: {},
  notes: ['LANGEVIN_ADAPTER picks an adapter by part of its name. The exit code is 1 when there is none.'],
  async run(_args, { stdout, environment }) {
    const out = terminalOf(stdout, environment);
    section(out, 'Versions', [
      ...Object.entries(versions()),
      ['system', `${platform()} ${release()} ${arch()}`],
      ['processor', `${cpus()[0]?.model.trim() ?? 'unknown'} × ${cpus().length}`],
      ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ]);
    const found = await findDevice(out);
    if (!found) return 1;
    adapterSections(out, found, environment);
    out.print(out.bold('Accuracy, measured here on 65,536 inputs each'));
    out.print(renderTable(accuracyTable(await measureAccuracy()), out.width));
    return 0;
  },
};

type Device = NonNullable<ReturnType<typeof currentDevice>>;

async function findDevice(out: Terminal): Promise<Device | undefined> {
  try {
    // What was measured here is told, whether or not runs use it.
    await init({ tune: 'cached' });
    return currentDevice();
  } catch (error) {
    if (!(error instanceof LangevinError)) throw error;
    section(out, 'Adapter', [['none', `${error.message} [${error.code}]`]]);
    return undefined;
  }
}

function adapterSections(out: Terminal, device: Device, environment: World['environment']): void {
  const { description, tried, traits, gpu } = device;
  section(out, 'Adapter', [
    ['source', description.source],
    ...(['vendor', 'architecture', 'device', 'description'] as const)
      .filter((key) => description[key] !== '')
      .map((key): [string, string] => [key, description[key]]),
    ['kind', traits.kind === 'cpu' ? 'software: shaders run on the processor' : 'GPU'],
    ...tried.map((line): [string, string] => ['tried before', line]),
    [
      'chosen by',
      environment['LANGEVIN_ADAPTER'] ? `LANGEVIN_ADAPTER=${environment['LANGEVIN_ADAPTER']}` : 'default',
    ],
    ['kernels', kernelsLine(environment['LANGEVIN_TUNE'])],
  ]);
  section(
    out,
    'Limits',
    limits.map((name): [string, string] => [name, String(gpu.limits[name])]),
  );
  section(out, 'Features', [['in use', [...gpu.features].sort().join(', ') || 'none']]);
  section(
    out,
    'Advice',
    advice(device).map((line, k): [string, string] => [String(k + 1), line]),
  );
}

/** What is known of the kernels' speed here, and whether runs make use of it. */
function kernelsLine(mode: string | undefined): string {
  const summary = tuningSummary();
  if (!summary || summary.classes === 0)
    return ['chosen by rule; none was measured here', ...(summary?.notes ?? [])].join('. ');
  const { classes, changed, hash, where } = summary;
  const used = mode === 'cached' || mode === 'measure' ? 'used' : 'not used unless LANGEVIN_TUNE=cached';
  return `${classes} classes of shapes measured, ${changed} with another kernel than the rule's${hash === undefined ? '' : ` (${hash})`}; ${used}; ${where}`;
}

const limits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** What would make it faster, for the kind of adapter that was found. */
function advice({ traits }: Device): string[] {
  if (traits.kind === 'gpu') return ['Nothing to do: this adapter is a GPU.'];
  const gpu =
    'If this machine has a GPU, install its Vulkan driver (NVIDIA: the driver package itself; AMD and Intel: ' +
    'mesa-vulkan-drivers), and in a container pass the device in.';
  if (traits.name !== 'swiftshader') return [gpu];
  return [
    gpu,
    'Without a GPU, lavapipe is about six times as fast as SwiftShader (512³ matmul on two cores: 30 against 5 GFLOP/s, ' +
      'docs/kernels.md): install mesa-vulkan-drivers 25 (Debian 12: apt-get install -t bookworm-backports ' +
      'mesa-vulkan-drivers). Dawn refuses the 22.3 of Debian 12 itself.',
  ];
}

function accuracyTable(functions: readonly FunctionAccuracy[]): TableSection {
  return {
    kind: 'table',
    heading: 'Accuracy',
    columns: [
      { key: 'name', label: 'function' },
      { key: 'interval', label: 'on' },
      { key: 'worst', label: 'worst [ULP]', format: 'number', digits: 2 },
      { key: 'at', label: 'at x' },
      { key: 'allowance', label: 'WGSL allows' },
      { key: 'share', label: 'share of that', format: 'percent', digits: 2 },
      { key: 'verdict', label: '' },
    ],
    rows: functions.map(({ at, ...rest }) => ({
      ...rest,
      at: String(Number(at.toPrecision(6))).replace('-', '−'),
      verdict: rest.share <= 1 ? 'ok' : 'EXCEEDS',
    })),
  };
}

function section(out: Terminal, heading: string, rows: readonly (readonly [string, string])[]): void {
  out.print(out.bold(heading));
  for (const line of twoColumns(rows, out.width)) out.print(line);
  out.print();
}
