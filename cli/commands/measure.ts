/** `langevin measure`: the noise of the gradients, the curvature and the landscape of the loss at a checkpoint. */
import { setImmediate } from 'node:timers/promises';
import type { Dataset } from '../../data/dataset.ts';
import { fail } from '../../engine/graph/errors.ts';
import { parameterCount } from '../../nn/index.ts';
import {
  effortFor,
  isMeasurable,
  MEASURE,
  measurement,
  parts,
  policies,
  type Asked,
  type MeasurableExperiment,
  type MeasurementConfig,
  type Part,
  type Place,
  type Subject,
} from '../../experiments/measure/index.ts';
import { describeDataset } from '../../experiments/node/dataset-summary.ts';
import { execute, type Execution } from '../../experiments/node/execute.ts';
import type { Origin } from '../../experiments/node/html.ts';
import type { StoredRun } from '../../experiments/node/read-run.ts';
import { createRunDirectory, type RunDirectory } from '../../experiments/node/run-directory.ts';
import { shellWord } from '../../experiments/node/shell-word.ts';
import { versions } from '../../experiments/node/versions.ts';
import {
  presetNames,
  type AdapterSummary,
  type Experiment,
  type Manifest,
  type PresetName,
} from '../../experiments/types.ts';
import { parseChoice, parseCount, type Arguments } from '../arguments.ts';
import { startBackend } from '../backend.ts';
import type { Command } from '../command.ts';
import { findCheckpoint, readSnapshot, type NamedCheckpoint } from '../measure/checkpoint.ts';
import { progressLine } from '../progress.ts';
import { findExperiment, jsonLine, printTables } from '../results.ts';
import { stopOnSignals, type Stop } from '../stop.ts';
import { terminalOf, type Terminal, type World } from '../world.ts';
import { dataDirOption } from './data.ts';

const backends = ['webgpu', 'reference'] as const;

export const measure: Command = {
  name: 'measure',
  about: 'measure the noise of the gradients, the curvature and the landscape of the loss at a checkpoint',
  positionals: [
    {
      name: 'CHECKPOINT',
      about: "a cell's directory in a sweep, of which the newest checkpoint is taken, or a checkpoint in it",
    },
  ],
  options: {
    what: { value: 'PART', about: `${parts.join(', ')} or all; default: all`, multiple: true },
    initial: { about: 'measure where the training began, not where the checkpoint is' },
    to: {
      value: 'CHECKPOINT',
      about: 'draw the line to that checkpoint of the same network; default: from where the training began',
    },
    preset: { value: 'NAME', about: `${presetNames.join(', ')}: how much is done; default: small` },
    examples: { value: 'N', about: 'training examples, drawn by the seed; 0 is all' },
    microbatch: { value: 'N', about: 'examples per pass, halved when the memory is short' },
    eigenvalues: { value: 'K', about: 'eigenvalues wanted at each end of the spectrum' },
    iterations: { value: 'N', about: 'most steps of Lanczos, and nodes of the spectral density' },
    probes: { value: 'N', about: 'random vectors for traces and norms' },
    exact: { value: 'N', about: 'parameters up to which all eigenvalues are computed' },
    points: { value: 'N', about: 'points of a line, and of each side of a plane' },
    'batch-norm': {
      value: 'POLICY',
      about: `${policies.join(', ')}: what is normalised by what meanwhile; default: frozen`,
    },
    'data-dir': dataDirOption,
    seed: { value: 'N', about: 'all randomness of the measurement is a function of it; default: 0' },
    out: { value: 'DIR', about: 'a new or empty directory; default: runs/measure-PRESET-SEED-N' },
    backend: { value: 'NAME', about: 'webgpu, or reference: float64 on the CPU, slow; default: webgpu' },
    json: { about: 'print the results as one line of JSON, the last of stdout' },
  },
  notes: [
    'Under frozen, normalisation has the statistics of an evaluation, and examples have gradients of their own. Under ' +
      'whole-batch it has those of all measured examples. Under ghost examples are normalised in the groups of training, ' +
      'and the units of all statistics are ghost batches.',
    'Ctrl-C stops at the next pass and writes the report of what there is; a second Ctrl-C stops at once.',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 130 and 143 stopped by SIGINT and SIGTERM with the records kept.',
  ],
  async run(args, world) {
    const request = readRequest(args);
    const people = terminalOf(request.json ? world.stderr : world.stdout, world.environment);
    const source = openSource(request, world);
    const stop = stopOnSignals(() =>
      people.print(
        `${people.redraws ? '\n' : ''}Stopping after this pass, keeping what was measured; once more to stop at once.`,
      ),
    );
    try {
      return await perform(request, source, stop, people, world);
    } finally {
      stop.forget();
    }
  },
};

interface MeasureRequest {
  readonly checkpoint: string;
  readonly what: readonly Part[];
  readonly initial: boolean;
  readonly to: string | undefined;
  readonly preset: PresetName;
  readonly asked: Asked;
  readonly batchNorm: MeasurementConfig['batchNorm'];
  readonly dataDirectory: string | undefined;
  readonly seed: number;
  readonly out: string | undefined;
  readonly backend: AdapterSummary['backend'];
  readonly json: boolean;
}

const counts = ['examples', 'microbatch', 'eigenvalues', 'iterations', 'probes', 'exact', 'points'] as const;

function readRequest(args: Arguments): MeasureRequest {
  const what = args
    .values('what')
    .map((word) => parseChoice('part', word, [...parts, 'all'] as const, 'USAGE'));
  const wanted =
    what.length === 0 || what.includes('all') ? parts : parts.filter((part) => what.includes(part));
  const asked = Object.fromEntries(
    counts.flatMap((name) => {
      const text = args.value(name);
      return text === undefined ? [] : [[name, parseCount(name, text)]];
    }),
  ) as Asked;
  return {
    checkpoint: args.positionals[0] ?? '',
    what: wanted,
    initial: args.has('initial'),
    to: args.value('to'),
    preset: parseChoice('preset', args.value('preset') ?? 'small', presetNames, 'UNKNOWN_PRESET'),
    asked,
    batchNorm: parseChoice('policy', args.value('batch-norm') ?? 'frozen', policies, 'USAGE'),
    dataDirectory: args.value('data-dir'),
    seed: parseCount('seed', args.value('seed') ?? '0'),
    out: args.value('out'),
    backend: parseChoice('backend', args.value('backend') ?? 'webgpu', backends, 'UNKNOWN_BACKEND'),
    json: args.has('json'),
  };
}

/** What was named, as far as it can be known without data and backend. */
interface Source extends Named {
  /** The other end of the line. */
  readonly other: Named | undefined;
}

interface Named {
  readonly checkpoint: NamedCheckpoint;
  readonly experiment: MeasurableExperiment;
}

/** @throws NO_CELL, RUN_CORRUPT, UNKNOWN_EXPERIMENT, NOT_MEASURABLE */
function openSource({ checkpoint, to }: MeasureRequest, { experiments }: World): Source {
  return {
    ...openNamed(checkpoint, experiments),
    other: to === undefined ? undefined : openNamed(to, experiments),
  };
}

function openNamed(given: string, experiments: readonly Experiment[]): Named {
  const checkpoint = findCheckpoint(given);
  const { experiment: name } = checkpoint.manifest;
  const experiment = findExperiment(name, experiments);
  if (isMeasurable(experiment)) return { checkpoint, experiment };
  const others = experiments.filter(isMeasurable).map((each) => each.name);
  return fail(
    'NOT_MEASURABLE',
    `${name} does not say how its trainings are built, so they cannot be measured; ${others.length > 0 ? `of these they can: ${others.join(', ')}` : 'nor does any other experiment here'}.`,
  );
}

async function perform(
  request: MeasureRequest,
  source: Source,
  stop: Stop,
  people: Terminal,
  world: World,
): Promise<number> {
  const { manifest } = source.checkpoint;
  const dataset = await loadDataset(manifest, request, world);
  const adapter = await startBackend(request.backend);
  const subject = source.experiment.subject(manifest.cell, dataset);
  try {
    const place = placeOf(request, source, subject, dataset);
    const config = configOf(request, place);
    if (stop.signal.aborted) return stop.exitCode() ?? 1;
    const directory = createRunDirectory({
      experiment: MEASURE,
      preset: request.preset,
      seed: request.seed,
      ...(request.out !== undefined && { out: request.out }),
    });
    try {
      people.print(directory.path);
      people.print(people.dim(`${manifest.label} · ${dataset.name} · ${adapter.source}: ${adapter.name}`));
      const experiment = measurement({ place, breathe: () => setImmediate() });
      const line = progressLine(people);
      const execution = await execute(
        experiment,
        directory,
        {
          schema: 1,
          run: directory.run,
          experiment: MEASURE,
          preset: request.preset,
          seed: request.seed,
          config,
          changes: [],
          adapter,
          dataset: describeDataset(dataset),
          versions: versions(),
        },
        { seed: request.seed, dataset, signal: stop.signal, progress: line.update, log: line.print },
      );
      line.end();
      await conclude(experiment, request, execution, directory, people, world);
      if ('error' in execution) throw execution.error;
      return stop.exitCode() ?? 0;
    } finally {
      directory.close();
    }
  } finally {
    subject.dispose();
  }
}

/** The data that the cell was trained on. @throws DATA_MISMATCH if it is not what it was */
async function loadDataset(
  { cell, dataset: before }: NamedCheckpoint['manifest'],
  { dataDirectory }: MeasureRequest,
  { load }: World,
): Promise<Dataset> {
  const { name, ...drawing } = cell.dataset;
  const dataset = await load(name, {
    ...drawing,
    ...(dataDirectory !== undefined && { directory: dataDirectory }),
  });
  const now = describeDataset(dataset);
  const changed = Object.keys({ ...before.hashes, ...now.hashes }).filter(
    (part) => before.hashes[part] !== now.hashes[part],
  );
  if (changed.length > 0)
    fail(
      'DATA_MISMATCH',
      `${name} is not what the cell was trained on (${changed.join(', ')} differ): give the directory that holds it with --data-dir.`,
    );
  return dataset;
}

function placeOf(
  { initial }: MeasureRequest,
  { checkpoint, other }: Source,
  subject: Subject,
  dataset: Dataset,
): Place {
  const { id, label } = checkpoint.manifest;
  const common = { subject, cell: id, label };
  const begin = (): Position => ({ params: subject.initial(), step: 0 });
  const here = initial ? begin() : subject.at(readSnapshot(checkpoint, subject.template));
  if (other) return { ...common, ...here, other: positionOf(other, dataset) };
  // From a place to itself there is no line.
  return initial ? { ...common, ...here } : { ...common, ...here, other: begin() };
}

type Position = Pick<Place, 'params' | 'step'>;

/** Where another training is, which may have another optimizer. */
function positionOf({ checkpoint, experiment }: Named, dataset: Dataset): Position {
  const theirs = experiment.subject(checkpoint.manifest.cell, dataset);
  try {
    return theirs.at(readSnapshot(checkpoint, theirs.template));
  } finally {
    theirs.dispose();
  }
}

function configOf(request: MeasureRequest, place: Place): MeasurementConfig {
  const { preset, asked, batchNorm, what, checkpoint, initial, to = null } = request;
  const effort = effortFor(
    preset,
    asked,
    { kind: batchNorm, what },
    place.subject,
    parameterCount(place.params),
  );
  return { what, checkpoint, initial, to, batchNorm, ...effort };
}

/** The report, the tables, and the line of JSON. */
async function conclude(
  experiment: Experiment<MeasurementConfig>,
  { json }: MeasureRequest,
  { manifest, records }: Execution,
  directory: RunDirectory,
  people: Terminal,
  { stdout }: World,
): Promise<void> {
  const { writeReport } = await import('../../experiments/node/write-report.ts');
  const run = withOrigin({ manifest, records, notices: [] });
  const { data, path } = await writeReport(experiment, run, directory.path);
  printTables(data, people);
  people.print(`report: ${path}`);
  if (json) stdout.write(jsonLine(experiment, run, path));
}

/** A measurement with the command that makes it again. */
export function withOrigin(run: StoredRun): StoredRun {
  return { ...run, origin: originOf(run.manifest) };
}

function originOf({ config, preset, seed, adapter }: Manifest): Origin {
  const { checkpoint, what, initial, to, batchNorm, ...effort } = config as unknown as MeasurementConfig;
  const command = [
    `langevin measure ${shellWord(checkpoint)}`,
    ...(what.length === parts.length ? [] : what.map((part) => `--what ${part}`)),
    ...(initial ? ['--initial'] : []),
    ...(to === null ? [] : [`--to ${shellWord(to)}`]),
    `--preset ${preset} --seed ${seed}`,
    ...counts.map((name) => `--${name} ${effort[name]}`),
    ...(batchNorm === 'frozen' ? [] : [`--batch-norm ${batchNorm}`]),
    ...(adapter.backend === 'webgpu' ? [] : [`--backend ${adapter.backend}`]),
  ].join(' ');
  return { command, files: 'manifest.json holds the same, metrics.jsonl every measurement.' };
}
