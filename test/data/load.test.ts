import { describe, expect, it } from 'vitest';
import { load, type DatasetName } from '../../data/index.ts';
import { coded, idx, smallImages, smallLabels } from './bytes.ts';

const small = async (path: string): Promise<Uint8Array> => {
  await Promise.resolve();
  return path.includes('images') ? smallImages : smallLabels;
};

describe('load', () => {
  it('draws the procedural data set without a reader, with the hashes of both parts', async () => {
    const dataset = await load('procedural', { train: 30, test: 10, seed: 2 });
    expect([dataset.name, dataset.source]).toEqual(['procedural', 'procedural']);
    expect([dataset.train.count, dataset.test.count]).toEqual([30, 10]);
    expect(Object.keys(dataset.hashes)).toEqual(['train', 'test']);
    expect(dataset.hashes['train']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('asks the reader for the four files of a data set, by path', async () => {
    const paths: string[] = [];
    const read = (path: string): Promise<Uint8Array> => {
      paths.push(path);
      return small(path);
    };
    const dataset = await load('fashion-mnist', { read, verify: false });
    expect(paths).toEqual([
      'fashion-mnist/train-images-idx3-ubyte.gz',
      'fashion-mnist/train-labels-idx1-ubyte.gz',
      'fashion-mnist/t10k-images-idx3-ubyte.gz',
      'fashion-mnist/t10k-labels-idx1-ubyte.gz',
    ]);
    expect(dataset.train).toMatchObject({ count: 3, height: 2, width: 2, channels: 1 });
    expect(dataset.train.classes[9]).toBe('ankle boot');
    expect(Object.keys(dataset.hashes)).toHaveLength(4);
  });

  it('refuses sound files that are not the published ones, with both hashes', async () => {
    await expect(load('mnist', { read: small })).rejects.toThrowError(
      coded('DATA_CORRUPT', /train-images.*sha256 ba891046.*found [0-9a-f]{64}/),
    );
  });

  it('reports the format before the hash', async () => {
    const read = async (path: string): Promise<Uint8Array> =>
      path.includes('images') ? small(path) : idx(2049, [2], await small(path));
    await expect(load('mnist', { read })).rejects.toThrowError(
      coded('DATA_CORRUPT', /expected 2 bytes of labels/),
    );
  });

  it('says what to do when a data set of files comes without a reader', async () => {
    await expect(load('mnist')).rejects.toThrowError(coded('DATA_MISSING', /read.*procedural/));
  });

  it('suggests the nearest name for a typing error', async () => {
    await expect(load('fashion-mnits' as DatasetName)).rejects.toThrowError(
      coded('DATA_UNKNOWN', /did you mean fashion-mnist\?/),
    );
    await expect(load('toString' as DatasetName)).rejects.toThrowError(coded('DATA_UNKNOWN'));
  });
});
