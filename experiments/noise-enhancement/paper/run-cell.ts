/** A cell trained, and the records of cells as one list. */
import type { Dataset, DatasetName } from '../../../data/index.ts';
import { tree } from '../../../engine/index.ts';
import { parameterCount } from '../../../nn/index.ts';
import type { CellContext } from '../../grid.ts';
import type { Json, RunContext, RunRecord } from '../../types.ts';
import { evaluatorsOf } from '../../training/evaluation.ts';
import { TrainingFailure } from '../../training/failure.ts';
import { alone } from '../../training/replicas.ts';
import { runAll as runSeries } from '../../training/run-all.ts';
import { passesPerStep, stepOf } from '../training/microbatches.ts';
import { problemOf } from '../training/problem.ts';
import { optimizerOf } from '../training/step.ts';
import { train } from '../training/train.ts';
import { cellsOf, type PaperCell } from './cells.ts';
import type { PaperConfig } from './config.ts';

/** `C1, α 1.5, B 200, initialisation 3`. */
export function labelOf({ network, alpha, batchSize, replica }: PaperCell): string {
  return `${network}, α ${alpha}, B ${batchSize}, initialisation ${replica + 1}`;
}

/**
 * Trains the cell. A loss that is not finite is an outcome of the training, recorded as `diverged`: it says something
 * of its α and B, and other cells go on.
 */
export async function* runCell(cell: PaperCell, context: CellContext): AsyncGenerator<RunRecord> {
  const { seed, replica } = cell;
  const member = context.member ?? alone();
  const { problem, step, evaluators } = member.share('training', () => trainingOf(cell, context.dataset));
  const note = labelOf(cell);
  try {
    const records = train(cell, {
      seed,
      replica,
      signal: context.signal,
      problem,
      step,
      evaluators,
      labels: {},
      progress: (done) => context.progress({ done, total: cell.maxSteps, unit: 'steps', note }),
      checkpoints: context.checkpoints,
      member,
    });
    for await (const record of records)
      yield record.name === 'run' ? { ...record, ...describe(cell, problem) } : record;
  } catch (error) {
    if (!(error instanceof TrainingFailure)) throw error;
    yield {
      kind: 'result',
      name: 'run',
      testAccuracy: null,
      testLoss: null,
      trainLoss: null,
      steps: error.step,
      exampleGradients: null,
      halvedAt: null,
      outcome: 'diverged',
      converged: false,
      message: error.message,
      ...describe(cell, problem),
    };
  } finally {
    member.leave();
  }
}

/** What a training uses beside its state: the same for all replicas of it. */
function trainingOf(cell: PaperCell, dataset: Dataset) {
  const problem = problemOf(cell, dataset, cell.seed);
  const step = stepOf(problem, cell, optimizerOf(cell));
  const evaluators = evaluatorsOf(problem, cell);
  return {
    problem,
    step,
    evaluators,
    dispose() {
      step.dispose();
      evaluators.dispose();
      tree.leaves([problem.train.tensors, problem.test.tensors]).forEach((leaf) => leaf.dispose());
    },
  };
}

/**
 * What cells have in common that can be trained as replicas: all but initialisation and learning rate. The programs of
 * a step in several passes fill the memory by themselves.
 */
export function replicaKey(cell: PaperCell): string | undefined {
  const { replica: _replica, learningRate: _rate, ...common } = cell;
  return passesPerStep(cell) === 1 ? JSON.stringify(common) : undefined;
}

function describe(
  cell: PaperCell,
  {
    initialize,
    train: { count: trainExamples },
    test: { count: testExamples },
  }: ReturnType<typeof problemOf>,
): Readonly<Record<string, Json>> {
  return {
    parameters: parameterCount(initialize(0)),
    trainExamples,
    testExamples,
    stepCap: cell.maxSteps,
    passesPerStep: passesPerStep(cell),
  };
}

/** Whether a training came to its end, whatever the end was. */
export function isFinished(records: readonly RunRecord[]): boolean {
  return records.some(({ name }) => name === 'run');
}

/** The record as one of many cells': with the settings that tell it from the others. */
export function mark({ network, alpha, batchSize, replica }: PaperCell, record: RunRecord): RunRecord {
  const { kind, name, ...fields } = record;
  return { kind, name, network, alpha, batchSize, replica, ...fields };
}

/** Trains all cells of a configuration, one after the other. */
export function runAll(config: PaperConfig, context: RunContext): AsyncGenerator<RunRecord> {
  const cells = cellsOf(config, context.seed, context.dataset.name as DatasetName);
  return runSeries({ cells, steps: ({ maxSteps }) => maxSteps, runCell, mark }, context);
}
