/** The data sets that the cells of a grid name. */
import type { Dataset } from '../data/dataset.ts';
import type { CellDataset } from '../experiments/grid.ts';
import type { World } from './world.ts';

/** Loads them, each once. @param directory of those that are files */
export function datasetsFrom(
  load: World['load'],
  directory: string | undefined,
): (dataset: CellDataset) => Promise<Dataset> {
  const known = new Map<string, Promise<Dataset>>();
  return ({ name, ...drawing }) => {
    const key = JSON.stringify([name, drawing]);
    const loaded =
      known.get(key) ?? load(name, { ...drawing, ...(directory !== undefined && { directory }) });
    known.set(key, loaded);
    return loaded;
  };
}
