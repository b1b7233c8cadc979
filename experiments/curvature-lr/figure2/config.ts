/** One training for each initialisation, before and after which the radii of curvature are measured. */
import type { DatasetName } from '../../../data/index.ts';
import type { TrainingCell } from '../../training/settings.ts';
import type { PresetName } from '../../types.ts';
import { checkCounts, checkPositive } from '../../checks.ts';
import type { Plan } from '../../training/plan.ts';
import { alexnet, alexnetMedium, cellOf, k16, repeated, tiny } from '../plan.ts';
import { checkRadii, type RadiiOptions } from './radii.ts';

export interface Figure2Config {
  readonly plan: Plan;
  readonly radii: RadiiOptions;
  readonly rate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly repeats: number;
}

/** A type, so that it is plain data. */
export type RadiiMarks = { readonly replica: number };

/** @throws CONFIG */
export function cells(config: Figure2Config, seed: number, data: DatasetName | 'published'): TrainingCell[] {
  const { plan, radii, rate, batchSize, epochs, repeats } = config;
  const what = 'curvature-lr/figure2';
  checkRadii(what, radii);
  checkPositive(what, { rate });
  checkCounts(what, { batchSize, epochs });
  return repeated(what, repeats, (replica) => [
    cellOf(plan, seed, data, {
      learningRate: rate,
      batchSize,
      length: { epochs },
      measure: { extra: [{ name: 'radii', at: { start: true, end: true }, options: radii }] },
      replica,
    }),
  ]);
}

const radii: RadiiOptions = { examples: 1000, probes: 16, maxRadius: 1e6, piece: 500 };

export const presets: Readonly<Record<PresetName, Figure2Config>> = {
  smoke: {
    plan: tiny,
    radii: { examples: 80, probes: 2, maxRadius: 1e6, piece: 80 },
    rate: 0.05,
    batchSize: 16,
    epochs: 1,
    repeats: 1,
  },
  // Batch and epochs are ours: CL says neither.
  small: { plan: k16, radii, rate: 0.05, batchSize: 64, epochs: 5, repeats: 5 },
  medium: { plan: alexnetMedium, radii, rate: 0.05, batchSize: 512, epochs: 20, repeats: 1 },
  paper: {
    plan: alexnet,
    radii: { ...radii, examples: 10_000, probes: 64 },
    rate: 0.05,
    batchSize: 8192,
    epochs: 160,
    repeats: 5,
  },
};
