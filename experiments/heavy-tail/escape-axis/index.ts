/** HT-7 of papers.md 5.3: along which axis do walks with heavy-tailed noise leave the pit of Ackley's function? */
import { foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import { exitsPerStep, type EscapeAxis } from '../../../stats/index.ts';
import type { Experiment, Json, RunContext, RunRecord } from '../../types.ts';
import { batchesOf, walk } from '../levy-walk.ts';
import { ackleyGradient } from './ackley.ts';
import { pairsOf, presets, type AxisConfig, type AxisPair } from './config.ts';
import { resultsOf } from './records.ts';
import { report } from './report.ts';

export const escapeAxis: Experiment<AxisConfig> = {
  name: 'heavy-tail/figure3',
  title: 'Heavy-tailed noise, figure 3: the axis of escape',
  description:
    "Do walks in Ackley's function leave along the axis with the heavier-tailed noise, and the more often the greater the difference?",
  presets,
  ownData: () => 'none',
  run,
  report,
  summary,
};

async function* run(config: AxisConfig, { seed, signal, progress }: RunContext): AsyncGenerator<RunRecord> {
  const pairs = pairsOf(config);
  const { learningRate, scale, radius, maxSteps } = config;
  const total = pairs.length * config.runs;
  let done = 0;
  for (const [index, pair] of pairs.entries())
    for (const { batch, runs } of batchesOf(config.runs)) {
      if (signal.aborted) return;
      const { alpha1, alpha2 } = pair;
      progress({ done, total, unit: 'walks', note: `α ${alpha1} and ${alpha2}` });
      const key = foldInWords(foldInWords(seedWords(seed), index), batch);
      const alphas = [alpha1, alpha2];
      const exits = walk({
        alphas,
        learningRate,
        scale,
        radius,
        maxSteps,
        runs,
        key,
        gradient: ackleyGradient,
      });
      done += runs;
      yield { kind: 'result', name: 'walks', ...pair, ...exits, ...predictionOf(pair, config) };
    }
}

/** Exits by single jumps, from a pit whose border is `radius` away along both axes. */
function predictionOf(
  { alpha1, alpha2 }: AxisPair,
  { learningRate, scale, radius }: AxisConfig,
): { readonly predictedShare: number; readonly predictedSteps: number } {
  const rates = [alpha1, alpha2].map((alpha) => {
    const axis: EscapeAxis = { alpha, scale, plus: radius, minus: radius };
    return exitsPerStep(axis, learningRate ** (1 / alpha));
  }) as [number, number];
  const all = rates[0] + rates[1];
  return { predictedShare: rates[0] / all, predictedSteps: 1 / all };
}

function summary(records: readonly RunRecord[]): { readonly [key: string]: Json } {
  return {
    pairs: resultsOf(records).map(({ alpha1, alpha2, runs, censored, through, predictedShare }) => ({
      alpha1,
      alpha2,
      runs,
      censored,
      throughFirst: through[0] as number,
      predictedShare,
    })),
  };
}
