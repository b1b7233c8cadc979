/** What the configurations of these experiments have in common, and how a wrong one is refused. */
import type { DatasetName } from '../../../data/index.ts';
import { fail } from '../../../engine/graph/errors.ts';
import type { CellDataset } from '../../grid.ts';
import { check, natural } from '../../checks.ts';
import { datasetOf } from '../../training/plan.ts';
import { imagesOf } from '../../training/images.ts';
import type { ImagesSpec, NetworkSpec } from '../../training/settings.ts';

/** A network on its images, as data. */
export type Subject = {
  /** As {@link networkNamed} knows it. */
  readonly network: string;
  /** The data set of the paper. */
  readonly data: DatasetName;
  readonly images: ImagesSpec;
};

/** `196-32-10` is a perceptron, of which the first and the last number come from the images; else one of these. */
const NETWORKS: Readonly<Record<string, NetworkSpec>> = {
  K16: { kind: 'k16' },
  'ResNet-18': { kind: 'resnet', depth: 18 },
  'ResNet-20': { kind: 'resnet', depth: 20 },
  'ResNet-34': { kind: 'resnet', depth: 34 },
  'ResNet-50': { kind: 'resnet50' },
  'ResNet-110': { kind: 'resnet', depth: 110 },
};

/** @throws CONFIG for a name that is none */
export function networkNamed(what: string, name: string): NetworkSpec {
  if (/^\d+(-\d+)+$/.test(name)) {
    const hidden = name.split('-').slice(1, -1).map(Number);
    return { kind: 'mlp', hidden, initializer: 'glorotNormal' };
  }
  return (
    NETWORKS[name] ??
    fail(
      'CONFIG',
      `${what}: there is no network '${name}': take one of ${Object.keys(NETWORKS).join(', ')}, or a perceptron such as 196-32-10.`,
    )
  );
}

/** 2000 pooled images of MNIST. */
export const small: Omit<Subject, 'network'> = {
  data: 'mnist',
  images: { trainExamples: 2000, testExamples: 2000, pool: true },
};

/** 2000 pooled and standardised images of CIFAR-10, for K16. */
export const smallColoured: Omit<Subject, 'network'> = {
  data: 'cifar-10',
  images: { trainExamples: 2000, testExamples: 4000, pool: true, standardize: true },
};

/** To see every part at work in seconds. */
export const tiny: Omit<Subject, 'network'> = {
  data: 'mnist',
  images: { trainExamples: 200, testExamples: 100, pool: true },
};

export const tinyColoured: Omit<Subject, 'network'> = {
  data: 'cifar-10',
  images: { trainExamples: 64, testExamples: 32, pool: true, standardize: true },
};

/** ResNet-20 on a tenth of CIFAR-10. */
export const medium: Omit<Subject, 'network'> = {
  data: 'cifar-10',
  images: { trainExamples: 5000, testExamples: 5000, standardize: true },
};

/** All of CIFAR-100. */
export const whole: Omit<Subject, 'network'> = {
  data: 'cifar-100',
  images: { trainExamples: 0, testExamples: 0, standardize: true },
};

/** The data set of a cell and N of its training. */
export function imagesFor(
  { data, images }: Omit<Subject, 'network'>,
  asked: DatasetName | 'published',
): { readonly dataset: CellDataset; readonly examples: number } {
  const dataset = datasetOf({ data }, asked);
  return { dataset, examples: imagesOf(dataset, images).train };
}

/** @throws CONFIG for a batch that is no smaller than the training set */
export function checkBatch(what: string, size: number, examples: number): void {
  check(
    what,
    natural(size) && size > 0 && size < examples,
    `a batch of ${size}: give a positive integer below the ${examples} training examples`,
  );
}
