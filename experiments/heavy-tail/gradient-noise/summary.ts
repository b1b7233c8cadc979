/** What `--json` prints of HT-1 and HT-3. */
import type { Trained } from '../../training/grid-of-trainings.ts';
import type { Json } from '../../types.ts';
import type { NoiseMarks } from './cells.ts';
import { deviationOf, meanOf, networkReadings } from './readings.ts';

/** Means over parameters, of every training. */
export function noiseSummary(trainings: readonly Trained<NoiseMarks>[]): { readonly [key: string]: Json } {
  return {
    noise: networkReadings(trainings).flatMap(({ network, readings }) =>
      readings.flatMap(({ moment, batchSize, repeats }) =>
        repeats.map(({ replica, fits, dead }) => ({
          network,
          moment,
          batchSize,
          replica,
          parameters: fits.length,
          dead,
          alpha: meanOf(fits, ({ alpha }) => alpha),
          spread: deviationOf(fits.map(({ alpha }) => alpha)),
          normalSse: meanOf(fits, ({ normalSse }) => normalSse),
          stableSse: meanOf(fits, ({ stableSse }) => stableSse),
          normalChi: meanOf(fits, ({ normalChi }) => normalChi),
          stableChi: meanOf(fits, ({ stableChi }) => stableChi),
        })),
      ),
    ),
  };
}
