/** Records of CIFAR's binary format for tests. */
import { joined } from './tar-bytes.ts';

/** Byte of the pixel at (row, column) of image `image`, in a channel: different wherever two could be confused. */
export function pixelOf(image: number, row: number, column: number, channel: number): number {
  return (image * 97 + row * 31 + column * 7 + channel * 101) % 256;
}

/** One record: the label bytes, then the planes of image `image`. */
export function record(labels: readonly number[], image: number): Uint8Array {
  const planes = Array.from({ length: 3 * 32 * 32 }, (_, i) =>
    pixelOf(image, Math.floor(i / 32) % 32, i % 32, Math.floor(i / 1024)),
  );
  return Uint8Array.from([...labels, ...planes]);
}

/** Images `from`, `from` + 1, ... with these labels, each an array of one or two bytes. */
export function records(labels: readonly (readonly number[])[], from = 0): Uint8Array {
  return joined(labels.map((bytes, i) => record(bytes, from + i)));
}
