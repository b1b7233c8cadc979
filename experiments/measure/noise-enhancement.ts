/** The trainings of the noise-enhancement paper, to be measured. */
import type { Dataset } from '../../data/dataset.ts';
import type { PaperCell } from '../noise-enhancement/paper/cells.ts';
import { networkSpecOf } from '../noise-enhancement/training/network.ts';
import { problemOf, type Params } from '../noise-enhancement/training/problem.ts';
import { optimizerOf } from '../noise-enhancement/training/step.ts';
import type { Subject } from './subject.ts';
import { subjectOf, type Batch } from './training.ts';

/** The training of a cell: its network, its images and its losses, as its own steps see them. */
export function paperSubject(cell: PaperCell, dataset: Dataset): Subject<Params, Batch> {
  const { alpha, batchSize, optimizer, learningRate, momentum } = cell;
  return subjectOf({
    network: networkSpecOf(cell),
    problem: problemOf(cell, dataset, cell.seed),
    evaluation: cell,
    replica: cell.replica,
    optimizer: optimizerOf(cell),
    training: { alpha, batchSize, ...(optimizer === 'sgd' && { sgd: { learningRate, momentum } }) },
    done: (state) => (state as { readonly done: number }).done,
  });
}
