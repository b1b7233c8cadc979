/** The networks of the study on their images, in full and in small (papers.md 4.4), and how a wrong configuration is refused. */
import type { DatasetName } from '../../data/index.ts';
import { random, tree } from '../../engine/index.ts';
import { check, checkCounts, natural } from '../checks.ts';
import { checkSpec } from '../training/check.ts';
import { imagesOf } from '../training/images.ts';
import { networkOf } from '../training/network.ts';
import type {
  ImagesSpec,
  OptimizerSpec,
  ScheduleSpec,
  TrainingCell,
  TrainingSpec,
} from '../training/settings.ts';
import { datasetOf, type Plan } from '../training/plan.ts';

/** AlexNet for 32x32, without the momentum and the decay that CL does not speak of. Epochs and initialisation are our choice too. */
export const alexnet: Plan = {
  data: 'cifar-10',
  network: { kind: 'alexnet' },
  images: { trainExamples: 0, testExamples: 0, standardize: true },
};

/** The same on a fifth of the images. */
export const alexnetMedium: Plan = {
  ...alexnet,
  images: { trainExamples: 10_000, testExamples: 0, standardize: true },
};

/** Ghost batches, since a batch of 8192 that is normalised as a whole fits no binding. */
export const resnet18: Plan = { ...alexnet, network: { kind: 'resnet', depth: 18, norm: 128 } };

export const resnet18Medium: Plan = { ...alexnetMedium, network: resnet18.network };

/** K16 on images of half the side. */
export const k16: Plan = pooled(4000, 4000);

/** To see every part at work in seconds. */
export const tiny: Plan = pooled(160, 100);

function pooled(trainExamples: number, testExamples: number): Plan {
  const images: ImagesSpec = { trainExamples, testExamples, pool: true, standardize: true };
  return { data: 'cifar-10', network: { kind: 'k16' }, images };
}

/** What a training is beside its plan. */
export type Recipe = Pick<TrainingSpec, 'length' | 'replica'> &
  Partial<Pick<TrainingSpec, 'loss' | 'measure' | 'sampling'>> & {
    readonly optimizer?: OptimizerSpec;
    readonly learningRate: ScheduleSpec;
    readonly batchSize: ScheduleSpec;
  };

/** A training of a plan as a cell: plain SGD through shuffled epochs unless the recipe says otherwise. */
export function cellOf(
  plan: Plan,
  seed: number,
  data: DatasetName | 'published',
  recipe: Recipe,
): TrainingCell {
  return {
    dataset: datasetOf(plan, data),
    seed,
    training: {
      network: plan.network,
      images: plan.images,
      optimizer: { name: 'sgd' },
      sampling: 'epoch-shuffle',
      ...recipe,
    },
  };
}

/** A list for each repeat. */
export function repeated<T>(what: string, repeats: number, make: (replica: number) => readonly T[]): T[] {
  checkCounts(what, { repeats });
  return Array.from({ length: repeats }, (_, replica) => make(replica)).flat();
}

/** @throws CONFIG unless the network of these cells has a tensor of this path, naming those that it has; as `checkSpec` does */
export function checkTensor(what: string, cells: readonly TrainingCell[], tensor: string): void {
  const [cell] = cells;
  if (!cell) return;
  const { network, images } = cell.training;
  const { shape, classes, train } = imagesOf(cell.dataset, images);
  checkSpec(cell.training, train);
  const input = network.kind === 'mlp' ? [shape.reduce((size, side) => size * side)] : shape;
  // Nothing is computed: tensors that are not read stay descriptions.
  const paths = tree.paths(networkOf(network, classes).init(random.key(0), input).params);
  check(
    what,
    paths.some(({ path }) => path === tensor),
    `tensor is '${tensor}', and ${network.kind} has ${paths.map(({ path }) => path).join(', ')}: take one of these`,
  );
}

/** @throws CONFIG unless these are positive integers that ascend */
export function checkSizes(what: string, sizes: readonly number[]): void {
  check(
    what,
    sizes.length > 0 && sizes.every((size, k) => natural(size) && size > (k === 0 ? 0 : sizes[k - 1]!)),
    `batch sizes are ${sizes.join(', ') || 'none'}: give ascending positive integers`,
  );
}
