/** What `run` and `report` print of the results. */
import type { ReportData, TableSection } from '../experiments/report.ts';
import { renderTable } from '../experiments/text-table.ts';
import { encode } from '../experiments/json-lines.ts';
import type { StoredRun } from '../experiments/node/read-run.ts';
import type { Experiment, Json } from '../experiments/types.ts';
import { parseChoice } from './arguments.ts';
import type { Terminal } from './world.ts';

/** @throws `UNKNOWN_EXPERIMENT`, with the nearest */
export function findExperiment(name: string, experiments: readonly Experiment[]): Experiment {
  const names = experiments.map((experiment) => experiment.name);
  const found = parseChoice('experiment', name, names, 'UNKNOWN_EXPERIMENT');
  return experiments[names.indexOf(found)] as Experiment;
}

/** The tables meant for the terminal, each under its heading. */
export function printTables({ sections }: ReportData, out: Terminal): void {
  const tables = sections.filter(
    (section): section is TableSection => section.kind === 'table' && section.terminal === true,
  );
  for (const table of tables) {
    out.print();
    out.print(out.bold(table.heading));
    out.print(renderTable(table, out.width));
  }
  out.print();
}

/** The line of `--json`: what was run and how it ended, then the experiment's own summary, then the report's path. */
export function jsonLine(
  experiment: Experiment,
  { manifest, records }: Pick<StoredRun, 'manifest' | 'records'>,
  report: string,
  more: { readonly [key: string]: Json } = {},
): string {
  const { preset, seed, adapter, status } = manifest;
  const head = {
    experiment: experiment.name,
    preset,
    seed,
    adapter: `${adapter.source}: ${adapter.name}`,
    status,
  };
  return `${encode({ ...head, ...more, ...experiment.summary(records), report })}\n`;
}
