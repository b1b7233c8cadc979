/** Small files of the data sets' formats, and errors, for tests. */
import { expect } from 'vitest';

/** An IDX file: magic number, sizes, elements. */
export function idx(magic: number, sizes: readonly number[], elements: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 * (1 + sizes.length) + elements.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  sizes.forEach((size, axis) => view.setUint32(4 * (1 + axis), size));
  bytes.set(elements, 4 * (1 + sizes.length));
  return bytes;
}

/** Three images of 2x2 and their labels, as IDX files. */
export const smallImages: Uint8Array = idx(2051, [3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
export const smallLabels: Uint8Array = idx(2049, [3], [7, 0, 9]);

/** What a thrown error must look like. */
export function coded(code: string, message: RegExp = /./): unknown {
  return expect.objectContaining({ code, message: expect.stringMatching(message) as string });
}

/** SHA-256 of the default procedural data set of 50 and 20 images. A change to the drawing must change this too. */
export const proceduralHashes: Readonly<Record<string, string>> = {
  train: 'cb9ed0953bc6153e1d7f1012c6bea957a4ce13644d7454adbb6e4b6ca153393a',
  test: 'b53fdabdb8797b5661e571ab3dde32a63a1ac7a0b9e136a140e25d6183f1c6da',
};

/** The same of the colour variant: 20 and 10 images of 32x32 in three channels, seed 5. */
export const colourHashes: Readonly<Record<string, string>> = {
  train: '90dfa8ada46050808a8594fba7c0a923e44fc931f18ec7e05396fb886ae933e3',
  test: 'e649f4ce6a1ce5aaa4b3af45d8c7ebd424c508ed2bdafffb16fa52c77f87d0fb',
};
