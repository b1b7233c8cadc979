/** The networks of the study, in full and in small: papers.md 2.2 and 2.3. */
import type { Plan } from '../training/plan.ts';

/** VGG-11 on CIFAR-10, with batch normalisation: LB says so for figure 2, and for the others it is our choice. */
export const vgg11: Plan = {
  data: 'cifar-10',
  network: { kind: 'vgg11' },
  images: { trainExamples: 0, testExamples: 0, standardize: true },
};

export const resnet56: Plan = {
  data: 'cifar-10',
  network: { kind: 'resnet', depth: 56 },
  images: { trainExamples: 0, testExamples: 0, standardize: true },
};

/** The "4-layer" perceptron with batch normalisation, 784-500-500-500-10. */
export const perceptron: Plan = {
  data: 'fashion-mnist',
  network: { kind: 'mlp', hidden: [500, 500, 500], norm: 'batch', initializer: 'heNormal' },
  images: { trainExamples: 0, testExamples: 0 },
};

/** C1-mini, in place of VGG-11 and ResNet-56: 34,058 parameters. */
export const miniature: Plan = {
  data: 'cifar-10',
  network: { kind: 'convolutions', stages: [[16], [32], [64]], norm: 'batch', initializer: 'heNormal' },
  images: { trainExamples: 10_000, testExamples: 5000, standardize: true },
};

/** 196-32-10 on MNIST of half the side, without normalisation. */
export function small(trainExamples: number, testExamples = 0): Plan {
  return {
    data: 'mnist',
    network: { kind: 'mlp', hidden: [32], initializer: 'glorotNormal' },
    images: { trainExamples, testExamples, pool: true },
  };
}

/** To see every part at work in seconds. */
export const tiny: Plan = small(200, 200);
