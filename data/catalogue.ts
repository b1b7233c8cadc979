/**
 * The data sets that are read from files: what each file is called, where it is published, how its bytes become
 * images, and by what it is known to be the right one.
 *
 * Where files are published one by one, the SHA-256 of the decompressed content is pinned and not that of the .gz,
 * because the same images circulate compressed in several ways. CIFAR is published as one archive, of which the
 * publisher gives the MD5 and others record the SHA-256; nobody publishes hashes of the files in it. So the
 * archive can be verified, and the same files unpacked cannot: they are read, their hashes are recorded, and the
 * data set says that it is not verified. The same holds of CINIC-10, published as an archive of PNG pictures with an MD5, which
 * is verified when it is converted into files of CIFAR's format.
 */
import { cifar100Classes, cifar100CoarseClasses, cifar10Classes } from './cifar-classes.ts';
import { readCifarSet } from './cifar.ts';
import type { NamedBytes } from './corrupt.ts';
import type { ImageSet } from './dataset.ts';
import { readIdxSet } from './idx.ts';

/** One file of a data set. */
export interface DataFile {
  /** The name without `.gz`. */
  readonly name: string;
  /** Bytes of the decompressed content. */
  readonly bytes: number;
  /** SHA-256 of the decompressed content, if it is published. */
  readonly sha256?: string;
}

/** One file that holds all files of a data set: a compressed tar archive. */
export interface DataArchive {
  /** The name, which ends in `.tar.gz`. */
  readonly name: string;
  /** Bytes of the archive as published. */
  readonly bytes: number;
  /** SHA-256 of the archive as published: compressed. */
  readonly sha256: string;
}

/** One compressed tar archive of PNG pictures, `<part>/<class>/<name>.png`, which is converted once into the files that are read. */
export interface PictureArchive {
  /** The name, which ends in `.tar.gz`. */
  readonly name: string;
  /** Bytes of the archive as published. */
  readonly bytes: number;
  /** MD5 of the archive as published, where nobody publishes more. */
  readonly md5: string;
  /** The file that each part becomes; other parts are passed over. */
  readonly files: Readonly<Record<string, DataFile>>;
}

/** A data set of files. */
export interface FileDataset {
  readonly name: FileDatasetName;
  readonly classes: readonly string[];
  /** The folder of the files, in the data directory and in the archive. */
  readonly folder: string;
  /** The files of each part, in the order that `decode` takes them. */
  readonly train: readonly DataFile[];
  readonly test: readonly DataFile[];
  /**
   * Turns the decompressed files of one part into images.
   * @throws `DATA_CORRUPT` with what was expected and what was found.
   */
  readonly decode: (name: string, files: readonly NamedBytes[]) => ImageSet;
  /** What is published instead of single files. */
  readonly archive?: DataArchive;
  /** What is published instead of files in a format that is read. */
  readonly pictures?: PictureArchive;
  /** What stands before the name of the archive, else of `<file name>.gz`, in an address that serves it; tried in this order. */
  readonly mirrors: readonly string[];
}

/** The names of the data sets that are read from files. */
export type FileDatasetName = 'mnist' | 'fashion-mnist' | 'cifar-10' | 'cifar-100' | 'cinic-10';

const digits: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const garments: readonly string[] = [
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
];

/** A part of an IDX data set: a file of images and one of labels. */
function idxPart(part: 'train' | 't10k', count: number, images: string, labels: string): readonly DataFile[] {
  return [
    { name: `${part}-images-idx3-ubyte`, bytes: 16 + count * 784, sha256: images },
    { name: `${part}-labels-idx1-ubyte`, bytes: 8 + count, sha256: labels },
  ];
}

const decodeIdx =
  (classes: readonly string[]): FileDataset['decode'] =>
  (name, [images, labels]) =>
    readIdxSet(name, images ?? NO_FILE, labels ?? NO_FILE, classes);
const NO_FILE: NamedBytes = { bytes: new Uint8Array(0), file: 'no file' };

const TORONTO = 'https://www.cs.toronto.edu/~kriz/';
const CIFAR_10_RECORD = 1 + 3072;
const CIFAR_100_RECORD = 2 + 3072;

const [cinicTrain, cinicTest] = ['train', 'test'].map((part) => ({
  name: `${part}.bin`,
  bytes: 90_000 * CIFAR_10_RECORD,
})) as [DataFile, DataFile];

/** Every data set that is read from files. */
export const catalogue: Readonly<Record<FileDatasetName, FileDataset>> = {
  mnist: {
    name: 'mnist',
    classes: digits,
    folder: 'mnist',
    train: idxPart(
      'train',
      60_000,
      'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    ),
    test: idxPart(
      't10k',
      10_000,
      '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    ),
    decode: decodeIdx(digits),
    mirrors: [
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
    ],
  },
  'fashion-mnist': {
    name: 'fashion-mnist',
    classes: garments,
    folder: 'fashion-mnist',
    train: idxPart(
      'train',
      60_000,
      'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    ),
    test: idxPart(
      't10k',
      10_000,
      '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    ),
    decode: decodeIdx(garments),
    mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  },
  'cifar-10': {
    name: 'cifar-10',
    classes: cifar10Classes,
    folder: 'cifar-10-batches-bin',
    train: [1, 2, 3, 4, 5].map((batch) => ({
      name: `data_batch_${batch}.bin`,
      bytes: 10_000 * CIFAR_10_RECORD,
    })),
    test: [{ name: 'test_batch.bin', bytes: 10_000 * CIFAR_10_RECORD }],
    decode: (name, files) => readCifarSet(name, files, { classes: cifar10Classes }),
    // Published with the MD5 c32a1d4ab5d03f1284b67883e8d87530; the size and SHA-256 are those that TensorFlow
    // Datasets (url_checksums/cifar10.txt) and MLDatasets.jl hold the same address to.
    archive: {
      name: 'cifar-10-binary.tar.gz',
      bytes: 170_052_171,
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    },
    mirrors: [TORONTO],
  },
  'cifar-100': {
    name: 'cifar-100',
    classes: cifar100Classes,
    folder: 'cifar-100-binary',
    train: [{ name: 'train.bin', bytes: 50_000 * CIFAR_100_RECORD }],
    test: [{ name: 'test.bin', bytes: 10_000 * CIFAR_100_RECORD }],
    decode: (name, files) =>
      readCifarSet(name, files, { classes: cifar100Classes, coarseClasses: cifar100CoarseClasses }),
    // Published with the MD5 03b5dce01913d631647c71ecec9e9cb8; the rest as above.
    archive: {
      name: 'cifar-100-binary.tar.gz',
      bytes: 168_513_733,
      sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
    },
    mirrors: [TORONTO],
  },
  // Darlow, Crowley, Antoniou & Storkey, "CINIC-10 is not ImageNet or CIFAR-10" (2018): 90,000 images to train, validate and test
  // with each, of CIFAR-10's size and classes. The part `valid` is read by nothing here, and not converted.
  'cinic-10': {
    name: 'cinic-10',
    classes: cifar10Classes,
    folder: 'cinic-10',
    train: [cinicTrain],
    test: [cinicTest],
    decode: (name, files) => readCifarSet(name, files, { classes: cifar10Classes }),
    // The size and MD5 are those that the repository (doi:10.7488/ds/2448) answers with, and that loaders of PyTorch hold it to.
    pictures: {
      name: 'CINIC-10.tar.gz',
      bytes: 687_544_992,
      md5: '6ee4d0c996905fe93221de577967a372',
      files: { train: cinicTrain, test: cinicTest },
    },
    // The second is the first without its redirections; it takes no notice of a name.
    mirrors: [
      'https://datashare.ed.ac.uk/bitstream/handle/10283/3192/',
      'https://datashare.ed.ac.uk/server/api/core/bitstreams/e8e186cc-2688-48f1-aa5a-3fda1a43f8b6/content?name=',
    ],
  },
};

/** The data set that the file at `path`, below the data directory, belongs to. */
export function datasetOf(path: string): FileDataset | undefined {
  return Object.values(catalogue).find(
    ({ folder, archive }) => path === archive?.name || path.startsWith(`${folder}/`),
  );
}
