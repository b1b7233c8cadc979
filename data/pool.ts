/** Images of half the side, as the small presets use them: 28x28 becomes 14x14, 32x32 becomes 16x16. */
import { fail } from '../engine/graph/errors.ts';
import type { ImageSet } from './dataset.ts';

/**
 * Averages each 2x2 block of pixels, per channel. The mean is rounded to the nearest byte (halves up), so a
 * pixel in [0, 1] is within 1/510 of the exact mean.
 * @throws `DATA_INVALID` when a side is odd.
 */
export function averagePool2(set: ImageSet): ImageSet {
  const { count, height, width, channels } = set;
  if (height % 2 !== 0 || width % 2 !== 0)
    fail('DATA_INVALID', `averagePool2: sides must be even, found ${height}x${width} in ${set.name}.`);
  const rows = count * (height / 2); // rows of the result, over all images: a pair of rows never straddles two
  const columns = width / 2;
  const stride = width * channels;
  const pooled = new Uint8Array(rows * columns * channels);
  let out = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let channel = 0; channel < channels; channel++) {
        const corner = 2 * row * stride + 2 * column * channels + channel;
        const sum =
          (set.images[corner] ?? 0) +
          (set.images[corner + channels] ?? 0) +
          (set.images[corner + stride] ?? 0) +
          (set.images[corner + stride + channels] ?? 0);
        pooled[out++] = (sum + 2) >> 2;
      }
  return { ...set, name: `${set.name}, pooled`, images: pooled, height: height / 2, width: columns };
}
