/** `langevin run`: an experiment into a directory, and its results on the terminal. */
import { datasetNames } from '../../data/index.ts';
import type { Dataset } from '../../data/dataset.ts';
import { LangevinError } from '../../engine/graph/errors.ts';
import { applySettings } from '../../experiments/config.ts';
import { execute, type Execution } from '../../experiments/node/execute.ts';
import { createRunDirectory, type RunDirectory } from '../../experiments/node/run-directory.ts';
import { versions } from '../../experiments/node/versions.ts';
import {
  presetNames,
  type AdapterSummary,
  type Experiment,
  type Json,
  type PresetName,
} from '../../experiments/types.ts';
import { parseChoice, parseCount, type Arguments } from '../arguments.ts';
import { startBackend } from '../backend.ts';
import type { Command } from '../command.ts';
import { progressLine } from '../progress.ts';
import { findExperiment, printTables } from '../results.ts';
import { stopOnSignals, type Stop } from '../stop.ts';
import { terminalOf, type Terminal, type World } from '../world.ts';
import { dataDirOption } from './data.ts';

const backends = ['webgpu', 'reference'] as const;

export const run: Command = {
  name: 'run',
  about: 'run an experiment, and write its records and report into a new directory',
  positionals: [{ name: 'EXPERIMENT', about: 'one of `langevin list`' }],
  options: {
    preset: { value: 'NAME', about: `${presetNames.join(', ')}; default: smoke` },
    data: { value: 'NAME', about: `${datasetNames.join(', ')}; default: procedural` },
    'data-dir': dataDirOption,
    seed: { value: 'N', about: 'all randomness is a function of it; default: 0' },
    set: { value: 'KEY=VALUE', about: 'change one field of the preset, such as alphas=1,2', multiple: true },
    out: { value: 'DIR', about: 'a new or empty directory; default: runs/EXPERIMENT-PRESET-SEED-N' },
    backend: { value: 'NAME', about: 'webgpu, or reference: float64 on the CPU, slow; default: webgpu' },
    json: { about: 'print the results as one line of JSON, the last of stdout' },
  },
  notes: [
    'Ctrl-C finishes the step and writes the report of what there is; a second Ctrl-C stops at once.',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 130 and 143 stopped by SIGINT and SIGTERM with the records kept.',
  ],
  async run(args, world) {
    const request = readRequest(args, world);
    // With --json stdout is for the JSON; everything for people goes to stderr.
    const people = terminalOf(request.json ? world.stderr : world.stdout, world.environment);
    const directory = createRunDirectory({ ...request, experiment: request.experiment.name });
    const stop = stopOnSignals(() =>
      // On a terminal ^C stands in the line of the progress.
      people.print(
        `${people.redraws ? '\n' : ''}Stopping after this step, keeping what was measured; once more to stop at once.`,
      ),
    );
    try {
      people.print(directory.path);
      return await perform(request, directory, stop, people, world);
    } finally {
      stop.forget();
      directory.close();
    }
  },
};

/** A run as it was asked for, checked. */
interface Request {
  readonly experiment: Experiment;
  readonly preset: PresetName;
  readonly config: object;
  readonly changes: readonly string[];
  readonly seed: number;
  readonly data: (typeof datasetNames)[number];
  readonly dataDirectory?: string;
  readonly backend: AdapterSummary['backend'];
  readonly out?: string;
  readonly json: boolean;
}

function readRequest(args: Arguments, { experiments }: World): Request {
  const experiment = findExperiment(args.positionals[0] ?? '', experiments);
  const preset = parseChoice('preset', args.value('preset') ?? 'smoke', presetNames, 'UNKNOWN_PRESET');
  const changes = args.values('set');
  const [out, dataDirectory] = [args.value('out'), args.value('data-dir')];
  return {
    experiment,
    preset,
    changes,
    config: applySettings(experiment.presets[preset], changes),
    seed: parseCount('seed', args.value('seed') ?? '0'),
    data: parseChoice('data set', args.value('data') ?? 'procedural', datasetNames, 'DATA_UNKNOWN'),
    backend: parseChoice('backend', args.value('backend') ?? 'webgpu', backends, 'UNKNOWN_BACKEND'),
    json: args.has('json'),
    ...(out === undefined ? {} : { out }),
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  };
}

async function perform(
  request: Request,
  directory: RunDirectory,
  stop: Stop,
  people: Terminal,
  world: World,
): Promise<number> {
  const { experiment, preset, seed, changes, config } = request;
  const { dataDirectory } = request;
  const dataset = await world.load(
    request.data,
    dataDirectory === undefined ? {} : { directory: dataDirectory },
  );
  const adapter = await startBackend(request.backend);
  people.print(people.dim(`${dataset.name} · ${adapter.source}: ${adapter.name}`));
  // Stopped before the beginning: there is nothing to keep.
  if (stop.signal.aborted) return stop.exitCode() ?? 1;

  const line = progressLine(people);
  const execution = await execute(
    experiment,
    directory,
    {
      schema: 1,
      run: directory.run,
      experiment: experiment.name,
      preset,
      seed,
      config: config as Json,
      changes,
      adapter,
      dataset: describeDataset(dataset),
      versions: versions(),
    },
    { seed, dataset, signal: stop.signal, progress: line.update, log: line.print },
  );
  line.end();
  refuseConfiguration(execution, directory);
  await conclude(request, execution, directory, people, world);
  if ('error' in execution) throw execution.error;
  return stop.exitCode() ?? 0;
}

/** A configuration that the experiment refuses is a mistake of usage: no directory is left of it. */
function refuseConfiguration({ error, records }: Execution, directory: RunDirectory): void {
  if (!(error instanceof LangevinError) || error.code !== 'CONFIG' || records.length > 0) return;
  directory.discard();
  throw error;
}

/** The report, the tables, and the line of JSON. */
async function conclude(
  { experiment, preset, seed, json }: Request,
  { manifest, records }: Execution,
  directory: RunDirectory,
  people: Terminal,
  { stdout }: World,
): Promise<void> {
  const { writeReport } = await import('../../experiments/node/write-report.ts');
  const { data, path } = await writeReport(experiment, { manifest, records, notices: [] }, directory.path);
  printTables(data, people);
  people.print(`report: ${path}`);
  if (!json) return;
  const { encode } = await import('../../experiments/json-lines.ts');
  const { adapter, status } = manifest;
  const head = {
    experiment: experiment.name,
    preset,
    seed,
    adapter: `${adapter.source}: ${adapter.name}`,
    status,
  };
  stdout.write(`${encode({ ...head, ...experiment.summary(records), report: path })}\n`);
}

function describeDataset({ name, source, train, test, hashes }: Dataset): {
  readonly name: string;
  readonly source: Dataset['source'];
  readonly train: number;
  readonly test: number;
  readonly hashes: Readonly<Record<string, string>>;
} {
  return { name, source, train: train.count, test: test.count, hashes };
}
