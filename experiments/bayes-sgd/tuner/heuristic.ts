/**
 * The tuning heuristic of Smith & Le (2018, section 5), as an algorithm over whatever can be measured. The best batch size
 * is proportional to ε/(1 - m), so a good one for a large 1 - m tells where to look for a smaller one:
 *
 *   1  ε = 1, m = 0.9: batch sizes on a logarithmic grid; if even the best is poor, again with ε = 0.1
 *   2  B ← 5 B, 1 - m ← (1 - m)/5, as long as the validation accuracy does not fall and B is within its limit
 *   3  batch sizes on a linear grid about the result
 */
import { fail } from '../../../engine/graph/errors.ts';

export interface Setting {
  /** ε. */
  readonly learningRate: number;
  /** m. */
  readonly momentum: number;
  /** B. */
  readonly batchSize: number;
}

/** The three steps. */
export type Phase = 'sweep' | 'scale' | 'refine';

export interface Trial extends Setting {
  readonly phase: Phase;
  /** On the validation set; NaN if the training diverged. */
  readonly accuracy: number;
}

export interface TunerOptions {
  /** In the order in which they are tried. Default 1, 0.1. */
  readonly learningRates?: readonly number[];
  /** Of the first step. Default 0.9. */
  readonly momentum?: number;
  /** The first and the largest batch size. */
  readonly smallest: number;
  readonly largest: number;
  /** An accuracy below it is poor. Default 0.5. */
  readonly poor?: number;
  /** In the second step an accuracy has fallen if it is lower by more than this. Default 0.001: noise is no fall. */
  readonly tolerance?: number;
  /** Between neighbours of the logarithmic grid. Default 2. */
  readonly ratio?: number;
  /** What the second step multiplies by. Default 5. */
  readonly factor?: number;
}

/** Of the linear grid, as shares of its centre: with neighbours of a logarithmic grid at ratio 2, the peak is within. */
const SHARES = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5];

/**
 * Yields every trial as it is measured, and returns the best of the last step. No setting is measured twice.
 * @param measure the validation accuracy of a training with these settings
 * @throws TUNER for options without sense
 */
export async function* tuneBatchSize(
  measure: (setting: Setting) => Promise<number>,
  options: TunerOptions,
): AsyncGenerator<Trial, Trial> {
  const { learningRates = [1, 0.1], momentum = 0.9, smallest, largest } = options;
  const { poor = 0.5, tolerance = 1e-3, ratio = 2, factor = 5 } = options;
  checkOptions({ learningRates, momentum, smallest, largest, poor, tolerance, ratio, factor });
  const known = new Map<string, Trial>();
  const attempt = async function* (phase: Phase, setting: Setting): AsyncGenerator<Trial, Trial> {
    const key = JSON.stringify(setting);
    const before = known.get(key);
    if (before) return before;
    const trial = { phase, ...setting, accuracy: await measure(setting) };
    known.set(key, trial);
    yield trial;
    return trial;
  };

  let best: Trial | undefined;
  for (const learningRate of learningRates) {
    for (const batchSize of logarithmic(smallest, largest, ratio))
      best = better(best, yield* attempt('sweep', { learningRate, momentum, batchSize }));
    if (best && height(best) >= poor) break;
  }
  let result = best as Trial;
  while (result.batchSize * factor <= largest) {
    const { learningRate } = result;
    const next = yield* attempt('scale', {
      learningRate,
      // Rounding would accumulate in the digits that are shown.
      momentum: Number((1 - (1 - result.momentum) / factor).toPrecision(12)),
      batchSize: result.batchSize * factor,
    });
    if (!(height(next) >= height(result) - tolerance)) break;
    result = next;
  }
  const { learningRate, momentum: last, batchSize: centre } = result;
  for (const batchSize of linear(centre, largest))
    result = better(result, yield* attempt('refine', { learningRate, momentum: last, batchSize }));
  return result;
}

/** The most trials that there can be: what progress is measured against. */
export function mostTrials({
  learningRates = [1, 0.1],
  smallest,
  largest,
  ratio = 2,
  factor = 5,
}: TunerOptions): number {
  const sweep = learningRates.length * logarithmic(smallest, largest, ratio).length;
  return sweep + Math.floor(Math.log(largest / smallest) / Math.log(factor)) + SHARES.length - 1;
}

/** smallest, smallest · ratio, … rounded, and none above the largest. */
function logarithmic(smallest: number, largest: number, ratio: number): number[] {
  const sizes = new Set<number>();
  for (let size = smallest; Math.round(size) <= largest; size *= ratio) sizes.add(Math.round(size));
  return [...sizes];
}

function linear(centre: number, largest: number): number[] {
  const sizes = SHARES.map((share) => Math.max(1, Math.round(share * centre)));
  return [...new Set(sizes)].filter((size) => size <= largest);
}

/** The first if they are equal. */
function better(first: Trial | undefined, second: Trial): Trial {
  return first === undefined || height(second) > height(first) ? second : first;
}

/** What diverged is worse than anything. */
function height({ accuracy }: Trial): number {
  return Number.isNaN(accuracy) ? -Infinity : accuracy;
}

function checkOptions({
  learningRates,
  momentum,
  smallest,
  largest,
  poor,
  tolerance,
  ratio,
  factor,
}: Required<TunerOptions>): void {
  const wrong =
    learningRates.length === 0 || learningRates.some((rate) => !(rate > 0))
      ? `learning rates ${learningRates.join(', ')}: give positive ones`
      : !(momentum >= 0 && momentum < 1)
        ? `momentum ${momentum}: give 0 ≤ m < 1`
        : !(Number.isInteger(smallest) && smallest >= 1 && Number.isInteger(largest) && largest >= smallest)
          ? `batch sizes from ${smallest} to ${largest}: give integers from 1 on, the smaller first`
          : !(ratio > 1 && ratio <= 2)
            ? `a ratio of ${ratio}: give one above 1 and at most 2, or the linear grid may miss the peak`
            : !(Number.isInteger(factor) && factor > 1)
              ? `a factor of ${factor}: give an integer above 1`
              : !(Number.isFinite(poor) && tolerance >= 0)
                ? `poor is ${poor} and tolerance ${tolerance}: give the accuracy below which a learning rate is given up, and a fall of at least 0`
                : undefined;
  if (wrong !== undefined) fail('TUNER', `tuneBatchSize: ${wrong}.`);
}
