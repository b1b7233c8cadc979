/** `langevin inspect`: what the step of an experiment's training runs on the device, and how long each part of it takes. */
import { rmSync } from 'node:fs';
import { datasetNames, type DatasetName } from '../../data/index.ts';
import type { Dataset } from '../../data/dataset.ts';
import { fail } from '../../engine/graph/errors.ts';
import { profile, type Profile } from '../../engine/index.ts';
import {
  isInspectable,
  type InspectableExperiment,
  type InspectableTraining,
} from '../../experiments/inspect.ts';
import { listing, memoryTable, totalsTable } from '../../experiments/inspection/listing.ts';
import { plainProfile } from '../../experiments/inspection/plain.ts';
import { sourceOf, sourceText } from '../../experiments/inspection/source.ts';
import { encode } from '../../experiments/json-lines.ts';
import { datasetLabel } from '../../experiments/node/dataset-summary.ts';
import { makeRunDirectory } from '../../experiments/node/make-directory.ts';
import { shellWord } from '../../experiments/node/shell-word.ts';
import { versions } from '../../experiments/node/versions.ts';
import { renderTable } from '../../experiments/text-table.ts';
import type { Experiment } from '../../experiments/types.ts';
import { parseCount, type Arguments } from '../arguments.ts';
import { startBackend } from '../backend.ts';
import type { Command } from '../command.ts';
import { experimentOptions, readRequest, type Request } from '../request.ts';
import { terminalOf, type Terminal, type World } from '../world.ts';

const dataNames: readonly (DatasetName | 'published')[] = [...datasetNames, 'published'];

/** A profile is of the device: the float64 interpreter has no dispatches. */
const { backend: _, json: __, out: ___, ...common } = experimentOptions(dataNames, '');

export const inspect: Command = {
  name: 'inspect',
  about: 'list what the training step of an experiment runs on the device: operations, code, memory, time',
  positionals: [{ name: 'EXPERIMENT', about: 'one of `langevin list` whose trainings can be inspected' }],
  options: {
    ...common,
    cell: { value: 'N', about: 'which training of the experiment; default: 1, the first' },
    cells: { about: 'list the trainings by their numbers, and do nothing' },
    repeats: { value: 'N', about: 'timed steps, of which medians are taken; default: 9' },
    shader: { value: 'N', about: 'print the code of dispatch N, with the operation that wrote each line' },
    out: {
      value: 'DIR',
      about:
        'a new or empty directory for inspect.html, trace.json and profile.json; default: none is written',
    },
    json: { about: 'print the figures as one line of JSON' },
  },
  notes: [
    'Times are medians of timestamps of the device around each dispatch, which then has a pass of its own; where a device has ' +
      'none, the listing says so. trace.json is in the format that ui.perfetto.dev opens.',
    'Exit codes: 0 done, 1 failed, 2 wrong usage.',
  ],
  async run(args, world) {
    const request = readInspectRequest(args, world);
    if (args.has('cells')) return listTrainings(request, world);
    const training = chosenTraining(request);
    const people = terminalOf(request.json ? world.stderr : world.stdout, world.environment);
    // What cannot be written is known before anything is computed.
    const directory =
      request.out === undefined
        ? undefined
        : makeRunDirectory({
            experiment: 'inspect',
            preset: request.preset,
            seed: request.seed,
            out: request.out,
          });
    try {
      return await perform(request, training, directory?.path, people, world);
    } catch (error) {
      if (directory?.made) rmSync(directory.path, { recursive: true, force: true });
      throw error;
    }
  },
};

interface InspectRequest extends Request<DatasetName | 'published'> {
  readonly experiment: InspectableExperiment;
  readonly trainings: readonly InspectableTraining[];
  /** From 1. */
  readonly cell: number;
  readonly repeats: number;
  /** Of the dispatch whose code is asked for, from 1. */
  readonly shader: number | undefined;
}

/** @throws UNKNOWN_EXPERIMENT, NOT_INSPECTABLE, CONFIG */
function readInspectRequest(args: Arguments, world: World): InspectRequest {
  const request = readRequest(args, world, dataNames);
  const { experiment, config, seed, data } = request;
  if (!isInspectable(experiment)) return refuse(experiment, world.experiments);
  const positive = (option: string, otherwise: string): number => {
    const count = parseCount(option, args.value(option) ?? otherwise);
    return count > 0 ? count : fail('USAGE', `--${option} 0: expected at least 1.`);
  };
  return {
    ...request,
    experiment,
    trainings: experiment.trainings(config, seed, data),
    cell: positive('cell', '1'),
    repeats: positive('repeats', '9'),
    shader: args.has('shader') ? positive('shader', '1') : undefined,
  };
}

function refuse({ name }: Experiment, experiments: readonly Experiment[]): never {
  const others = experiments.filter(isInspectable).map((each) => each.name);
  return fail(
    'NOT_INSPECTABLE',
    `${name} does not say how its trainings are built, so their steps cannot be inspected; ` +
      `${others.length > 0 ? `of these they can: ${others.join(', ')}` : 'nor does any other experiment here'}.`,
  );
}

function chosenTraining({ experiment, trainings, cell }: InspectRequest): InspectableTraining {
  return (
    trainings[cell - 1] ??
    fail(
      'USAGE',
      `--cell ${cell}: ${experiment.name} has ${trainings.length} training${trainings.length === 1 ? '' : 's'} ` +
        'with this configuration; --cells lists them.',
    )
  );
}

function listTrainings({ trainings }: InspectRequest, { stdout, environment }: World): number {
  const out = terminalOf(stdout, environment);
  const width = String(trainings.length).length;
  trainings.forEach(({ label, dataset }, k) =>
    out.print(`${String(k + 1).padStart(width)}  ${label}  ${out.dim(dataset.name)}`),
  );
  return 0;
}

async function perform(
  request: InspectRequest,
  training: InspectableTraining,
  directory: string | undefined,
  people: Terminal,
  world: World,
): Promise<number> {
  const { experiment, preset, repeats, shader, dataDirectory } = request;
  const { name, ...shape } = training.dataset;
  const dataset = await world.load(name, {
    ...shape,
    ...(dataDirectory !== undefined && { directory: dataDirectory }),
  });
  const adapter = await startBackend('webgpu');
  const measured = await profileOf(training, dataset, repeats);
  const adapterName = `${adapter.source}: ${adapter.name}`;
  if (shader === undefined) {
    people.print(people.bold(`One step of ${experiment.name}: ${training.label}`));
    people.print(people.dim(`${datasetLabel(dataset)} · ${adapterName}`));
    people.print();
    printProfile(measured, people);
  } else people.print(shaderOf(measured, shader));
  if (directory !== undefined) {
    const { writeInspection } = await import('../../experiments/node/inspection/write.ts');
    const path = await writeInspection(
      {
        profile: measured,
        experiment: experiment.name,
        preset,
        label: training.label,
        adapter: adapterName,
        dataset: datasetLabel(dataset),
        command: commandOf(request),
        versions: versions(),
      },
      directory,
    );
    people.print(`page: ${path}`);
  }
  if (request.json) {
    const head = { experiment: experiment.name, preset, training: training.label, adapter: adapterName };
    world.stdout.write(`${encode({ ...head, ...plainProfile(measured) })}\n`);
  }
  return 0;
}

async function profileOf(training: InspectableTraining, dataset: Dataset, repeats: number): Promise<Profile> {
  const started = training.start(dataset);
  try {
    return await profile(
      async () => {
        const seen = started.step();
        // As the training looks at a step, so that the trace shows what a readback takes.
        await seen.data();
        seen.dispose();
      },
      { repeats },
    );
  } finally {
    started.dispose();
  }
}

function printProfile(measured: Profile, out: Terminal): void {
  out.print(listing(measured, out.width));
  for (const table of [totalsTable(measured), memoryTable(measured)]) {
    out.print();
    out.print(out.bold(table.heading));
    out.print(renderTable(table, out.width));
  }
  out.print();
}

/** @throws USAGE */
function shaderOf({ dispatches }: Profile, number: number): string {
  const found = dispatches[number - 1];
  if (!found) return fail('USAGE', `--shader ${number}: the step has ${dispatches.length} dispatches.`);
  const { label, shader, groups } = found.dispatch;
  return [
    `// ${number}: ${label}, composed from shaders/${shader}.wgsl, ${groups.join(' × ')} workgroups`,
    sourceText(sourceOf(found.dispatch)),
  ].join('\n');
}

function commandOf({ experiment, preset, data, seed, changes, cell, repeats }: InspectRequest): string {
  return [
    `langevin inspect ${experiment.name} --preset ${preset} --data ${data} --seed ${seed}`,
    ...changes.map((change) => `--set ${shellWord(change)}`),
    `--cell ${cell} --repeats ${repeats}`,
  ].join(' ');
}
