import { describe, expect, it } from 'vitest';
import { agree, type PeerResult } from '../../bench/comparison.ts';
import { withBlocks } from '../../bench/document.ts';
import { hash } from '../../bench/hash.ts';
import { parseOptions, SECTIONS } from '../../bench/options.ts';
import { PEER_NAMES } from '../../bench/peer-engines.ts';
import { ratioCell } from '../../bench/peers-table.ts';
import { blocksOf, render } from '../../bench/report.ts';
import { median, ratioOf } from '../../bench/statistics.ts';
import { markdownTable } from '../../bench/table.ts';
import { reasonOf } from '../../bench/turns.ts';
import { targetOf, usualWorkloads, WORKLOAD_NAMES, WORKLOADS } from '../../bench/workloads.ts';

const MACHINE = {
  name: 'lavapipe',
  adapter: 'llvmpipe',
  cpu: '2 × CPU',
  node: '20.20.2',
  langevin: '0.1.0',
  dawn: '0.6.2',
  revision: 'abc of 2026-11-21',
  tuning: '',
  load: [0, 1.5],
} as const;

describe('the benchmark', () => {
  it('runs every section, all peers, the usual workloads and five rounds, unless told otherwise', () => {
    expect(parseOptions([])).toEqual({
      adapter: undefined,
      sections: SECTIONS,
      workloads: undefined,
      peers: PEER_NAMES,
      rounds: 5,
      json: false,
      write: false,
      help: false,
    });
    expect(
      parseOptions(
        '--only matmul,peers --workloads c1-adam --peers jax-wasm --rounds 2 --adapter nvidia --json --write'.split(
          ' ',
        ),
      ),
    ).toEqual({
      adapter: 'nvidia',
      sections: ['matmul', 'peers'],
      workloads: ['c1-adam'],
      peers: ['jax-wasm'],
      rounds: 2,
      json: true,
      write: true,
      help: false,
    });
  });

  it('refuses a section, a workload, a number of rounds or an option that there is none of', () => {
    expect(() => parseOptions(['--only', 'matmul,pears'])).toThrow('--only pears: expected some of steps,');
    expect(() => parseOptions(['--workloads', 'c3'])).toThrow('--workloads c3: expected some of matmul-512,');
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
    const trained = (['small-sgd', 'f1-adam', 'c1-adam'] as const).map(
      (name) => WORKLOADS[name].start().parameters,
    );
    expect(trained).toEqual([50890, 1900510, 1963658]);
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

  it('names the kernels that take a hundredth of a step, adds up the others, and holds all against the nearer ceiling', () => {
    const kernel = (
      name: string,
      ms: number,
    ): { name: string; dispatches: number; ms: number; bytes: number; flops: number } => ({
      name,
      dispatches: 2,
      ms,
      bytes: 1e6 * ms,
      flops: 5e6 * ms,
    });
    const kernels = [kernel('conv2d f32[2]', 98), kernel('a', 1.5), kernel('b', 0.3), kernel('c', 0.2)];
    const text = render({ machine: MACHINE, profile: { title: 'a step', stepMs: 110, ms: 100, kernels } });
    expect(text).toContain('a step; 100 ms in kernels, 110 ms as it usually runs');
    expect(text.split('\n').slice(-3)).toEqual([
      '| conv2d f32[2] |          2 |  98 | 98.0 % |       5 |    1 |',
      '| a             |          2 | 1.5 |  1.5 % |       5 |    1 |',
      '| 2 others      |          4 | 0.5 |  0.5 % |       5 |    1 |',
    ]);
    const ceilings = {
      arithmetic: { rate: 10, form: 'x' },
      memory: { rate: 4, form: 'y' },
      cache: { rate: 4, form: 'z' },
    };
    expect(
      render({ machine: MACHINE, ceilings, profile: { title: '', stepMs: 1, ms: 100, kernels } }),
    ).toContain('| conv2d f32[2] |          2 |  98 | 98.0 % |       5 |    1 |                50.0 % |');
  });

  it('compares what a target was set for, with fewer examples on SwiftShader and more beside on a GPU', () => {
    const lavapipe = usualWorkloads({ kind: 'cpu', name: 'lavapipe' });
    const swiftshader = usualWorkloads({ kind: 'cpu', name: 'swiftshader' });
    expect(lavapipe).toHaveLength(9);
    expect(swiftshader.filter((name) => !lavapipe.includes(name))).toEqual([
      'conv-forward-4',
      'conv-gradients-4',
      'c1-adam-2',
    ]);
    expect(usualWorkloads({ kind: 'gpu', name: 'nvidia' })).toEqual([
      ...lavapipe,
      'matmul-4096',
      'c1-adam-100',
      'c1-adam-1000',
    ]);
  });

  it('holds each peer against the figure that was set for it', () => {
    const figures = (name: string): (number | undefined)[][] =>
      usualWorkloads({ kind: 'cpu', name }).map((workload) =>
        (['tensorflow', 'jax'] as const).map((peer) => targetOf(workload, peer, { name })),
      );
    expect(figures('lavapipe')).toEqual([
      [2.5, 3],
      [2.5, 3],
      [3, 3],
      [3, 3],
      [2, 3],
      [4, 3],
      [2.5, undefined],
      [4, undefined],
      [4, undefined],
    ]);
    expect(figures('swiftshader')[0]).toEqual([1.5, 1.5]);
  });

  it('takes results for the same within 1 %, or a hundred-thousandth near 0, and what is not a number for another', () => {
    expect(agree([1, 100], [1.0099, 99.1])).toBe(true);
    expect(agree([1, 100], [1, 102])).toBe(false);
    expect(agree([0], [1e-6])).toBe(true);
    expect(agree([0], [1e-4])).toBe(false);
    expect(agree([1, 100], [1])).toBe(false);
    expect(agree([1], [null])).toBe(false);
    expect(agree([NaN], [1])).toBe(false);
  });

  it('says why a peer has no figure', () => {
    const cell = { peer: 'jax-wasm', target: undefined } as const;
    expect(ratioCell({ ...cell, failure: 'no a|b', wrong: false })).toBe('no a\\|b');
    const info = { engine: '', version: '', adapter: '', parameters: 0 };
    const measured: PeerResult = {
      ...cell,
      target: 3,
      info,
      ms: [1],
      firstStep: 1,
      values: [],
      ratio: 2.5,
      range: [2, 3.125],
    };
    expect(ratioCell(measured)).toBe('2.5 (2 – 3.13; 3: no)');
    expect(ratioCell({ ...measured, target: undefined })).toBe('2.5 (2 – 3.13)');
    expect(
      reasonOf(
        "x.js:1\n  throw\n\nError: Kernel 'F' not registered\n    at f (x.js:1:2)\n\nNode.js v20.20.2\n",
      ),
    ).toBe("Kernel 'F' not registered");
    expect(reasonOf('Warning: limits\n')).toBe('it ended without a word');
  });

  it('replaces the blocks of one adapter in a document, and adds those it has not', () => {
    const block = (adapter: string, section: string, text: string): string =>
      `<!-- bench ${adapter} ${section} -->\n\n${text}\n\n<!-- end -->`;
    const document = `# Title\n\n${block('a', 'steps', 'old')}\n\nprose\n\n${block('b', 'steps', 'theirs')}\n`;
    const blocks = [
      { section: 'steps', markdown: 'new' },
      { section: 'peers', markdown: 'more' },
    ];
    const written = withBlocks(document, 'a', blocks);
    expect(written).toBe(
      `# Title\n\n${block('a', 'steps', 'new')}\n\n${block('a', 'peers', 'more')}\n\nprose\n\n${block('b', 'steps', 'theirs')}\n`,
    );
    expect(withBlocks(written, 'a', blocks)).toBe(written);
    expect(withBlocks('# Title\n', 'c', blocks)).toBe(
      `# Title\n\n### c\n\n${block('c', 'steps', 'new')}\n\n${block('c', 'peers', 'more')}\n`,
    );
    expect(() => withBlocks('<!-- bench a steps -->\nold', 'a', blocks)).toThrow('has no "<!-- end -->"');
  });

  it('says under every block what it was measured on', () => {
    const [block] = blocksOf({ machine: MACHINE, steps: [] });
    expect(block?.section).toBe('steps');
    expect(block?.markdown.split('\n').at(-1)).toBe(
      '*langevin 0.1.0 (abc of 2026-11-21), Dawn (webgpu) 0.6.2, Node 20.20.2; llvmpipe; ' +
        '2 × CPU; load 0.0 at the start, 1.5 at the end*',
    );
  });

  it('has the same workloads in its peers', async () => {
    const path = '../../bench/peers/workloads.mjs';
    const peers = (await import(path)) as { readonly WORKLOADS: Readonly<Record<string, unknown>> };
    expect(Object.keys(peers.WORKLOADS).toSorted()).toEqual(WORKLOAD_NAMES.toSorted());
  });
});
