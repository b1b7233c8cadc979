/** Which images a network is trained on, and their shapes, known before anything is loaded. */
import type { DatasetName } from '../../../data/index.ts';
import type { CellDataset } from '../../grid.ts';
import type { ImageShape } from '../training/network.ts';
import type { ProblemSettings } from '../training/settings.ts';
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

/** What comes into a network, and how much of it. */
export interface Images {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly train: number;
  readonly test: number;
}

/** The images of a data set as these settings take them. */
export function imagesOf(
  { name, size = 28, channels = 1 }: CellDataset,
  { trainExamples, testExamples, pool }: Pick<ProblemSettings, 'trainExamples' | 'testExamples' | 'pool'>,
): Images {
  const whole = name === 'procedural' ? { ...PROCEDURAL, size, channels } : FILES[name];
  const side = pool ? whole.size / 2 : whole.size;
  const some = (asked: number, all: number): number => (asked === 0 ? all : Math.min(asked, all));
  return {
    shape: [side, side, whole.channels],
    classes: whole.classes,
    train: some(trainExamples, whole.train),
    test: some(testExamples, whole.test),
  };
}

interface Whole {
  readonly size: number;
  readonly channels: number;
  readonly classes: number;
  readonly train: number;
  readonly test: number;
}

/** As many as `load` draws unless it is told otherwise. */
const PROCEDURAL = { classes: 10, train: 10_000, test: 2_000 };

const FILES: Readonly<Record<Exclude<DatasetName, 'procedural'>, Whole>> = {
  mnist: { size: 28, channels: 1, classes: 10, train: 60_000, test: 10_000 },
  'fashion-mnist': { size: 28, channels: 1, classes: 10, train: 60_000, test: 10_000 },
  'cifar-10': { size: 32, channels: 3, classes: 10, train: 50_000, test: 10_000 },
  'cifar-100': { size: 32, channels: 3, classes: 100, train: 50_000, test: 10_000 },
};
