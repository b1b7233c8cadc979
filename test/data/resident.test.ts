import { beforeAll, describe, expect, it } from 'vitest';
import { gatherBatch, resident } from '../../data/index.ts';
import { init, tensor } from '../../engine/index.ts';
import { coded } from './bytes.ts';
import { residentContract, odd } from './resident-contract.ts';

beforeAll(() => init({ backend: 'reference' }));

describe('a resident set on the reference backend', () => {
  residentContract((byte) => byte * (1 / 255));

  it('takes a word of four bytes for each started group of four', () => {
    const { words, labels } = resident(odd).tensors;
    expect([words.shape, words.dtype]).toEqual([[4, 2], 'u32']);
    expect([labels.shape, labels.dtype]).toEqual([[4], 'i32']);
  });

  it('refuses an index outside the set', async () => {
    const batch = (): unknown => gatherBatch(resident(odd), tensor(Int32Array.of(0, 4)));
    expect(batch).toThrowError(coded('INDEX_OUT_OF_RANGE', /4/));
  });
});
