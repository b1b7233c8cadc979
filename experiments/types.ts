/**
 * What an experiment is: a typed configuration with named presets, a `run` that yields records, and a `report` that
 * turns records into text, tables and figures. Everything that crosses these borders is plain data, so a run can be
 * written to a file, read back, and redrawn without computing anything again. Nothing here knows Node or the DOM.
 */
import type { Dataset } from '../data/dataset.ts';
import type { ReadFile } from '../data/files.ts';
import type { CellDataset } from './grid.ts';
import type { ReportData } from './report.ts';

/** A value that survives being written and read back. Numbers may be NaN or infinite; see `json-lines.ts`. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** The sizes every experiment comes in. `smoke` takes about a minute on two CPU cores; `paper` is the published one. */
export type PresetName = 'smoke' | 'small' | 'medium' | 'paper';

/** In order of cost. */
export const presetNames: readonly PresetName[] = ['smoke', 'small', 'medium', 'paper'];

/**
 * One observation of a run. `name` says which record of its experiment it is, the other fields are the experiment's.
 *
 *   metric  a value at a step of training
 *   event   something that happened: a learning rate halved, a stop, a divergence
 *   result  something measured once and for all: a row of a table, a point of a figure
 */
export interface RunRecord {
  readonly kind: 'metric' | 'event' | 'result';
  readonly name: string;
  readonly [field: string]: Json | undefined;
  /** The log writes these four in front of each record. */
  readonly v?: never;
  readonly run?: never;
  readonly attempt?: never;
  readonly t?: never;
}

/** How far a run has come. */
export interface Progress {
  /** Units done, of `total`. */
  readonly done: number;
  readonly total: number;
  /** What is counted, in the plural: `steps`, `draws`. */
  readonly unit: string;
  /** Which part of the run this is: `alpha 1.5, batch 100`. */
  readonly note?: string;
}

/** The part of an `AbortSignal` that a run needs; experiments know no platform that would declare the whole. */
export interface StopSignal {
  readonly aborted: boolean;
}

/** What a run is given beside its configuration. */
export interface RunContext {
  /** All randomness of the run is a function of this non-negative integer. */
  readonly seed: number;
  readonly dataset: Dataset;
  /** The one that a cell of a grid names, loaded once. Absent: `dataset`, or images drawn for the cell. */
  readonly datasetOf?: (dataset: CellDataset) => Promise<Dataset>;
  /** When aborted, `run` finishes the step it is in, yields what it has measured, and returns. */
  readonly signal: StopSignal;
  /** Cheap to call: may be called at every step. */
  progress(update: Progress): void;
  /** A line for the person who waits; it is not recorded. */
  log(message: string): void;
  /** Files of the user's that an experiment asks for beside its data set, by their path in the data directory. None: it cannot have any. */
  readonly files?: ReadFile;
}

/** How a run ended, or `running`. */
export type RunStatus = 'running' | 'complete' | 'interrupted' | 'failed';

/** Where the tensors of a run were computed. */
export interface AdapterSummary {
  readonly backend: 'webgpu' | 'reference';
  /** For people: `NVIDIA H200`, or `float64 interpreter on the CPU`. */
  readonly name: string;
  /** Where it was found: `system driver`, `bundled SwiftShader`. */
  readonly source: string;
  /** The fingerprint of the kernels that were measured there and taken (docs/tuning.md); absent where every kernel is the rule's. */
  readonly kernels?: string;
}

/** Everything needed to run again what a run directory holds. */
export interface Manifest {
  readonly schema: 1;
  /** The name of the run: its directory's last part. */
  readonly run: string;
  readonly experiment: string;
  readonly preset: PresetName;
  readonly seed: number;
  /** The configuration after `--set`. */
  readonly config: Json;
  /** The `--set` arguments, as given. */
  readonly changes: readonly string[];
  readonly adapter: AdapterSummary;
  readonly dataset: {
    readonly name: string;
    /** `own`: the experiment works on no data set; `name` is what it makes or reads in its place, or `none`. */
    readonly source: Dataset['source'] | 'own';
    readonly train: number;
    readonly test: number;
    readonly hashes: Readonly<Record<string, string>>;
    /** Whether all that was read matched a published hash; what is drawn has none to match. */
    readonly verified?: boolean;
  };
  readonly versions: Readonly<Record<'langevin' | 'node' | 'webgpu', string>>;
  readonly status: RunStatus;
  /** Why it failed. */
  readonly error?: { readonly code: string; readonly message: string };
  /** Seconds from the first record's beginning to the end, by a clock that never goes back. */
  readonly seconds?: number;
}

/** One experiment. `Config` is plain data; `--set` changes its fields by name, and never their types. */
export interface Experiment<Config extends object = object> {
  /** Lower-case words and hyphens, as on the command line. */
  readonly name: string;
  readonly title: string;
  /** One sentence: the question, and the source. */
  readonly description: string;
  readonly presets: Readonly<Record<PresetName, Config>>;
  /**
   * What a run works on if that is no data set: in a few words what it makes or reads itself, or `none`. `--data` is then refused,
   * and `context.dataset` is empty. Absent, or undefined: the data set that `--data` names.
   */
  ownData?(config: Config): string | undefined;

  /**
   * Runs and yields records as they are measured. The runner writes each to disk before it asks for the next.
   * `init` has been called. All randomness comes from `context.seed`, nothing from the clock.
   * @throws LangevinError `CONFIG` for a configuration that makes no sense, with the value and the range
   */
  run(config: Config, context: RunContext): AsyncIterable<RunRecord>;

  /**
   * The report of these records: of a whole run, or of any first part of one, none included.
   * A pure function: the same records give the same report.
   */
  report(records: readonly RunRecord[], manifest: Manifest): ReportData;

  /** The experiment's part of the object that `run --json` prints. Accepts what `report` accepts. */
  summary(records: readonly RunRecord[]): { readonly [key: string]: Json };
}
