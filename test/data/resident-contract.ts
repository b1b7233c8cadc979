/** What a resident set must do on every backend. */
import { expect, it } from 'vitest';
import {
  gatherBatch,
  gatherImages,
  resident,
  selectExamples,
  standardization,
  type ImageSet,
} from '../../data/index.ts';
import { tensor } from '../../engine/index.ts';

/** Four images of five bytes, so that the last word of each is not full. */
export const odd: ImageSet = {
  name: 'odd',
  images: Uint8Array.from({ length: 20 }, (_, i) => (i * 83) % 256),
  labels: Uint8Array.from([3, 1, 0, 2]),
  count: 4,
  height: 1,
  width: 5,
  channels: 1,
  classes: ['a', 'b', 'c', 'd'],
};

/** Two images of 2x3 in three channels of different means; the last word of each is not full. */
export const colour: ImageSet = {
  ...odd,
  name: 'colour',
  images: Uint8Array.from({ length: 36 }, (_, i) => (i * i * 5 + 40 * (i % 3)) % 256),
  labels: Uint8Array.of(0, 1),
  count: 2,
  height: 2,
  width: 3,
  channels: 3,
};

/** @param scaled the value that a byte must become. */
export function residentContract(scaled: (byte: number) => number): void {
  it('gives the images at the indices, from 0 to 1, with their labels', async () => {
    const { images, labels } = gatherBatch(resident(odd), tensor(Int32Array.of(2, 0, 2)));
    expect([images.shape, images.dtype]).toEqual([[3, 5], 'f32']);
    expect([...(await labels.data())]).toEqual([0, 3, 0]);
    const rows = [2, 0, 2].flatMap((row) => [...odd.images.subarray(5 * row, 5 * row + 5)]);
    const pixels = await images.data();
    rows.forEach((byte, i) => expect(pixels[i]).toBeCloseTo(scaled(byte), 7));
  });

  it('takes every byte through unchanged: 255 becomes 1 and the order is kept', async () => {
    const all: ImageSet = {
      ...odd,
      images: Uint8Array.from({ length: 256 }, (_, i) => i),
      labels: Uint8Array.of(0),
      count: 1,
      height: 16,
      width: 16,
    };
    const { images } = gatherBatch(resident(all), tensor(Int32Array.of(0)));
    const pixels = await images.data();
    expect([...pixels].map((x) => Math.round(x * 255))).toEqual([...all.images]);
    expect(pixels[255]).toBeCloseTo(1, 6);
  });

  it('gives the same images out of several tensors, whatever the dtype of the indices', async () => {
    const whole = resident(odd);
    for (const blockBytes of [0, 8, 16, 24, 32]) {
      const split = resident(odd, { blockBytes });
      const rows = Math.max(1, blockBytes / 8);
      expect(split.tensors.words).toHaveLength(Math.ceil(4 / rows));
      for (const indices of [Int32Array.of(3, 0, 2, 1, 3), Uint32Array.of(0, 3, 1, 2)]) {
        const [expected, found] = [whole, split].map((set) => gatherBatch(set, tensor(indices)));
        expect(await found?.images.data()).toEqual(await expected?.images.data());
        expect(await found?.labels.data()).toEqual(await expected?.labels.data());
      }
    }
  });

  it('gives images as they lie, with the same values', async () => {
    const set = resident(colour);
    const indices = tensor(Int32Array.of(1, 0, 1));
    const { images, labels } = gatherImages(set, indices);
    expect([images.shape, images.dtype]).toEqual([[3, 2, 3, 3], 'f32']);
    expect([...(await images.data())]).toEqual([...(await gatherBatch(set, indices).images.data())]);
    expect([...(await labels.data())]).toEqual([1, 0, 1]);
  });

  it('standardises each channel by the numbers of another set', async () => {
    const standardize = standardization(colour);
    const set = resident(selectExamples(colour, [1], 'test'), { standardize });
    for (const images of [gatherBatch, gatherImages].map(
      (gather) => gather(set, tensor(Int32Array.of(0))).images,
    )) {
      const values = await images.data();
      colour.images.subarray(18).forEach((byte, at) => {
        const { mean, deviation } = standardize;
        const expected = (byte / 255 - (mean[at % 3] ?? NaN)) / (deviation[at % 3] ?? NaN);
        expect(values[at]).toBeCloseTo(expected, 5);
      });
    }
  });
}
