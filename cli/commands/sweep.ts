/** `langevin sweep`: all trainings of a grid, those that are missing; and the report over all of them. */
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { datasetNames, type DatasetName } from '../../data/index.ts';
import { LangevinError, fail } from '../../engine/graph/errors.ts';
import { isGrid, type Cell, type GridExperiment } from '../../experiments/grid.ts';
import { lockDirectory, lockOwner, type Lock } from '../../experiments/node/lock.ts';
import { makeDirectory } from '../../experiments/node/make-directory.ts';
import { readCells, type CellManifest, type CellState } from '../../experiments/node/cell-directory.ts';
import type { CellOutcome } from '../../experiments/node/run-cell.ts';
import {
  gatherSweep,
  sweepName,
  writeSweep,
  type SweepPlan,
} from '../../experiments/node/sweep-directory.ts';
import type { Json, RunStatus } from '../../experiments/types.ts';
import { parseCount, type Arguments } from '../arguments.ts';
import type { Command } from '../command.ts';
import { experimentOptions, readRequest, type Request } from '../request.ts';
import { jsonLine, printTables } from '../results.ts';
import { stopOnSignals, type Stop } from '../stop.ts';
import { companies, schedule } from '../sweep/schedule.ts';
import { sweepProgress } from '../sweep/progress.ts';
import { childWorker, isWorker, serve } from '../sweep/processes.ts';
import { localWorker, type Listener, type Training } from '../sweep/worker.ts';
import { terminalOf, type Terminal, type World } from '../world.ts';

const dataNames: readonly (DatasetName | 'published')[] = [...datasetNames, 'published'];

/** Nothing failed, but cells are left that another process is training: EX_TEMPFAIL of sysexits.h. */
const LEFT_TO_OTHERS = 75;

export const sweep: Command = {
  name: 'sweep',
  about: 'train what is missing of an experiment that is a grid of trainings, and report on all of it',
  positionals: [{ name: 'EXPERIMENT', about: 'a grid among `langevin list`' }],
  options: {
    ...experimentOptions(dataNames, 'the directory of all sweeps and their trainings; default: runs/sweeps'),
    cells: { about: 'list the trainings and how far they are, and do nothing' },
    jobs: { value: 'N', about: 'processes that train at the same time; default: 1' },
    replicas: {
      value: 'R',
      about: 'train up to R cells that differ in their repeat or learning rate as one program; default: 1',
    },
    'retry-failed': { about: 'try those again that failed' },
    'checkpoint-every': { value: 'SECONDS', about: 'from one checkpoint to the next; default: 30' },
    'allow-mismatch': {
      about: 'go on with trainings that were begun with other data, versions or adapters',
    },
  },
  notes: [
    'Each training has a directory of its own, named by a hash of all that it depends on. What is finished is not trained ' +
      'again, also when another experiment did it; what was interrupted goes on from its last checkpoint.',
    'Replicas give the numbers of trainings by themselves to rounding. Each keeps its own directory, checkpoints and end, ' +
      'so a sweep can go on with another R. If R do not fit into memory, fewer are trained at a time.',
    'Ctrl-C saves a checkpoint of every training under way and stops; a second Ctrl-C stops at once.',
    'Exit codes: 0 all done, 1 something failed, 2 wrong usage, 75 other processes are still training the rest, ' +
      '130 and 143 stopped by SIGINT and SIGTERM.',
  ],
  async run(args, world) {
    const request = readSweepRequest(args, world);
    if (isWorker(world)) return serve(request.training, request.cells, world.load);
    if (args.has('cells')) return listCells(request, world);
    const people = terminalOf(request.json ? world.stderr : world.stdout, world.environment);
    makeDirectory(request.directory);
    await writeSweep(request.directory, request.plan);
    const stop = stopOnSignals(() =>
      people.print(
        `${people.redraws ? '\n' : ''}Saving checkpoints of what is under way; once more to stop at once.`,
      ),
    );
    try {
      people.print(request.directory);
      return await perform(request, stop, people, world);
    } finally {
      stop.forget();
    }
  },
};

/** A sweep as it was asked for, checked. */
interface SweepRequest extends Request<DatasetName | 'published'> {
  readonly grid: GridExperiment;
  readonly cells: readonly Cell[];
  /** Of the report. */
  readonly directory: string;
  readonly plan: SweepPlan;
  readonly training: Training;
  readonly retryFailed: boolean;
  /** Processes that train; 1 for this one. */
  readonly jobs: number;
  /** Cells that each of them trains at a time. */
  readonly replicas: number;
}

function readSweepRequest(args: Arguments, world: World): SweepRequest {
  const request = readRequest(args, world, dataNames);
  const { experiment: grid, preset, seed, config, changes, data, backend, dataDirectory } = request;
  if (!isGrid(grid))
    return fail(
      'USAGE',
      `${grid.name} is one run and no grid of trainings; start it with: langevin run ${grid.name}.`,
    );
  const checkpointEvery = parseCount('checkpoint-every', args.value('checkpoint-every') ?? '30');
  const jobs = parseCount('jobs', args.value('jobs') ?? '1');
  if (jobs < 1) fail('USAGE', '--jobs 0: expected at least 1.');
  const replicas = parseCount('replicas', args.value('replicas') ?? '1');
  if (replicas < 1) fail('USAGE', '--replicas 0: expected at least 1.');
  if (replicas > 1 && !grid.replicaKey)
    fail('USAGE', `${grid.name} trains its cells one by one and has no replicas: leave --replicas out.`);
  const cells = grid.cells(config, seed, data);
  const out = resolve(request.out ?? join('runs', 'sweeps'));
  const settings = { config: config as Json, changes, data, backend };
  const plan: SweepPlan = {
    schema: 1,
    kind: 'sweep',
    experiment: grid.name,
    preset,
    seed,
    ...settings,
    cells,
  };
  return {
    ...request,
    grid,
    cells,
    directory: join(out, sweepName(plan)),
    plan,
    training: {
      grid,
      out,
      backend,
      dataDirectory,
      checkpointEvery,
      allowMismatch: args.has('allow-mismatch'),
    },
    retryFailed: args.has('retry-failed'),
    jobs,
    replicas,
  };
}

/** The command line with which another process would train the same cells. */
function argvOf({ grid, preset, data, seed, changes, training }: SweepRequest): string[] {
  const { out, backend, dataDirectory, checkpointEvery, allowMismatch } = training;
  const values: [string, string | undefined][] = [
    ['preset', preset],
    ['data', data],
    ['data-dir', dataDirectory],
    ['seed', String(seed)],
    ...changes.map((change): [string, string] => ['set', change]),
    ['out', out],
    ['backend', backend],
    ['checkpoint-every', String(checkpointEvery)],
  ];
  return [
    'sweep',
    grid.name,
    ...values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    ...(allowMismatch ? ['--allow-mismatch'] : []),
  ];
}

async function perform(request: SweepRequest, stop: Stop, people: Terminal, world: World): Promise<number> {
  const { grid, cells, training, retryFailed, jobs, replicas } = request;
  const states = new Map(readCells(training.out, cells, grid).map((state) => [state.cell, state]));
  refuseOtherBackend([...states.values()], training);
  const finished = new Set(cells.filter((cell) => states.get(cell)?.finished));
  const missing = cells.filter((cell) => {
    if (finished.has(cell) && states.get(cell)?.manifest?.status === 'complete') return false;
    return retryFailed || states.get(cell)?.manifest?.status !== 'failed';
  });
  const queue = companies(missing, grid, replicas);
  people.print(people.dim(`${cells.length} cells, ${finished.size} finished before`));
  const progress = sweepProgress(people, grid, cells, finished);
  const listener: Listener = {
    progress: (cell, update) => progress.update(cell, update),
    log: (message) => progress.print(message),
  };
  const workers =
    jobs === 1
      ? [localWorker(training, world.load, stop.signal, listener)]
      : Array.from({ length: Math.min(jobs, queue.length) }, () =>
          childWorker(argvOf(request), cells, listener),
        );
  stop.signal.addEventListener('abort', () => workers.forEach((worker) => worker.stop()));
  const outcomes = await schedule(queue, workers, stop.signal, (cell, outcome) => {
    progress.settle(cell, outcome.kind === 'complete');
    if (outcome.kind === 'failed' || outcome.kind === 'refused' || outcome.kind === 'locked')
      progress.print(describeOutcome(grid, cell, outcome));
  });
  progress.end();
  await Promise.all(workers.map((worker) => worker.end()));
  const after = await conclude(request, people, world);
  return exitCode(after, outcomes, stop);
}

/** Numbers of two backends are not those of one sweep. */
function refuseOtherBackend(states: readonly CellState[], { backend, allowMismatch, out }: Training): void {
  const other = states.find(({ manifest }) => manifest && manifest.adapter.backend !== backend)?.manifest;
  if (other && !allowMismatch)
    fail(
      'RESUME_MISMATCH',
      `${out} has cells of this sweep from the backend ${other.adapter.backend} (${other.label}), and ${backend} was asked for: ` +
        `choose another directory with --out, pass --backend ${other.adapter.backend}, or mix them with --allow-mismatch.`,
    );
}

function describeOutcome(grid: GridExperiment, cell: Cell, outcome: CellOutcome): string {
  const label = grid.label(cell);
  switch (outcome.kind) {
    case 'failed':
    case 'refused':
      return `${label}: ${outcome.message} [${outcome.code}]`;
    case 'locked':
      return `${label}: left to the process that has it.`;
    default:
      return `${label}: ${outcome.kind}`;
  }
}

/** The report, the tables, and the line of JSON. Resolves to the states of all cells. */
async function conclude(
  { grid, directory, plan, json }: SweepRequest,
  people: Terminal,
  { stdout }: World,
): Promise<readonly CellState[]> {
  const { writeReport } = await import('../../experiments/node/write-report.ts');
  const lock = await lockWhenFree(directory);
  try {
    const { states, ...gathered } = gatherSweep(directory, plan, grid);
    const { data, path } = await writeReport(grid, gathered, directory);
    for (const notice of gathered.notices) people.print(notice);
    printTables(data, people);
    people.print(`report: ${path}`);
    const cells = {
      total: states.length,
      finished: states.filter(({ finished }) => finished).length,
      failed: states.filter(({ manifest }) => manifest?.status === 'failed').length,
    };
    if (json) stdout.write(jsonLine(grid, gathered, path, { cells }));
    return states;
  } finally {
    lock?.release();
  }
}

/**
 * Another sweep of the same cells may be writing its report, which takes a second. Its files are whole at any moment,
 * so a lock that does not become free in ten is passed over.
 */
async function lockWhenFree(directory: string): Promise<Lock | undefined> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return lockDirectory(directory);
    } catch (error) {
      if (!(error instanceof LangevinError) || error.code !== 'RUN_LOCKED') throw error;
      await setTimeout(100);
    }
  }
  return undefined;
}

function exitCode(
  states: readonly CellState[],
  outcomes: ReadonlyMap<Cell, CellOutcome>,
  stop: Stop,
): number {
  const stopped = stop.exitCode();
  if (stopped !== undefined) return stopped;
  const wrong = [...outcomes.values()].some(({ kind }) => kind === 'failed' || kind === 'refused');
  if (wrong || states.some(({ manifest }) => manifest?.status === 'failed')) return 1;
  return states.every(({ finished }) => finished) ? 0 : LEFT_TO_OTHERS;
}

function listCells({ cells, grid, training }: SweepRequest, { stdout, environment }: World): number {
  const out = terminalOf(stdout, environment);
  const total = cells.reduce((sum, cell) => sum + grid.cost(cell), 0);
  for (const { id, cell, directory, manifest, finished } of readCells(training.out, cells, grid)) {
    const share = ((100 * grid.cost(cell)) / total).toFixed(1).padStart(5);
    const state = finished ? 'complete' : manifest ? statusOf(manifest, directory) : 'new';
    out.print(`${id}  ${state.padEnd(11)}  ${share} %  ${grid.label(cell)}`);
  }
  return 0;
}

/** A cell that says `running` while nobody has it was killed. */
function statusOf({ status }: CellManifest, directory: string): RunStatus {
  return status === 'running' && !lockOwner(directory) ? 'interrupted' : status;
}
