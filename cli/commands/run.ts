/** `langevin run`: an experiment into a directory, and its results on the terminal. */
import { datasetNames, type DatasetName } from '../../data/index.ts';
import { dataDirectory as dataFolder, directoryReader } from '../../data/node/index.ts';
import { LangevinError } from '../../engine/graph/errors.ts';
import { execute, type Execution } from '../../experiments/node/execute.ts';
import type { Dataset } from '../../data/dataset.ts';
import { isGrid, type Cell, type CellDataset } from '../../experiments/grid.ts';
import { combineDatasets, datasetLabel, describeDataset } from '../../experiments/node/dataset-summary.ts';
import { createRunDirectory, type RunDirectory } from '../../experiments/node/run-directory.ts';
import { versions } from '../../experiments/node/versions.ts';
import { describeOwnData, noDataset } from '../../experiments/own-data.ts';
import type { Json, Manifest } from '../../experiments/types.ts';
import { startBackend } from '../backend.ts';
import type { Command } from '../command.ts';
import { datasetsFrom } from '../datasets.ts';
import { progressLine } from '../progress.ts';
import { experimentOptions, readRequest, type Request } from '../request.ts';
import { jsonLine, printTables } from '../results.ts';
import { stopOnSignals, type Stop } from '../stop.ts';
import { terminalOf, type Terminal, type World } from '../world.ts';

/** A run as it was asked for, with its cells where it is a grid. */
interface RunRequest extends Request<DatasetName> {
  readonly cells: readonly Cell[];
}

export const run: Command = {
  name: 'run',
  about: 'run an experiment, and write its records and report into a new directory',
  positionals: [{ name: 'EXPERIMENT', about: 'one of `langevin list`' }],
  options: experimentOptions(
    datasetNames,
    'a new or empty directory; default: runs/EXPERIMENT-PRESET-SEED-N',
  ),
  notes: [
    'Ctrl-C finishes the step and writes the report of what there is; a second Ctrl-C stops at once.',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 130 and 143 stopped by SIGINT and SIGTERM with the records kept.',
  ],
  async run(args, world) {
    const request = readRequest(args, world, datasetNames);
    const { experiment, config, seed, data } = request;
    // A grid refuses a configuration here, before there is a directory.
    const cells = isGrid(experiment) ? experiment.cells(config, seed, data) : [];
    // With --json stdout is for the JSON; everything for people goes to stderr.
    const people = terminalOf(request.json ? world.stderr : world.stdout, world.environment);
    const directory = createRunDirectory({ ...request, experiment: experiment.name });
    const stop = stopOnSignals(() =>
      // On a terminal ^C stands in the line of the progress.
      people.print(
        `${people.redraws ? '\n' : ''}Stopping after this step, keeping what was measured; once more to stop at once.`,
      ),
    );
    try {
      return await perform({ ...request, cells }, directory, stop, people, world);
    } finally {
      stop.forget();
      directory.close();
    }
  },
};

async function perform(
  request: RunRequest,
  directory: RunDirectory,
  stop: Stop,
  people: Terminal,
  world: World,
): Promise<number> {
  const { experiment, preset, seed, changes, config, dataDirectory } = request;
  const datasetOf = datasetsFrom(world.load, dataDirectory);
  const { dataset, described, label } = await loadData(request, datasetOf);
  const adapter = await startBackend(request.backend);
  // Stopped before the beginning: there is nothing to keep.
  if (stop.signal.aborted) return stop.exitCode() ?? 1;

  let announced = false;
  /** With the first sign of work, since a configuration that is refused leaves no directory. */
  const announce = (): void => {
    if (announced) return;
    announced = true;
    people.print(directory.path);
    people.print(people.dim(`${label} · ${adapter.source}: ${adapter.name}`));
  };
  const line = progressLine(people);
  const execution = await execute(
    experiment,
    {
      ...directory,
      append(record) {
        announce();
        directory.append(record);
      },
    },
    {
      schema: 1,
      run: directory.run,
      experiment: experiment.name,
      preset,
      seed,
      config: config as Json,
      changes,
      adapter,
      dataset: described,
      versions: versions(),
    },
    {
      seed,
      dataset,
      datasetOf,
      signal: stop.signal,
      progress(update) {
        announce();
        line.update(update);
      },
      log(message) {
        announce();
        line.print(message);
      },
      files: directoryReader(dataFolder(dataDirectory, world.environment)),
    },
  );
  line.end();
  refuseConfiguration(execution, directory);
  announce();
  await conclude(request, execution, directory, people, world);
  if ('error' in execution) throw execution.error;
  return stop.exitCode() ?? 0;
}

/** What the run works on, and how the manifest and the terminal name it: all data sets of a grid's cells. */
async function loadData(
  { experiment, config, data, cells }: RunRequest,
  datasetOf: (dataset: CellDataset) => Promise<Dataset>,
): Promise<{
  readonly dataset: Dataset;
  readonly described: Manifest['dataset'];
  readonly label: string;
}> {
  const own = describeOwnData(experiment, config);
  if (own) return { dataset: noDataset, described: own, label: `data: ${own.name}` };
  const named = cells.length > 0 ? cells.map(({ dataset }) => dataset) : [{ name: data }];
  const datasets = await Promise.all(named.map(datasetOf));
  const described = combineDatasets(datasets.map(describeDataset));
  return { dataset: datasets[0] as Dataset, described, label: datasetLabel(described) };
}

/** A configuration that the experiment refuses is a mistake of usage: no directory is left of it. */
function refuseConfiguration({ error, records }: Execution, directory: RunDirectory): void {
  if (!(error instanceof LangevinError) || error.code !== 'CONFIG' || records.length > 0) return;
  directory.discard();
  throw error;
}

/** The report, the tables, and the line of JSON. */
async function conclude(
  { experiment, json }: RunRequest,
  { manifest, records }: Execution,
  directory: RunDirectory,
  people: Terminal,
  { stdout }: World,
): Promise<void> {
  const { writeReport } = await import('../../experiments/node/write-report.ts');
  const { data, path } = await writeReport(experiment, { manifest, records, notices: [] }, directory.path);
  printTables(data, people);
  people.print(`report: ${path}`);
  if (json) stdout.write(jsonLine(experiment, { manifest, records }, path));
}
