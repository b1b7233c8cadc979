import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  catalogue,
  dataDirectory,
  directoryReader,
  load,
  standardization,
  type FileDatasetName,
} from '../../data/node/index.ts';
import { coded, smallImages, smallLabels } from './bytes.ts';
import { record } from './cifar-bytes.ts';

let directory: string;
let folder: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'langevin-data-'));
  folder = join(directory, 'mnist');
  await mkdir(folder);
  await writeFile(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(smallImages));
  await writeFile(join(folder, 'train-labels-idx1-ubyte.gz'), gzipSync(smallLabels));
  await writeFile(join(folder, 't10k-images-idx3-ubyte'), smallImages);
  await writeFile(join(folder, 't10k-labels-idx1-ubyte'), smallLabels);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the data directory', () => {
  it('is the one named, else LANGEVIN_DATA', () => {
    expect(dataDirectory('/a/b', { LANGEVIN_DATA: '/c' })).toBe(resolve('/a/b'));
    expect(dataDirectory(undefined, { LANGEVIN_DATA: '/c' })).toBe(resolve('/c'));
  });

  it.runIf(process.platform === 'linux')('on Linux is below XDG_CACHE_HOME, else ~/.cache', () => {
    expect(dataDirectory(undefined, { XDG_CACHE_HOME: '/x' })).toBe('/x/langevin');
    expect(dataDirectory(undefined, {})).toBe(join(homedir(), '.cache', 'langevin'));
  });

  it('is read with or without .gz', async () => {
    const { train, test } = await load('mnist', { directory, verify: false });
    expect(train.images).toEqual(new Uint8Array(test.images));
    expect([...train.labels]).toEqual([7, 0, 9]);
  });

  it('that lacks a file says which, and the next step', async () => {
    await rm(join(folder, 't10k-labels-idx1-ubyte'));
    await expect(load('mnist', { directory, verify: false })).rejects.toThrowError(
      coded('DATA_MISSING', /t10k-labels-idx1-ubyte\.gz.*langevin data get mnist.*--data procedural/),
    );
    await expect(load('fashion-mnist', { directory })).rejects.toThrowError(
      coded('DATA_MISSING', /langevin data get fashion-mnist/),
    );
  });

  it('with a directory in the place of a file is refused', async () => {
    const path = join(folder, 'train-images-idx3-ubyte.gz');
    await rm(path);
    await mkdir(path);
    await expect(load('mnist', { directory })).rejects.toThrowError(
      coded('DATA_CORRUPT', /found a directory/),
    );
  });

  it('with a symbolic link that leads to itself is refused', async () => {
    const path = join(folder, 'train-images-idx3-ubyte.gz');
    await rm(path);
    await symlink(path, path);
    await expect(load('mnist', { directory })).rejects.toThrowError(coded('DATA_CORRUPT', /symbolic link/));
  });

  it.skipIf(process.getuid?.() === 0)('with a file that may not be read says so', async () => {
    await chmod(join(folder, 'train-images-idx3-ubyte.gz'), 0);
    await expect(load('mnist', { directory })).rejects.toThrowError(coded('DATA_UNREADABLE', /EACCES/));
  });

  it('with an empty file or a web page in a file is refused', async () => {
    const path = join(folder, 'train-images-idx3-ubyte.gz');
    await writeFile(path, '');
    await expect(load('mnist', { directory })).rejects.toThrowError(coded('DATA_CORRUPT', /empty/));
    await writeFile(path, '<html>quota</html>');
    await expect(load('mnist', { directory })).rejects.toThrowError(coded('DATA_CORRUPT', /"<html>quota/));
  });
});

describe('a directory with CIFAR-10', () => {
  const bin = (): string => join(directory, 'cifar-10-batches-bin');
  beforeEach(async () => {
    await mkdir(bin());
    for (const [index, { name }] of [...catalogue['cifar-10'].train, ...catalogue['cifar-10'].test].entries())
      await writeFile(join(bin(), name), record([index], index));
  });

  it('is read from its folder, and says that its content is not verified', async () => {
    const { train, test, verified } = await load('cifar-10', { directory, verify: false });
    expect([[...train.labels], [...test.labels], verified]).toEqual([[0, 1, 2, 3, 4], [5], false]);
  });

  it('that lacks it names the archive and the next step', async () => {
    await rm(bin(), { recursive: true });
    await expect(load('cifar-10', { directory })).rejects.toThrowError(
      coded('DATA_MISSING', /cifar-10-binary\.tar\.gz.*langevin data get cifar-10,/),
    );
    await expect(load('cifar-100', { directory })).rejects.toThrowError(
      coded('DATA_MISSING', /langevin data get cifar-100,/),
    );
  });

  it('with a cut file, a web page or a directory in the place of a file is refused', async () => {
    const path = join(bin(), 'data_batch_2.bin');
    const cut = gzipSync(record([1], 1)).subarray(0, 99);
    for (const [content, message] of [
      [cut, /data_batch_2.*damaged or cut/],
      ['<html>quota</html>', /data_batch_2.*"<html>quota/],
      ['', /data_batch_2.*empty/],
    ] as const) {
      await writeFile(path, content);
      await expect(load('cifar-10', { directory, verify: false })).rejects.toThrowError(
        coded('DATA_CORRUPT', message),
      );
    }
    await mkdir(join(directory, 'cifar-10-binary.tar.gz'));
    await expect(load('cifar-10', { directory })).rejects.toThrowError(
      coded('DATA_CORRUPT', /cifar-10-binary\.tar\.gz: .*found a directory/),
    );
  });
});

/** A directory with the real files, if this machine has one. */
const real = [process.env['LANGEVIN_DATA'], resolve(import.meta.dirname, '../../../shared/data')].find(
  (path) => path !== undefined && existsSync(join(path, 'mnist')),
);

const cifarFolder =
  real && ['cifar-10-batches-bin', 'cifar-10-binary.tar.gz'].some((name) => existsSync(join(real, name)));

describe('the files of cifar-10', () => {
  it.skipIf(!cifarFolder)('load, whether or not they are the published ones, ten classes alike', async () => {
    const { train, test, hashes, verified } = await load('cifar-10', { directory: real ?? '' });
    expect([train.count, test.count, train.height, train.width, train.channels]).toEqual([
      50_000, 10_000, 32, 32, 3,
    ]);
    expect(verified).toBe('cifar-10-binary.tar.gz' in hashes);
    expect(hashes['test_batch.bin']).toMatch(/^[0-9a-f]{64}$/);
    const counts = train.classes.map((_, label) => train.labels.reduce((n, l) => n + Number(l === label), 0));
    expect(counts).toEqual(Array(10).fill(5000));
    // The means of the channels that everyone standardises with: 0.4914, 0.4822, 0.4465.
    standardization(train).mean.forEach((mean, c) =>
      expect(mean).toBeCloseTo([0.4914, 0.4822, 0.4465][c] ?? 0, 3),
    );
  });
});

describe.each<[FileDatasetName, number]>([
  ['mnist', 33.318],
  ['fashion-mnist', 72.94],
])('the published files of %s', (name, meanPixel) => {
  it.skipIf(!real || !existsSync(join(real, name)))('load, with the published content', async () => {
    const { train, test, hashes, verified } = await load(name, { read: directoryReader(real ?? '') });
    expect(verified).toBe(true);
    expect([train.count, test.count, train.height, train.width]).toEqual([60_000, 10_000, 28, 28]);
    for (const file of [...catalogue[name].train, ...catalogue[name].test])
      expect(hashes[file.name]).toBe(file.sha256);
    const sum = train.images.reduce((total, byte) => total + byte, 0);
    expect(sum / train.images.length).toBeCloseTo(meanPixel, 2);
  });
});
