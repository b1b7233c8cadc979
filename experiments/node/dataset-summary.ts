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
