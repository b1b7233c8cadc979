/** `langevin list`: what can be run. */
import { isGrid } from '../../experiments/grid.ts';
import { ownDataOfPresets } from '../../experiments/own-data.ts';
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
    const grids = experiments.filter(isGrid).map(({ name }) => name);
    const own = experiments.flatMap((experiment) => {
      const names = ownDataOfPresets(experiment);
      return names.length === 0 ? [] : [`${experiment.name} (${names.join(' or ')})`];
    });
    if (own.length > 0) out.print(`without a data set, so without --data: ${own.join(', ')}`);
    if (grids.length > 0) out.print(`grids, which langevin sweep trains as well: ${grids.join(', ')}`);
    return 0;
  },
};
