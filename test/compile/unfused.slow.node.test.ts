/** As unfused.node.test.ts, on many more graphs. */
import { expect, test } from 'vitest';
import { graphFaults } from './graph-faults.ts';

test.each(['always', 'none'] as const)(
  'many random graphs are within their bound, fused: %s',
  async (fusion) => {
    expect(await graphFaults(fusion, 10, 200)).toEqual([]);
  },
);
