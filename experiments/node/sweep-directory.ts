/**
 * The directory of a sweep, `<experiment>-<preset>-<seed>`: sweep.json, which says what the grid is, and the report.
 * The trainings are beside it, in `cells`, where other sweeps may share them; so what a sweep has measured is read from
 * there each time, and its report can be drawn at any moment from what there is.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../data/node/directory.ts';
import { fail } from '../../engine/graph/errors.ts';
import type { Cell, GridExperiment } from '../grid.ts';
import { decode, encode, encodePretty } from '../json-lines.ts';
import type { Json, Manifest, PresetName, RunStatus } from '../types.ts';
import { readCells, type CellState } from './cell-directory.ts';
import { combineDatasets } from './dataset-summary.ts';
import type { Origin } from './html.ts';
import type { StoredRun } from './read-run.ts';
import { METRICS } from './run-directory.ts';
import { shellWord } from './shell-word.ts';
import { writeRunFile } from './write.ts';

/** The name of the file that makes a directory that of a sweep. */
export const SWEEP = 'sweep.json';

/** What was asked for. */
export interface SweepPlan {
  readonly schema: 1;
  readonly kind: 'sweep';
  readonly experiment: string;
  readonly preset: PresetName;
  readonly seed: number;
  /** A data set for all cells, or `published`. */
  readonly data: string;
  readonly config: Json;
  readonly changes: readonly string[];
  readonly backend: Manifest['adapter']['backend'];
  readonly cells: readonly Cell[];
}

/** The name of a sweep's directory; other data than the procedural, and changed settings, make it another sweep. */
export function sweepName({
  experiment,
  preset,
  seed,
  data,
  changes,
  config,
}: Omit<SweepPlan, 'cells'>): string {
  const settings = createHash('sha256').update(encode(config)).digest('hex').slice(0, 8);
  return [
    `${experiment.replaceAll('/', '-')}-${preset}-${seed}`,
    ...(data === 'procedural' ? [] : [data]),
    ...(changes.length === 0 ? [] : [settings]),
  ].join('-');
}

/** Writes sweep.json. @throws RUN_WRITE */
export async function writeSweep(directory: string, plan: SweepPlan): Promise<void> {
  await writeRunFile(join(directory, SWEEP), encodePretty(plan));
}

/** The plan in `directory`, or undefined if it is no sweep's. @throws RUN_CORRUPT */
export function readSweep(directory: string): SweepPlan | undefined {
  const path = join(directory, SWEEP);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  let plan: Partial<SweepPlan> | null;
  try {
    plan = decode(text) as Partial<SweepPlan> | null;
  } catch {
    plan = null;
  }
  if (plan?.schema !== 1 || plan.kind !== 'sweep' || !Array.isArray(plan.cells))
    return fail(
      'RUN_CORRUPT',
      `${path} is no plan of a sweep of schema 1; run the sweep again to have it rewritten.`,
    );
  return plan as SweepPlan;
}

/** All that a sweep has measured so far, as a run: its report is a function of it. */
export function gatherSweep(
  directory: string,
  plan: SweepPlan,
  grid: GridExperiment,
): StoredRun & { readonly states: readonly CellState[] } {
  const states = readCells(dirname(directory), plan.cells, grid);
  const records = grid.gather(states.map(({ cell, log }) => ({ cell, records: log.records })));
  const manifest = manifestOf(directory, plan, states);
  return { manifest, records, states, notices: noticesOf(states, grid), origin: originOf(plan) };
}

function manifestOf(directory: string, plan: SweepPlan, states: readonly CellState[]): Manifest {
  const begun = states.flatMap(({ manifest }) => manifest ?? []);
  const failed = begun.filter(({ status }) => status === 'failed');
  const status: RunStatus = states.every(({ finished }) => finished)
    ? 'complete'
    : failed.length > 0
      ? 'failed'
      : 'interrupted';
  const first = failed[0];
  const { experiment, preset, seed, config, changes, backend } = plan;
  return {
    schema: 1,
    run: basename(directory),
    experiment,
    preset,
    seed,
    config,
    changes,
    adapter: begun[0]?.adapter ?? { backend, name: 'none yet', source: 'none' },
    dataset: combineDatasets(begun.map(({ dataset }) => dataset)),
    versions: begun[0]?.versions ?? { langevin: 'none', node: 'none', webgpu: 'none' },
    status,
    ...(first?.error && status === 'failed'
      ? {
          error: {
            code: first.error.code,
            message: `${failed.length} of ${states.length} cells; the first, ${first.label}: ${first.error.message}`,
          },
        }
      : {}),
    seconds: Math.round(1000 * begun.reduce((sum, { seconds }) => sum + seconds, 0)) / 1000,
  };
}

function noticesOf(states: readonly CellState[], grid: GridExperiment): string[] {
  const unfinished = states.filter(({ finished }) => !finished).length;
  const begun = states.flatMap(({ manifest }) => manifest ?? []);
  const distinct = (what: string, values: readonly string[]): string[] =>
    new Set(values).size > 1 ? [`The cells differ in ${what}: ${[...new Set(values)].join('; ')}.`] : [];
  return [
    ...(unfinished > 0 ? [`${unfinished} of ${states.length} cells are not finished.`] : []),
    ...distinct(
      'their adapter',
      begun.map(({ adapter }) => adapter.name),
    ),
    ...distinct(
      'the version of langevin',
      begun.map(({ versions }) => versions.langevin),
    ),
    ...states.flatMap(({ cell, manifest, log }) => {
      const label = grid.label(cell);
      return [
        ...(manifest?.status === 'failed' && manifest.error
          ? [`${label} failed: ${manifest.error.message} [${manifest.error.code}]`]
          : []),
        ...(manifest?.mismatches ?? []).map(
          (what) => `${label} went on although something had changed: ${what}`,
        ),
        ...log.notes.map((note) => `${label}: ${note}`),
        ...(log.unreadable > 0
          ? [`${label}: ${log.unreadable} lines of ${METRICS} cannot be read and are left out.`]
          : []),
      ];
    }),
  ];
}

function originOf({ experiment, preset, data, seed, backend, changes }: SweepPlan): Origin {
  const command = [
    `langevin sweep ${experiment} --preset ${preset} --data ${data} --seed ${seed}`,
    ...(backend === 'webgpu' ? [] : [`--backend ${backend}`]),
    ...changes.map((change) => `--set ${shellWord(change)}`),
  ].join(' ');
  return {
    command,
    files:
      'sweep.json lists the trainings; each has a directory in ../cells, whose manifest.json says what it was trained with ' +
      'and whose metrics.jsonl holds every measurement.',
  };
}
