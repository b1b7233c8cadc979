/** `langevin list`: what can be run. */
import { presetNames } from '../../experiments/types.ts';
import { twoColumns, type Command } from '../command.ts';
import { terminalOf } from '../world.ts';

export const list: Command = {
  name: 'list',
  about: 'list the experiments and their presets',
  positionals: [],
  options: {},
  run: async (_args, { experiments, stdout, environment }) => {
    const out = terminalOf(stdout, environment);
    const rows = experiments.map(({ name, title, description }): [string, string] => [
      name,
      `${title}. ${description}`,
    ]);
    for (const line of twoColumns(rows, out.width)) out.print(line);
    out.print();
    out.print(`presets: ${presetNames.join(', ')}`);
    return 0;
  },
};
