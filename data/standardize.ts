/**
 * Per-channel standardisation: (x - mean) / deviation, with x from 0 to 1 and the two numbers of each channel taken
 * over every pixel of the training examples that are used, after any pooling. A test set uses the numbers of its
 * training set: its own would be a function of what is to be predicted.
 *
 * The sums of bytes and of their squares are integers, below 2^53 up to 10^11 pixels, and the last subtraction is
 * made with whole numbers too,
 *
 *   variance = (n sum b^2 - (sum b)^2) / (255 n)^2,
 *
 * so the only rounding is that of the quotient, and a constant channel is exactly 0.
 */
import { fail } from '../engine/graph/errors.ts';
import type { ImageSet } from './dataset.ts';

/** Mean and standard deviation of each channel, for pixels from 0 to 1. */
export interface Standardization {
  readonly mean: readonly number[];
  /** Population form: divided by the number of pixels, not by one less. */
  readonly deviation: readonly number[];
}

/**
 * Mean and standard deviation of each channel over all pixels of all examples of `set`.
 * @throws `DATA_INVALID` for a set without examples, and for a channel that is constant: dividing by its deviation
 *   has no meaning, and dividing by 1 instead would hide that the channel holds nothing.
 */
export function standardization(set: ImageSet): Standardization {
  const { images, channels } = set;
  if (set.count === 0)
    fail('DATA_INVALID', `${set.name}: an empty set has no mean; take at least one example.`);
  // How often each byte occurs in each channel, which is faster than summing and as exact.
  const times = new Float64Array(256 * channels);
  for (let channel = 0; channel < channels; channel++)
    for (let at = channel; at < images.length; at += channels) times[256 * channel + (images[at] ?? 0)]! += 1;
  const moment = (channel: number, power: number): number =>
    times
      .subarray(256 * channel, 256 * (channel + 1))
      .reduce((sum, count, byte) => sum + count * byte ** power, 0);
  const everyChannel = Array.from({ length: channels }, (_, channel) => channel);
  const pixels = images.length / channels;
  const mean = everyChannel.map((channel) => moment(channel, 1) / (255 * pixels));
  const deviation = everyChannel.map((channel) => {
    const sum = BigInt(moment(channel, 1));
    const spread = BigInt(pixels) * BigInt(moment(channel, 2)) - sum * sum;
    if (spread === 0n)
      fail(
        'DATA_INVALID',
        `${set.name}: channel ${channel} is ${(mean[channel] ?? 0) * 255} in every pixel and cannot be standardised; ` +
          'leave the channel out, or standardisation.',
      );
    return Math.sqrt(Number(spread)) / (255 * pixels);
  });
  return { mean, deviation };
}

/**
 * The same map from a byte b: scale * b + shift, for each channel.
 * @throws `DATA_INVALID` when the numbers are not one per channel of `set`, or a deviation is not positive.
 */
export function standardizingScale(
  { mean, deviation }: Standardization,
  set: Pick<ImageSet, 'name' | 'channels'>,
): { readonly scale: readonly number[]; readonly shift: readonly number[] } {
  if (mean.length !== set.channels || deviation.length !== set.channels)
    fail(
      'DATA_INVALID',
      `${set.name}: standardisation of ${set.channels} channels takes as many means and deviations, found ` +
        `${mean.length} and ${deviation.length}; take those of the training set of the same kind.`,
    );
  const wrong = [...mean, ...deviation.map((value) => (value > 0 ? value : NaN))].find(
    (x) => !Number.isFinite(x),
  );
  if (wrong !== undefined)
    fail(
      'DATA_INVALID',
      `${set.name}: standardisation takes finite means and positive deviations, found mean ${mean.join(', ')} and ` +
        `deviation ${deviation.join(', ')}.`,
    );
  return {
    scale: deviation.map((value) => 1 / (255 * value)),
    shift: deviation.map((value, channel) => -(mean[channel] ?? 0) / value),
  };
}
