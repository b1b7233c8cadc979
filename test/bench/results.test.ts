import { describe, expect, it } from 'vitest';
import { hash } from '../../bench/hash.ts';
import { parseOptions, SECTIONS } from '../../bench/options.ts';
import { render } from '../../bench/report.ts';
import { median, ratioOf } from '../../bench/statistics.ts';
import { markdownTable } from '../../bench/table.ts';
import { TRAININGS, WORKLOAD_NAMES, WORKLOADS } from '../../bench/workloads.ts';

describe('the benchmark', () => {
  it('runs every section and workload, and five rounds, unless told otherwise', () => {
    expect(parseOptions([])).toEqual({
      adapter: undefined,
      sections: SECTIONS,
      workloads: WORKLOAD_NAMES,
      rounds: 5,
      json: false,
      help: false,
    });
    expect(
      parseOptions('--only matmul,peers --workloads c1-adam --rounds 2 --adapter nvidia --json'.split(' ')),
    ).toEqual({
      adapter: 'nvidia',
      sections: ['matmul', 'peers'],
      workloads: ['c1-adam'],
      rounds: 2,
      json: true,
      help: false,
    });
  });

  it('refuses a section, a workload, a number of rounds or an option that there is none of', () => {
    expect(() => parseOptions(['--only', 'matmul,pears'])).toThrow('--only pears: expected some of steps,');
    expect(() => parseOptions(['--workloads', 'c3'])).toThrow('--workloads c3: expected some of small-sgd,');
    expect(() => parseOptions(['--rounds', '0'])).toThrow('--rounds 0: expected a whole number from 1 on.');
    expect(() => parseOptions(['--turns', '3'])).toThrow(/--turns/);
  });

  it('takes the ratio of the medians and the range over rounds', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(ratioOf([1, 2, 10], [4, 4, 10])).toEqual({ ratio: 2, range: [1, 4] });
  });

  it('counts six operations per weight and example, and in a convolution per pixel', () => {
    expect(WORKLOADS['small-sgd'].flops).toBe(6 * 32 * (784 * 64 + 64 * 10));
    expect(WORKLOADS['f1-adam'].flops).toBe(6 * 256 * (784 * 500 + 6 * 500 * 500 + 500 * 10));
    const products = 16 * 32 * 32 * 64 * 64 * 9;
    expect(WORKLOADS['conv-forward'].flops).toBe(2 * products);
    expect(WORKLOADS['conv-gradients'].flops).toBe(6 * products);
    // 5.32e8 operations in the forward pass of one example of C1.
    expect(WORKLOADS['c1-adam'].flops / 3 / 32).toBeCloseTo(5.32e8, -6);
  });

  it('trains the networks of the study', () => {
    expect(TRAININGS.map((name) => WORKLOADS[name].start().parameters)).toEqual([50890, 1900510, 1963658]);
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

  it('names the kernels that take a hundredth of a step, and adds up the others', () => {
    const kernel = (
      name: string,
      ms: number,
    ): { name: string; dispatches: number; ms: number; bytes: number } => ({
      name,
      dispatches: 2,
      ms,
      bytes: 1e6 * ms,
    });
    const kernels = [kernel('conv2d f32[2]', 98), kernel('a', 1.5), kernel('b', 0.3), kernel('c', 0.2)];
    const machine = { adapter: '', cpu: '', node: '', langevin: '', dawn: '', load: [0, 0] } as const;
    const text = render({ machine, profile: { title: 'a step', stepMs: 110, ms: 100, kernels } });
    expect(text).toContain('a step; 100 of 110 ms');
    expect(text.split('\n').slice(-3)).toEqual([
      '| conv2d f32[2] |          2 |  98 | 98.0 % |  98 |    1 |',
      '| a             |          2 | 1.5 | 1.5 %  | 1.5 |    1 |',
      '| 2 others      |          4 | 0.5 | 0.5 %  | 0.5 |    1 |',
    ]);
  });
});
