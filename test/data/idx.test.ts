import { describe, expect, it } from 'vitest';
import { readIdxImages, readIdxLabels, readIdxSet } from '../../data/idx.ts';
import { coded, idx, smallImages, smallLabels } from './bytes.ts';

const classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const join = (images: Uint8Array, labels: Uint8Array): unknown =>
  readIdxSet('small', { bytes: images, file: 'images' }, { bytes: labels, file: 'labels' }, classes);

describe('the IDX reader', () => {
  it('reads sizes and elements of images and labels', () => {
    expect(readIdxImages(smallImages, 'f')).toEqual({
      sizes: [3, 2, 2],
      elements: Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    });
    expect(readIdxLabels(smallLabels, 'f')).toEqual({ sizes: [3], elements: Uint8Array.from([7, 0, 9]) });
  });

  it('reads a file that is a view into a larger buffer', () => {
    const buffer = new Uint8Array(smallLabels.length + 7);
    buffer.set(smallLabels, 5);
    expect([...readIdxLabels(buffer.subarray(5, 5 + smallLabels.length), 'f').elements]).toEqual([7, 0, 9]);
  });

  it('joins images and labels into a set of one channel', () => {
    expect(join(smallImages, smallLabels)).toMatchObject({ count: 3, height: 2, width: 2, channels: 1 });
  });

  it('refuses an empty file', () => {
    expect(() => readIdxImages(new Uint8Array(0), 'f')).toThrowError(coded('DATA_CORRUPT', /f: .*empty/));
  });

  it('refuses a header cut short, at every length', () => {
    for (let length = 1; length < 16; length++)
      expect(() => readIdxImages(smallImages.subarray(0, length), 'f')).toThrowError(
        coded('DATA_CORRUPT', new RegExp(`header of 16 bytes .* found ${length} bytes`)),
      );
  });

  it('refuses another magic number, also that of labels in place of images', () => {
    expect(() => readIdxImages(idx(2049, [3, 2, 2], new Uint8Array(12)), 'f')).toThrowError(
      coded('DATA_CORRUPT', /magic number 2051 of images, found 2049/),
    );
    expect(() => readIdxLabels(smallImages, 'f')).toThrowError(
      coded('DATA_CORRUPT', /magic number 2049 of labels, found 2051/),
    );
    const page = new TextEncoder().encode('<!DOCTYPE html><html><body>Quota exceeded</body></html>');
    expect(() => readIdxImages(page, 'f')).toThrowError(coded('DATA_CORRUPT', /begins "<!DOCTYPE html>/));
  });

  it('refuses a body shorter or longer than its sizes say, by as little as a byte', () => {
    expect(() => readIdxImages(smallImages.subarray(0, -1), 'f')).toThrowError(
      coded('DATA_CORRUPT', /expected 12 bytes .* found 11, .*cut short/),
    );
    expect(() => readIdxImages(Uint8Array.from([...smallImages, 0]), 'f')).toThrowError(
      coded('DATA_CORRUPT', /expected 12 bytes .* found 13, .*1 bytes trail/),
    );
    const huge = idx(2051, [0xffffffff, 0xffffffff, 0xffffffff], []);
    expect(() => readIdxImages(huge, 'f')).toThrowError(coded('DATA_CORRUPT', /found 0/));
  });

  it('refuses a dimension of zero', () => {
    expect(() => readIdxImages(idx(2051, [0, 28, 28], []), 'f')).toThrowError(
      coded('DATA_CORRUPT', /0 x 28 x 28/),
    );
  });

  it('refuses labels that are not one per image', () => {
    expect(() => join(smallImages, idx(2049, [2], [1, 2]))).toThrowError(
      coded('DATA_CORRUPT', /expected 3 labels, one per image of images, found 2/),
    );
  });

  it('refuses a label above the last class, saying where', () => {
    expect(() => join(smallImages, idx(2049, [3], [1, 10, 2]))).toThrowError(
      coded('DATA_CORRUPT', /labels 0 to 9, found 10 at position 1/),
    );
  });

  it('says the next step in every refusal', () => {
    expect(() => join(new Uint8Array(3), smallLabels)).toThrowError(/langevin data get.*--data procedural/);
  });
});
