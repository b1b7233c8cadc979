/** Fusion against no fusion: both are held against float64. */
import { expect, test } from 'vitest';
import { graphFaults } from './graph-faults.ts';

test.each(['always', 'none'] as const)('random graphs are within their bound, fused: %s', async (fusion) => {
  expect(await graphFaults(fusion, 0, 10)).toEqual([]);
});
