import { beforeAll, describe, expect, it } from 'vitest';
import { gatherBatch, load, resident, sampler } from '../../data/index.ts';
import { init, jit, tensor, type Tensor } from '../../engine/index.ts';
import { gzip } from './gzip-bytes.ts';
import { coded, colourHashes, proceduralHashes, smallImages, smallLabels } from './bytes.ts';
import { residentContract } from './resident-contract.ts';

beforeAll(() => init());

describe('a resident set on the device', () => {
  // One rounding of the constant 1/255 and one of the product.
  residentContract((byte) => Math.fround(byte * Math.fround(1 / 255)));

  it('is gathered by a recorded function, with the tensors as arguments or as part of the record', async () => {
    const { train } = await load('procedural', { train: 40, test: 10, size: 12 });
    const set = resident(train);
    const draw = sampler({ mode: 'without-replacement', count: 40, batchSize: 8, seed: 0 });
    const recorded = jit((indices: Tensor) => gatherBatch(set, indices));
    const given = jit((tensors: typeof set.tensors, indices: Tensor) => gatherBatch(set, indices, tensors));
    for (const step of [0, 1, 2]) {
      const indices = draw.indices(step);
      const expected = [...indices].map((index) => train.labels[index]);
      expect([...(await recorded(tensor(indices)).labels.data())]).toEqual(expected);
      const batch = given(set.tensors, tensor(indices));
      expect([...(await batch.labels.data())]).toEqual(expected);
      const pixels = await batch.images.data();
      indices.forEach((index, row) => {
        const image = train.images.subarray(144 * index, 144 * (index + 1));
        expect([...pixels.subarray(144 * row, 144 * (row + 1))].map((x) => Math.round(x * 255))).toEqual([
          ...image,
        ]);
      });
    }
  });
});

describe('data sets, here as everywhere', () => {
  it('draws the same bytes', async () => {
    const { hashes } = await load('procedural', { train: 50, test: 20 });
    expect(hashes).toEqual(proceduralHashes);
    const colour = await load('procedural', { train: 20, test: 10, size: 32, channels: 3, seed: 5 });
    expect(colour.hashes).toEqual(colourHashes);
  });

  it('reads compressed files through a reader', async () => {
    const read = (path: string): Promise<Uint8Array> =>
      gzip(path.includes('images') ? smallImages : smallLabels);
    const { train } = await load('mnist', { read, verify: false });
    expect([...train.labels]).toEqual([7, 0, 9]);
  });

  it('refuses a compressed file with zeros after its end, or one that is cut', async () => {
    const sound = await gzip(smallImages);
    for (const bytes of [Uint8Array.from([...sound, 0, 0, 0, 0]), sound.subarray(0, -3)])
      await expect(load('mnist', { read: () => Promise.resolve(bytes) })).rejects.toThrowError(
        coded('DATA_CORRUPT'),
      );
  });
});
