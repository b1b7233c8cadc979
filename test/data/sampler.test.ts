import { describe, expect, it } from 'vitest';
import { sampler, type SamplerOptions, type SamplingMode } from '../../data/sampler.ts';
import { coded } from './bytes.ts';

const modes: readonly SamplingMode[] = ['iid-with-replacement', 'without-replacement', 'epoch-shuffle'];
const make = (mode: SamplingMode, options: Partial<SamplerOptions> = {}): ReturnType<typeof sampler> =>
  sampler({ mode, count: 20, batchSize: 6, seed: 1, ...options });
const sorted = (indices: Int32Array): number[] => [...indices].toSorted((a, b) => a - b);
const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('a sampler', () => {
  it.each(modes)('of %s gives the same batch for the same step, whatever was asked before', (mode) => {
    const one = make(mode);
    const other = make(mode);
    const backwards = [9, 3, 0, 7].map((step) => [step, one.indices(step)] as const);
    for (const [step, batch] of backwards.toReversed()) expect(other.indices(step)).toEqual(batch);
  });

  it.each(modes)('of %s gives a fresh array that the caller may change', (mode) => {
    const one = make(mode);
    const batch = one.indices(2);
    const copy = batch.slice();
    batch.fill(99);
    expect(one.indices(2)).toEqual(copy);
  });

  it.each(modes)('of %s differs between steps, seeds and streams', (mode) => {
    const count = 1000;
    const base = make(mode, { count }).indices(0);
    expect(make(mode, { count }).indices(1)).not.toEqual(base);
    expect(make(mode, { count, seed: 2 }).indices(0)).not.toEqual(base);
    expect(make(mode, { count, stream: 1 }).indices(0)).not.toEqual(base);
  });

  it.each(modes)('of %s draws every example equally often', (mode) => {
    const one = make(mode);
    const times = new Array<number>(20).fill(0);
    for (let step = 0; step < 6000; step++) for (const index of one.indices(step)) times[index]! += 1;
    // 1800 draws expected of each; five standard deviations of the widest case, the binomial.
    for (const time of times) expect(Math.abs(time - 1800)).toBeLessThan(5 * Math.sqrt(1800));
  });

  it('of epoch-shuffle shows each example at most once per epoch and drops the last partial batch', () => {
    const one = make('epoch-shuffle');
    expect(one.stepsPerEpoch).toBe(3);
    for (const epoch of [0, 1, 5]) {
      const steps = [0, 1, 2].map((step) => 3 * epoch + step);
      expect(steps.map((step) => one.epoch(step))).toEqual([epoch, epoch, epoch]);
      const seen = steps.flatMap((step) => [...one.indices(step)]);
      expect(seen.length).toBe(18);
      expect(new Set(seen).size).toBe(18);
    }
    expect(one.indices(0)).not.toEqual(one.indices(3));
  });

  it('without replacement never repeats an index, and at B = N gives every index once', () => {
    const one = make('without-replacement');
    for (let step = 0; step < 200; step++) expect(new Set(one.indices(step)).size).toBe(6);
    for (const mode of ['without-replacement', 'epoch-shuffle'] as const)
      expect(sorted(make(mode, { batchSize: 20 }).indices(4))).toEqual(all(20));
  });

  it('without replacement draws all subsets of six by two equally often', () => {
    const one = sampler({ mode: 'without-replacement', count: 6, batchSize: 2, seed: 4 });
    const times = new Map<string, number>();
    for (let step = 0; step < 15_000; step++) {
      const pair = sorted(one.indices(step)).join();
      times.set(pair, (times.get(pair) ?? 0) + 1);
    }
    expect(times.size).toBe(15);
    for (const time of times.values()) expect(Math.abs(time - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });

  it('with replacement repeats an index as often as chance has it', () => {
    const one = sampler({ mode: 'iid-with-replacement', count: 10, batchSize: 2, seed: 0 });
    let repeats = 0;
    for (let step = 0; step < 10_000; step++) {
      const [a, b] = one.indices(step);
      if (a === b) repeats += 1;
    }
    expect(Math.abs(repeats - 1000)).toBeLessThan(5 * Math.sqrt(900));
  });

  it('of one example works', () => {
    for (const mode of modes) expect([...make(mode, { count: 1, batchSize: 1 }).indices(3)]).toEqual([0]);
  });

  it('refuses a batch larger than the data, with both numbers', () => {
    for (const mode of modes)
      expect(() => make(mode, { batchSize: 21 })).toThrowError(coded('BATCH_TOO_LARGE', /21 .* 20 examples/));
  });

  it('refuses numbers that are not integers in range, and unknown modes', () => {
    for (const wrong of [{ batchSize: 0 }, { batchSize: 2.5 }, { count: 0 }, { seed: -1 }, { stream: NaN }])
      expect(() => make('epoch-shuffle', wrong)).toThrowError(coded('DATA_INVALID'));
    expect(() => make('shuffle' as SamplingMode)).toThrowError(coded('DATA_INVALID', /epoch-shuffle/));
    expect(() => make('epoch-shuffle').indices(-1)).toThrowError(coded('DATA_INVALID', /step/));
    expect(() => make('epoch-shuffle').indices(0.5)).toThrowError(coded('DATA_INVALID', /step/));
  });
});
