/**
 * Data sets, by name. This module runs anywhere; `node/index.ts` adds directories and downloads.
 */
import { fail, nearest } from '../engine/graph/errors.ts';
import { catalogue, type FileDatasetName } from './catalogue.ts';
import type { Dataset, ImageSet } from './dataset.ts';
import { readDataset, type ReadFile } from './files.ts';
import { procedural } from './procedural.ts';
import type { ProceduralStyle } from './procedural-style.ts';
import { sha256 } from './sha256.ts';

export {
  catalogue,
  type DataArchive,
  type DataFile,
  type FileDataset,
  type FileDatasetName,
  type PictureArchive,
} from './catalogue.ts';
export { readCifarSet, type CifarClasses } from './cifar.ts';
export { COLA_TRAIN, readCola, type ColaSentence } from './cola.ts';
export { type NamedBytes } from './corrupt.ts';
export {
  checkImageSet,
  coarseSet,
  imageSize,
  selectExamples,
  type CoarseLabels,
  type Dataset,
  type ImageSet,
} from './dataset.ts';
export { readDataset, type ReadFile } from './files.ts';
export { readIdxImages, readIdxLabels, readIdxSet, type IdxArray } from './idx.ts';
export { permutation } from './permutation.ts';
export { averagePool2 } from './pool.ts';
export { procedural, proceduralClasses, type ProceduralOptions } from './procedural.ts';
export { colourStyle, defaultStyle, type ProceduralStyle } from './procedural-style.ts';
export {
  gatherBatch,
  gatherImages,
  resident,
  type Batch,
  type ResidentOptions,
  type ResidentSet,
  type ResidentTensors,
} from './resident.ts';
export { sampler, type Sampler, type SamplerOptions, type SamplingMode } from './sampler.ts';
export * from './safetensors.ts';
export { standardization, type Standardization } from './standardize.ts';
export { balancedSubset, subset } from './subset.ts';
export { readTar, type TarFiles } from './tar.ts';

/** The name of a data set. */
export type DatasetName = 'procedural' | FileDatasetName;

/** Every name that {@link load} knows. */
export const datasetNames: readonly DatasetName[] = [
  'procedural',
  ...Object.values(catalogue).map((entry) => entry.name),
];

/** What {@link load} may be told. The first group is for `procedural`, the second for files. */
export interface LoadOptions {
  /** Seed of the procedural images. Default 0. */
  readonly seed?: number;
  /** Number of procedural training images. Default 10,000. */
  readonly train?: number;
  /** Number of procedural test images. Default 2,000. */
  readonly test?: number;
  /** Side of the procedural images in pixels. Default 28. */
  readonly size?: number;
  /** Channels of the procedural images. Default 1. */
  readonly channels?: number;
  /** Changes to the style of the procedural images. */
  readonly style?: Partial<ProceduralStyle>;

  /** How to read one file of the data set, by its path `mnist/train-images-idx3-ubyte.gz`. */
  readonly read?: ReadFile;
  /** Whether the files must have the published content, where a hash of it is published. Default true. */
  readonly verify?: boolean;
}

/**
 * Loads a data set: draws `procedural`, or reads one of the {@link catalogue} through `options.read`.
 * @throws `DATA_UNKNOWN` for another name, `DATA_MISSING` when a data set of files comes without a reader,
 *   `DATA_CORRUPT` when a file is damaged or is not the published one.
 */
export async function load(name: DatasetName, options: LoadOptions = {}): Promise<Dataset> {
  if (name === 'procedural') return loadProcedural(options);
  if (!Object.hasOwn(catalogue, name)) {
    const guess = nearest(name, datasetNames);
    fail(
      'DATA_UNKNOWN',
      `load: there is no data set ${JSON.stringify(name)}; ` +
        (guess ? `did you mean ${guess}?` : `take one of ${datasetNames.join(', ')}.`),
    );
  }
  if (!options.read)
    fail(
      'DATA_MISSING',
      `load: ${name} is read from files and no reader was given; pass { read: (path) => bytes }, ` +
        'or load procedural, which needs none.',
    );
  return readDataset(name, options.read, options.verify ?? true);
}

async function loadProcedural(options: LoadOptions): Promise<Dataset> {
  const { seed = 0, train = 10_000, test = 2_000, size = 28, channels = 1, style = {} } = options;
  const shared = { seed, size, channels, style };
  const parts = {
    train: procedural({ ...shared, part: 'train', count: train }),
    test: procedural({ ...shared, part: 'test', count: test }),
  };
  return {
    name: 'procedural',
    ...parts,
    source: 'procedural',
    verified: true,
    hashes: { train: await setHash(parts.train), test: await setHash(parts.test) },
  };
}

/** SHA-256 of the pixels followed by the labels. */
async function setHash(set: ImageSet): Promise<string> {
  const bytes = new Uint8Array(set.images.length + set.labels.length);
  bytes.set(set.images);
  bytes.set(set.labels, set.images.length);
  return sha256(bytes);
}
