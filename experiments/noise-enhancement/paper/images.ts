/** Which images a network is trained on. */
import type { DatasetName } from '../../../data/index.ts';
import type { CellDataset } from '../../grid.ts';
import type { NetworkName } from './config.ts';

/** The data set of each network in the paper. */
export const publishedDataset: Readonly<Record<NetworkName, DatasetName>> = {
  F1: 'fashion-mnist',
  C1: 'cifar-10',
  C2: 'cifar-100',
};

/** Where the procedural images stand in, they have the shape of the published ones. */
export function cellDataset(network: NetworkName, data: DatasetName | 'published'): CellDataset {
  if (data === 'published') return { name: publishedDataset[network] };
  if (data !== 'procedural') return { name: data };
  return network === 'F1' ? { name: data, size: 28, channels: 1 } : { name: data, size: 32, channels: 3 };
}
