/** The shapes of images, known before anything is loaded. */
import type { DatasetName } from '../../data/index.ts';
import type { CellDataset } from '../grid.ts';
import type { ImageShape } from './cost.ts';
import type { ImagesSpec } from './settings.ts';

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
  { trainExamples, testExamples, pool = false }: ImagesSpec,
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
  'cinic-10': { size: 32, channels: 3, classes: 10, train: 90_000, test: 90_000 },
};
