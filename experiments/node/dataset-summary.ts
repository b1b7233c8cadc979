/** What a manifest says of a data set: everything but its images. */
import type { Dataset } from '../../data/dataset.ts';
import type { Manifest } from '../types.ts';

/** Name, sizes and hashes, and whether the files are known to be the published ones. */
export function describeDataset(dataset: Dataset): Manifest['dataset'] {
  const { name, source, train, test, hashes, verified } = dataset;
  return { name, source, train: train.count, test: test.count, hashes, verified };
}

/** For people: `cifar-10 (files not verified)`. */
export function datasetLabel({
  name,
  verified,
}: {
  readonly name: string;
  readonly verified?: boolean;
}): string {
  return verified === false ? `${name} (files not verified)` : name;
}

/** One entry for all the data sets of a sweep or a run. */
export function combineDatasets(datasets: readonly Manifest['dataset'][]): Manifest['dataset'] {
  const distinct = [...new Map(datasets.map((each) => [JSON.stringify(each), each])).values()];
  const [first] = distinct;
  if (!first) return { name: 'none yet', source: 'procedural', train: 0, test: 0, hashes: {} };
  if (distinct.length === 1) return first;
  const total = (part: 'train' | 'test'): number => distinct.reduce((sum, each) => sum + each[part], 0);
  return {
    name: distinct.map(({ name }) => name).join(', '),
    source: first.source,
    train: total('train'),
    test: total('test'),
    hashes: Object.fromEntries(
      distinct.flatMap(({ name, hashes }, k) =>
        Object.entries(hashes).map(([part, hash]) => [`${part} (${k + 1}: ${name})`, hash]),
      ),
    ),
    ...(distinct.some(({ verified }) => verified === false) && { verified: false }),
  };
}
