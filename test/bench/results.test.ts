import { describe, expect, it } from 'vitest';
import { parseOptions, SECTIONS } from '../../bench/options.ts';
import { median, ratioOf } from '../../bench/statistics.ts';
import { flopsOf, hash, WORKLOADS } from '../../bench/steps.ts';
import { markdownTable } from '../../bench/table.ts';

describe('the benchmark', () => {
  it('runs every section and five rounds unless told otherwise', () => {
    expect(parseOptions([])).toEqual({
      adapter: undefined,
      sections: SECTIONS,
      rounds: 5,
      json: false,
      help: false,
    });
    expect(
      parseOptions(['--only', 'matmul,peers', '--rounds', '2', '--adapter', 'nvidia', '--json']),
    ).toEqual({
      adapter: 'nvidia',
      sections: ['matmul', 'peers'],
      rounds: 2,
      json: true,
      help: false,
    });
  });

  it('refuses a section, a number of rounds or an option that there is none of', () => {
    expect(() => parseOptions(['--only', 'matmul,pears'])).toThrow('--only pears: expected some of steps,');
    expect(() => parseOptions(['--rounds', '0'])).toThrow('--rounds 0: expected a whole number from 1 on.');
    expect(() => parseOptions(['--turns', '3'])).toThrow(/--turns/);
  });

  it('takes the ratio of the medians and the range over rounds', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(ratioOf([1, 2, 10], [4, 4, 10])).toEqual({ ratio: 2, range: [1, 4] });
  });

  it('counts six operations per weight and example', () => {
    expect(flopsOf(WORKLOADS['small-sgd'])).toBe(6 * 32 * (784 * 64 + 64 * 10));
    expect(flopsOf(WORKLOADS['f1-adam'])).toBe(6 * 256 * (784 * 500 + 6 * 500 * 500 + 500 * 10));
  });

  it('makes the same data in every engine', () => {
    expect([0, 1, 2].map((i) => Math.round(2 ** 32 * hash(i)))).toEqual([0, 0x514e28b7, 0x30f4c306]);
  });

  it('prints tables that are Markdown, with numbers to three digits on the right', () => {
    expect(
      markdownTable(
        ['step', 'ms'],
        [
          ['a · b', 1.23456],
          ['c', 1234.5],
        ],
      ).split('\n'),
    ).toEqual(['| step  |   ms |', '| ----- | ---: |', '| a · b | 1.23 |', '| c     | 1235 |']);
  });
});
