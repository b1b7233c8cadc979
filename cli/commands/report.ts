/** `langevin report`: draw the report of a run again, from its records alone. */
import { lockDirectory, lockOwner } from '../../experiments/node/lock.ts';
import { makeDirectory } from '../../experiments/node/make-directory.ts';
import { fail } from '../../engine/graph/errors.ts';
import { isGrid } from '../../experiments/grid.ts';
import { MEASURE, measurement } from '../../experiments/measure/index.ts';
import { readRun, type StoredRun } from '../../experiments/node/read-run.ts';
import { gatherSweep, readSweep } from '../../experiments/node/sweep-directory.ts';
import type { Experiment } from '../../experiments/types.ts';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { findExperiment, printTables } from '../results.ts';
import { terminalOf } from '../world.ts';
import { withOrigin } from './measure.ts';

export const report: Command = {
  name: 'report',
  about: 'draw the report of a run, a sweep or a measurement again, from its records alone',
  positionals: [
    { name: 'RUN-DIR', about: 'the directory that `langevin run` or `langevin sweep` printed first' },
  ],
  options: { out: { value: 'DIR', about: 'write the report there; default: RUN-DIR' } },
  notes: ['With --out the report of a run that is still going on can be drawn.'],
  async run(args, { experiments, stdout, stderr, environment }) {
    const source = resolve(args.positionals[0] ?? '');
    const target = resolve(args.value('out') ?? source);
    const { run, experiment } = await readEither(source, experiments);
    if (target !== source) makeDirectory(target);
    const abandoned = run.manifest.status === 'running' && !lockOwner(source);
    const lock = lockDirectory(target);
    try {
      const { writeReport } = await import('../../experiments/node/write-report.ts');
      const { data, path } = await writeReport(experiment, run, target);
      const out = terminalOf(stdout, environment);
      const notes = terminalOf(stderr, environment);
      for (const notice of run.notices) notes.print(notice);
      if (abandoned)
        notes.print('This run ended without saying so; the report rests on the records up to there.');
      printTables(data, out);
      out.print(`report: ${path}`);
      return 0;
    } finally {
      lock.release();
    }
  },
};

/** The run in a directory, the measurement, or the sweep. */
async function readEither(
  source: string,
  experiments: readonly Experiment[],
): Promise<{ readonly run: StoredRun; readonly experiment: Experiment }> {
  const plan = readSweep(source);
  if (!plan) {
    const run = await readRun(source);
    if (run.manifest.experiment === MEASURE) return { run: withOrigin(run), experiment: measurement() };
    return { run, experiment: findExperiment(run.manifest.experiment, experiments) };
  }
  const experiment = findExperiment(plan.experiment, experiments);
  if (!isGrid(experiment))
    return fail(
      'RUN_CORRUPT',
      `${source} is a sweep of ${plan.experiment}, which is no grid in this version of langevin; ` +
        'draw the report with the version that made it.',
    );
  return { run: gatherSweep(source, plan, experiment), experiment };
}
