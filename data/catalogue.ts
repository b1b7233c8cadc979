/**
 * The data sets that are read from files: what each file is called, where it is published, and the SHA-256
 * of its decompressed content. The content is pinned, not the .gz, because the same images circulate
 * compressed in several ways.
 */

/** One file of a data set. */
export interface DataFile {
  /** The name without `.gz`. */
  readonly name: string;
  /** SHA-256 of the decompressed content. */
  readonly sha256: string;
  /** Bytes of the decompressed content. */
  readonly bytes: number;
}

/** A data set of four IDX files, in a folder of its own name. */
export interface FileDataset {
  readonly name: FileDatasetName;
  readonly classes: readonly string[];
  readonly files: {
    readonly trainImages: DataFile;
    readonly trainLabels: DataFile;
    readonly testImages: DataFile;
    readonly testLabels: DataFile;
  };
  /** Base addresses, each ending in `/`, that serve `<file name>.gz`; tried in this order. */
  readonly mirrors: readonly string[];
}

/** The names of the data sets that are read from files. */
export type FileDatasetName = 'mnist' | 'fashion-mnist';

const TRAIN_IMAGES = { name: 'train-images-idx3-ubyte', bytes: 16 + 60_000 * 784 };
const TRAIN_LABELS = { name: 'train-labels-idx1-ubyte', bytes: 8 + 60_000 };
const TEST_IMAGES = { name: 't10k-images-idx3-ubyte', bytes: 16 + 10_000 * 784 };
const TEST_LABELS = { name: 't10k-labels-idx1-ubyte', bytes: 8 + 10_000 };

/** Every data set that is read from files. */
export const catalogue: Readonly<Record<FileDatasetName, FileDataset>> = {
  mnist: {
    name: 'mnist',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    files: {
      trainImages: {
        ...TRAIN_IMAGES,
        sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      },
      trainLabels: {
        ...TRAIN_LABELS,
        sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      },
      testImages: {
        ...TEST_IMAGES,
        sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      },
      testLabels: {
        ...TEST_LABELS,
        sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
      },
    },
    mirrors: [
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
    ],
  },
  'fashion-mnist': {
    name: 'fashion-mnist',
    classes: [
      'T-shirt',
      'trouser',
      'pullover',
      'dress',
      'coat',
      'sandal',
      'shirt',
      'sneaker',
      'bag',
      'ankle boot',
    ],
    files: {
      trainImages: {
        ...TRAIN_IMAGES,
        sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      },
      trainLabels: {
        ...TRAIN_LABELS,
        sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      },
      testImages: {
        ...TEST_IMAGES,
        sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      },
      testLabels: {
        ...TEST_LABELS,
        sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      },
    },
    mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  },
};
