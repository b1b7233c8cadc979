/**
 * Whether trainings learned anything. That curves are alike, or that accuracy breaks down, is true of any networks that
 * did not, so claims of that kind are decided only where the training that others are held against is above chance.
 */
import { spread } from '../spread.ts';
import type { TrainingRecord } from '../training/settings.ts';
import { undecided, type Decision } from '../verdicts.ts';

/** The test accuracy from which on something was learned: three times that of chance among ten classes. */
export const LEARNED = 0.3;

/** For the test of a claim that needs it. */
export const learnedTest = (what: string): string =>
  ` Cannot be decided if ${what} has a mean test accuracy below ${100 * LEARNED} %.`;

/**
 * @param what the trainings in words: `'cyclic rate'`
 * @param accuracies of the trainings
 * @returns the decision if they did not learn; undefined if they did
 */
export function notLearned(what: string, accuracies: readonly number[]): Decision | undefined {
  const { mean } = spread(accuracies);
  if (mean >= LEARNED) return undefined;
  return undecided(
    `nothing was learned: ${what} has a test accuracy of ${(100 * mean).toFixed(1)} %, below ${100 * LEARNED} %.`,
  );
}

/** The test accuracies at the end; 0 of a training that diverged. */
export function finalAccuracies(
  trainings: readonly { readonly result: TrainingRecord | undefined }[],
): number[] {
  return trainings.map(({ result }) => result?.testAccuracy ?? 0);
}

/** How many images trainings see: `2000 training images`. */
export function imageCount({ trainExamples }: { readonly trainExamples: number }): string {
  return trainExamples === 0 ? 'all training images' : `${trainExamples} training images`;
}
