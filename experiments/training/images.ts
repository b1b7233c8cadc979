/** The shapes of images, known before anything is loaded. */
import type { DatasetName } from '../../data/index.ts';
import { fail } from '../../engine/graph/errors.ts';
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

/**
 * The images of a data set as these settings take them; 0 takes all that there are.
 * @throws CONFIG for more than there are
 */
export function imagesOf(dataset: CellDataset, images: ImagesSpec): Images {
  const { name, size = 28, channels = 1 } = withImages(dataset, images);
  const { pool = false, trainExamples, testExamples } = images;
  const whole =
    name === 'procedural'
      ? { ...PROCEDURAL, train: Math.max(PROCEDURAL.train, trainExamples), size, channels }
      : FILES[name];
  const side = pool ? whole.size / 2 : whole.size;
  return {
    shape: [side, side, whole.channels],
    classes: whole.classes,
    train: takenOf('trainExamples', trainExamples, { name, count: whole.train }),
    test: takenOf('testExamples', testExamples, { name, count: whole.test }),
  };
}

/**
 * The data set of a cell that is trained on these images: of procedural ones as many are drawn as it needs. It says so only
 * where that is more than the usual, since smaller sets are chosen from those.
 * @throws CONFIG for more than are ever drawn
 */
export function withImages(
  dataset: CellDataset,
  { trainExamples }: Pick<ImagesSpec, 'trainExamples'>,
): CellDataset {
  if (dataset.name !== 'procedural' || !(trainExamples > PROCEDURAL.train)) return dataset;
  if (trainExamples > MOST_DRAWN) refuse('trainExamples', trainExamples, dataset.name, MOST_DRAWN);
  return { ...dataset, train: trainExamples };
}

/**
 * How many examples of a set are taken; 0 takes all. The procedural test set is of one size, however many are asked for: a test of
 * fewer images is less exact, but the same quantity.
 * @throws CONFIG for more than there are: trainings on fewer are other trainings
 */
export function takenOf(
  field: 'trainExamples' | 'testExamples',
  asked: number,
  { name, count }: { readonly name: string; readonly count: number },
): number {
  if (asked === 0) return count;
  if (asked <= count) return asked;
  if (field === 'testExamples' && name.startsWith('procedural')) return count;
  return refuse(field, asked, name, count);
}

function refuse(field: string, asked: number, name: string, count: number): never {
  return fail(
    'CONFIG',
    `${field} is ${asked}, and of ${name} there are ${count} images: take at most so many, or another data set with --data.`,
  );
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

/** Training images; no published set has more, and 300 MB of pixels fit everywhere. */
const MOST_DRAWN = 100_000;

const FILES: Readonly<Record<Exclude<DatasetName, 'procedural'>, Whole>> = {
  mnist: { size: 28, channels: 1, classes: 10, train: 60_000, test: 10_000 },
  'fashion-mnist': { size: 28, channels: 1, classes: 10, train: 60_000, test: 10_000 },
  'cifar-10': { size: 32, channels: 3, classes: 10, train: 50_000, test: 10_000 },
  'cifar-100': { size: 32, channels: 3, classes: 100, train: 50_000, test: 10_000 },
  'cinic-10': { size: 32, channels: 3, classes: 10, train: 90_000, test: 90_000 },
};
