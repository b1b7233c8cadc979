/** `langevin report`: draw the report of a run again, from its records alone. */
import { lockDirectory, lockOwner } from '../../experiments/node/lock.ts';
import { makeDirectory } from '../../experiments/node/make-directory.ts';
import { readRun } from '../../experiments/node/read-run.ts';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { findExperiment, printTables } from '../results.ts';
import { terminalOf } from '../world.ts';

export const report: Command = {
  name: 'report',
  about: 'draw the report of a run again, from its records alone',
  positionals: [{ name: 'RUN-DIR', about: 'the directory that `langevin run` printed first' }],
  options: { out: { value: 'DIR', about: 'write the report there; default: RUN-DIR' } },
  notes: ['With --out the report of a run that is still going on can be drawn.'],
  async run(args, { experiments, stdout, stderr, environment }) {
    const source = resolve(args.positionals[0] ?? '');
    const target = resolve(args.value('out') ?? source);
    const run = await readRun(source);
    const experiment = findExperiment(run.manifest.experiment, experiments);
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
