/**
 * The trainings of a configuration as cells. What a configuration leaves open is settled here: the cap in steps, and
 * from a budget of memory how many examples pass through the network at a time. A cell holds the outcome and not the
 * budget, so two experiments that need the same training have the same cell.
 */
import type { DatasetName } from '../../../data/index.ts';
import type { Cell, CellDataset } from '../../grid.ts';
import { gridOf } from '../config.ts';
import { passesPerStep } from '../training/microbatches.ts';
import { exampleCost } from '../training/network.ts';
import { stepLimit, type TrainingSettings } from '../training/settings.ts';
import { checkConfig, planOf, type NetworkName, type PaperConfig, type Plan } from './config.ts';
import { imagesOf, withImages } from '../../training/images.ts';
import { passSizes } from '../../training/passes.ts';
import { cellDataset } from './images.ts';

/** One training of the paper. */
export interface PaperCell extends Cell, Required<TrainingSettings> {
  readonly network: NetworkName;
  /** Number of the initialisation. */
  readonly replica: number;
}

/** Cheapest first. @throws CONFIG */
export function cellsOf(
  config: PaperConfig,
  seed: number,
  data: DatasetName | 'published',
): readonly PaperCell[] {
  checkConfig(config);
  return config.networks
    .flatMap((network) => {
      const plan = planOf(config, network);
      const dataset = cellDataset(network, data);
      return gridOf(plan).flatMap(([alpha, batchSize]) =>
        Array.from({ length: config.repeats }, (_, replica) =>
          cellOf(plan, config.memory, { network, dataset, alpha, batchSize, seed, replica }),
        ),
      );
    })
    .map((cell) => ({ cell, cost: costOf(cell) }))
    .sort((a, b) => a.cost - b.cost)
    .map(({ cell }) => cell);
}

interface Identity {
  readonly network: NetworkName;
  readonly dataset: CellDataset;
  readonly alpha: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly replica: number;
}

function cellOf(plan: Plan, memory: number, identity: Identity): PaperCell {
  const { alphas: _a, batchSizes: _b, pairs: _p, maxEpochs, ...recipe } = plan;
  const dataset = withImages(identity.dataset, recipe);
  const images = imagesOf(dataset, recipe);
  const fitting = passSizes(exampleCost(recipe, images.shape, images.classes), recipe.ghost || 1, memory);
  const [microbatch, piece] = [recipe.microbatch || fitting.microbatch, recipe.piece || fitting.piece];
  const { alpha, batchSize } = identity;
  const epochs = maxEpochs * Math.floor(images.train / batchSize);
  const limits = [stepLimit(recipe, alpha, batchSize), ...(epochs > 0 ? [epochs] : [])];
  const cell = {
    ...recipe,
    ...identity,
    dataset,
    piece,
    maxSteps: Math.min(...limits),
    maxExamples: 0,
    microbatch,
  };
  // A step that fits into one pass is the same step whatever the budget was.
  return { ...cell, microbatch: passesPerStep(cell) === 1 ? 0 : microbatch };
}

/**
 * The most a training can take, in multiply-adds: three forward passes for a gradient, one to measure the loss, one
 * more for the statistics of batch normalisation, and the test set at the end.
 */
export function costOf(cell: PaperCell): number {
  const images = imagesOf(cell.dataset, cell);
  const { multiplyAdds } = exampleCost(cell, images.shape, images.classes);
  const { alpha, batchSize, maxSteps, lossExamples, statisticsExamples, ghost } = cell;
  const batches = alpha === 1 ? 1 : 2;
  const lossEvery = cell.lossEvery || Math.max(1, Math.floor(images.train / batchSize));
  const statistics = ghost === 0 ? 0 : statisticsExamples || images.train;
  const looks = Math.ceil(maxSteps / lossEvery) * ((lossExamples || images.train) + statistics);
  return multiplyAdds * (3 * maxSteps * batches * batchSize + looks + images.test + statistics);
}
