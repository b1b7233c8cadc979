import { describe, expect, it } from 'vitest';
import {
  expectedDistance,
  expectedGradient,
  expectedLossStep,
  expectedSquaredGradient,
  expectedStride,
} from '../../stats/index.ts';
import { code } from '../nn/helpers.ts';

describe('the law of gradients', () => {
  it('is that of means of normal numbers, √2 below the printed one', () => {
    // Box and Muller's normal numbers from a generator with a fixed seed.
    let word = 12345;
    const uniform = (): number => (word = (word * 48271) % 2147483647) / 2147483647;
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const spread = { deviation: 3, batchSize: 8 };
    const draws = 40_000;
    let [length, squares] = [0, 0];
    for (let k = 0; k < draws; k++) {
      let g = 0;
      for (let i = 0; i < spread.batchSize; i++) g += (spread.deviation * normal()) / spread.batchSize;
      length += Math.abs(g) / draws;
      squares += g ** 2 / draws;
    }
    // Standard errors are 0.4 % and 0.7 %.
    expect(length / expectedGradient(spread)).toBeCloseTo(1, 1);
    expect(Math.abs(length / expectedGradient(spread) - 1)).toBeLessThan(0.016);
    expect(Math.abs(squares / expectedSquaredGradient(spread) - 1)).toBeLessThan(0.03);
    const printed = (2 * spread.deviation) / (Math.sqrt(Math.PI) * Math.sqrt(spread.batchSize));
    expect(printed / expectedGradient(spread)).toBeCloseTo(Math.SQRT2, 12);
  });

  it('has the stride, the fall of the loss and the distance to the minimum follow', () => {
    const spread = { deviation: 2, batchSize: 25 };
    expect(expectedStride(spread, 0.1)).toBeCloseTo((0.1 * 2 * Math.sqrt(2 / Math.PI)) / 5, 12);
    expect(expectedLossStep(spread, 0.1)).toBeCloseTo((0.1 * 4) / 25, 12);
    expect(expectedDistance(spread, 3)).toBeCloseTo(2 / (3 * Math.sqrt(2 * Math.PI) * 5), 12);
  });

  it('refuses spreads and batches that are none', () => {
    expect(() => expectedGradient({ deviation: -1, batchSize: 1 })).toThrow(code('RANGE'));
    expect(() => expectedGradient({ deviation: 1, batchSize: 0 })).toThrow(code('RANGE'));
    expect(() => expectedDistance({ deviation: 1, batchSize: 1 }, 0)).toThrow(code('RANGE'));
  });
});
