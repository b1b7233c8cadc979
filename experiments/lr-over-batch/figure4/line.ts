/**
 * The loss on the line (1 - a) θ₁ + a θ₂, a from -1 to 2. Batch normalisation is evaluated with statistics recomputed at every
 * point, since those of another point are wrong.
 */
import { LangevinError, tree } from '../../../engine/index.ts';
import type { Dataset } from '../../../data/dataset.ts';
import { lineBetween, spaced, type Score } from '../../../stats/index.ts';
import type { RunRecord } from '../../types.ts';
import { evaluatorsOf } from '../../training/evaluation.ts';
import type { Measurement } from '../../training/measurement.ts';
import type { Params } from '../../training/problem.ts';
import { trainedParameters } from '../../training/train.ts';
import type { LineSpec } from './config.ts';

/** The record `line`, one for every a. A loss may be NaN or infinite far beyond the ends. */
export interface LineRecord extends RunRecord {
  readonly name: 'line';
  readonly a: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
}

/** The event `lost`, in place of a line: the training of the other end met a loss that is not finite. */
export interface LostRecord extends RunRecord {
  readonly name: 'lost';
  readonly message: string;
}

/** The places beyond the ends at which widths are compared: papers.md, lb-4. */
export const BEYOND_FIRST = -0.5;
export const BEYOND_SECOND = 1.5;

/** @param dataset of the cell, which the other end is trained on too */
export function lineMeasurement(dataset: Dataset): Measurement {
  return async function* (point, options) {
    const { to: other, points } = options as unknown as LineSpec;
    const { problem, params, seed, signal, progress, log } = point;
    const { piece, replica } = point.spec;
    let to: Params;
    try {
      to = await trainedParameters({ ...other, replica }, { dataset, seed, signal, progress, log });
    } catch (error) {
      if (!(error instanceof LangevinError) || error.code !== 'NO_PARAMETERS') throw error;
      // Diverged, which is the pair's outcome; or stopped, and then it is made again.
      if (!signal.aborted) {
        const record: LostRecord = { kind: 'event', name: 'lost', message: error.message };
        yield record;
      }
      return;
    }
    const { lossExamples = 0, statisticsExamples = 0 } = point.spec.measure ?? {};
    const evaluators = evaluatorsOf(problem, {
      lossExamples,
      statisticsExamples,
      ...(piece !== undefined && { piece }),
    });
    const tests: Score[] = [];
    const evaluate = async (at: Params): Promise<Score> => {
      const statistics = evaluators.statistics.at(at);
      const train = await evaluators.train.evaluate(at, statistics);
      tests.push(await evaluators.test.evaluate(at, statistics));
      tree.leaves(statistics).forEach((leaf) => leaf.dispose());
      return train;
    };
    const coefficients = [...new Set([...spaced(-1, 2, points), BEYOND_FIRST, 0, 1, BEYOND_SECOND])].sort(
      (a, b) => a - b,
    );
    try {
      const line = await lineBetween({ from: params, to, evaluate, coefficients, keepNonFinite: true });
      for (const [k, { a, loss, accuracy = Number.NaN }] of line.points.entries()) {
        const test = tests[k] as Score;
        const record: LineRecord = {
          kind: 'result',
          name: 'line',
          a,
          trainLoss: loss,
          trainAccuracy: accuracy,
          testLoss: test.loss,
          testAccuracy: test.accuracy ?? Number.NaN,
        };
        yield record;
      }
    } finally {
      evaluators.dispose();
      tree.leaves(to).forEach((leaf) => leaf.dispose());
    }
  };
}
