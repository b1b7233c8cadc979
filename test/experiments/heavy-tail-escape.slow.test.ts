/** The walks at the sizes that papers.md names: shares over Δ, and exits from a parabola. */
import { expect, it } from 'vitest';
import { presets as axisPresets } from '../../experiments/heavy-tail/escape-axis/config.ts';
import { escapeAxis } from '../../experiments/heavy-tail/escape-axis/index.ts';
import { presets as theoryPresets } from '../../experiments/heavy-tail/theory/config.ts';
import { theory } from '../../experiments/heavy-tail/theory/index.ts';
import type { Experiment, RunContext, RunRecord } from '../../experiments/types.ts';

async function collect<C extends object>(experiment: Experiment<C>, config: C): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  const context = { seed: 0, signal: { aborted: false }, progress: () => undefined, log: () => undefined };
  for await (const record of experiment.run(config, context as unknown as RunContext)) records.push(record);
  return records;
}

it('the share along the heavier-tailed axis rises with Δ for every α₁, within 0.06 of single jumps', async () => {
  const records = await collect(escapeAxis, { ...axisPresets.small, runs: 2000 });
  const pairs = escapeAxis.summary(records)['pairs'] as {
    alpha1: number;
    alpha2: number;
    runs: number;
    throughFirst: number;
    predictedShare: number;
  }[];
  expect(pairs).toHaveLength(14);
  const share = ({ throughFirst, runs }: (typeof pairs)[number]): number => throughFirst / runs;
  for (const pair of pairs) expect(Math.abs(share(pair) - pair.predictedShare)).toBeLessThan(0.06);
  // papers.md: .80 ± .03.
  const published = pairs.find(({ alpha1, alpha2 }) => alpha1 === 0.55 && alpha2 === 1.05)!;
  expect(Math.abs(share(published) - 0.8)).toBeLessThan(0.03);
  const rises = pairs.filter(({ alpha1 }, k) => pairs[k - 1]?.alpha1 === alpha1);
  for (const pair of rises)
    expect(pair.throughFirst).toBeGreaterThan(pairs[pairs.indexOf(pair) - 1]!.throughFirst);
});

it('walks leave a parabola after 454, 895, 1816, 3919 and 7927 steps, within 10 %', async () => {
  const exits = theory.summary(await collect(theory, theoryPresets.small))['exits'] as {
    predicted: number;
    measured: number;
  }[];
  expect(exits.map(({ predicted }) => Math.round(predicted))).toEqual([454, 895, 1816, 3919, 7927]);
  for (const { predicted, measured } of exits) expect(Math.abs(measured / predicted - 1)).toBeLessThan(0.1);
});
