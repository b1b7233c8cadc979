/** What a manifest says of a data set: everything but its images. */
import type { Dataset } from '../../data/dataset.ts';
import type { Manifest } from '../types.ts';

/** Name, sizes and hashes. */
export function describeDataset({ name, source, train, test, hashes }: Dataset): Manifest['dataset'] {
  return { name, source, train: train.count, test: test.count, hashes };
}
