/** What the evidence experiment can be told, and its sizes: papers.md 3.1. The published size is small, so `small` is it. */
import { LangevinError } from '../../../engine/index.ts';
import type { PresetName } from '../../types.ts';

export interface EvidenceConfig {
  /** Features of an input, beside the bias. */
  readonly features: number;
  readonly trainExamples: number;
  readonly testExamples: number;
  /** The λ, ascending. */
  readonly lambdas: readonly number[];
  /** Draws of inputs and random labels. */
  readonly repeats: number;
}

/** Half decades. */
function lambdas(from: number, to: number): number[] {
  return Array.from({ length: 2 * (to - from) + 1 }, (_, k) => 10 ** (from + k / 2));
}

const published: EvidenceConfig = {
  features: 200,
  trainExamples: 200,
  testExamples: 10_000,
  lambdas: lambdas(-4, 5),
  repeats: 5,
};

export const evidencePresets: Readonly<Record<PresetName, EvidenceConfig>> = {
  smoke: { features: 30, trainExamples: 30, testExamples: 500, lambdas: lambdas(-2, 4), repeats: 2 },
  small: published,
  medium: { ...published, repeats: 20 },
  paper: published,
};

/** @throws CONFIG naming the field */
export function checkEvidenceConfig(config: EvidenceConfig): void {
  for (const field of ['features', 'trainExamples', 'testExamples', 'repeats'] as const)
    if (!(Number.isInteger(config[field]) && config[field] > 0))
      refuse(`${field} is ${config[field]}: give a positive integer`);
  if (config.lambdas.length === 0) refuse('lambdas is empty: give some, ascending');
  config.lambdas.forEach((lambda, k) => {
    if (!(lambda > 0 && lambda < Infinity))
      refuse(
        `lambdas holds ${lambda}: without a proper prior there is no evidence, so give positive numbers`,
      );
    if (k > 0 && lambda <= config.lambdas[k - 1]!) refuse('lambdas do not ascend: sort them');
  });
}

function refuse(message: string): never {
  throw new LangevinError('CONFIG', `bayes-sgd/evidence: ${message}.`);
}
