/** What a resident set must do on every backend. */
import { expect, it } from 'vitest';
import { gatherBatch, resident, type ImageSet } from '../../data/index.ts';
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
}
