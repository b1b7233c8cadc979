/** Trainings of the paper's cells small enough for a test, and snapshots in memory to go on from. */
import { load, type Dataset } from '../../data/index.ts';
import { tensor, tree, type Tree } from '../../engine/index.ts';
import type { CellContext, Checkpoints } from '../../experiments/grid.ts';
import { cellsOf, type PaperCell } from '../../experiments/noise-enhancement/paper/cells.ts';
import { paperExperiments } from '../../experiments/noise-enhancement/paper/experiments.ts';
import { runCell } from '../../experiments/noise-enhancement/paper/run-cell.ts';
import type { Json, RunRecord } from '../../experiments/types.ts';

/** Grey images of 8x8 for F1, coloured ones for C1. */
export async function tinyImages(): Promise<Readonly<Record<'F1' | 'C1', Dataset>>> {
  return {
    F1: await load('procedural', { train: 40, test: 20, size: 8 }),
    C1: await load('procedural', { train: 24, test: 10, size: 8, channels: 3 }),
  };
}

const sizes = {
  F1: { hidden: [6], trainExamples: 40, batchSize: 10 },
  C1: { stages: [[2], [3]], ghost: 3, trainExamples: 24, batchSize: 6, piece: 12 },
};

/** A cell of table 2 at α = 2, shrunk: eight steps with measurements, a halving, and two epochs or more. */
export function tinyCell(network: 'F1' | 'C1', changes: Partial<PaperCell> = {}): PaperCell {
  const [table2] = paperExperiments;
  const cells = cellsOf(table2!.presets.smoke, 3, 'procedural');
  return {
    ...cells.find((cell) => cell.network === network && cell.alpha === 2)!,
    ...sizes[network],
    pool: false,
    statisticsExamples: 0,
    lossExamples: 0,
    learningRate: 0.01,
    halveAt: 5,
    stopBelow: 0,
    maxSteps: 8,
    lossEvery: 3,
    testEvery: 2,
    ...changes,
  };
}

/** A snapshot with its tensors as arrays, which outlive the tensors. */
export interface Kept {
  readonly values: readonly { readonly shape: readonly number[]; readonly data: ArrayLike<number> }[];
  readonly state: Json;
}

/** Keeps a snapshot after every step, and starts from `from`. */
export function memoryCheckpoints(kept: Kept[], from?: Kept, due: () => boolean = () => true): Checkpoints {
  return {
    restore: (template) =>
      Promise.resolve(
        from && {
          state: from.state,
          tensors: tree.unflatten(
            template,
            from.values.map(({ shape, data }) => tensor(data as Float32Array, [...shape])),
          ),
        },
      ),
    due,
    async save({ tensors, state }) {
      kept.push({ values: await valuesOf(tensors), state: structuredClone(state) });
    },
  };
}

async function valuesOf(tensors: Tree): Promise<Kept['values']> {
  return Promise.all(
    tree.leaves(tensors).map(async (leaf) => ({ shape: leaf.shape, data: await leaf.data() })),
  );
}

/** The records of a training. */
export async function trainCell(
  cell: PaperCell,
  dataset: Dataset,
  changes: Partial<CellContext> = {},
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  const context: CellContext = {
    seed: cell.seed,
    dataset,
    signal: { aborted: false },
    progress: () => undefined,
    log: () => undefined,
    checkpoints: memoryCheckpoints([], undefined, () => false),
    ...changes,
  };
  for await (const record of runCell(cell, context)) records.push(record);
  return records;
}

/** The steps made, as a snapshot says. */
export function stepsOf({ state }: Kept): number {
  return (state as { readonly done: number }).done;
}

/** Records that came after so many steps. The last has no step: it comes after all. */
export function recordsAfter(records: readonly RunRecord[], steps: number): RunRecord[] {
  return records.filter(({ step }) => step === undefined || (step as number) > steps);
}
