import { describe, expect, it } from 'vitest';
import { cifar100Classes, cifar100CoarseClasses, cifar10Classes } from '../../data/cifar-classes.ts';
import { load, readCifarSet, type ImageSet } from '../../data/index.ts';
import { coarseSet, selectExamples } from '../../data/dataset.ts';
import { LangevinError } from '../../engine/graph/errors.ts';
import { coded } from './bytes.ts';
import { pixelOf, record, records } from './cifar-bytes.ts';
import { gzip } from './gzip-bytes.ts';
import { tar } from './tar-bytes.ts';

const ten = { classes: cifar10Classes };
const hundred = { classes: cifar100Classes, coarseClasses: cifar100CoarseClasses };
const read = (...files: readonly Uint8Array[]): ImageSet =>
  readCifarSet(
    'small',
    files.map((bytes, i) => ({ bytes, file: `f${i}` })),
    ten,
  );

describe('the CIFAR reader', () => {
  it('turns planes into pixels: channels last, in the order of files and records', () => {
    const set = read(records([[3], [9]]), records([[0]], 2));
    expect(set).toMatchObject({ count: 3, height: 32, width: 32, channels: 3, classes: cifar10Classes });
    expect([...set.labels]).toEqual([3, 9, 0]);
    const expected = Array.from({ length: 3 * 3072 }, (_, at) =>
      pixelOf(Math.floor(at / 3072), Math.floor(at / 96) % 32, Math.floor(at / 3) % 32, at % 3),
    );
    expect([...set.images]).toEqual(expected);
    expect(set.coarse).toBeUndefined();
  });

  it('of CIFAR-100 takes the fine labels for the classes and keeps the coarse ones', () => {
    const bytes = records([
      [11, 19],
      [0, 99],
    ]);
    const set = readCifarSet('small', [{ bytes, file: 'f' }], hundred);
    expect([...set.labels].map((label) => set.classes[label])).toEqual(['cattle', 'worm']);
    expect(set.images[0]).toBe(pixelOf(0, 0, 0, 0));
    const second = coarseSet(selectExamples(set, [1, 0], 'chosen'));
    expect([...second.labels].map((label) => second.classes[label])).toEqual([
      'aquatic_mammals',
      'large_omnivores_and_herbivores',
    ]);
    expect(second.images[0]).toBe(pixelOf(1, 0, 0, 0));
    expect(() => coarseSet(read(record([1], 0)))).toThrowError(coded('DATA_INVALID', /no coarse labels/));
  });

  it('knows 10, 100 and 20 different names of classes', () => {
    expect(
      [cifar10Classes, cifar100Classes, cifar100CoarseClasses].map((names) => new Set(names).size),
    ).toEqual([10, 100, 20]);
    expect([cifar100Classes[0], cifar100Classes[52], cifar100Classes[99]]).toEqual([
      'apple',
      'oak_tree',
      'worm',
    ]);
  });

  it('refuses an empty file, and one that is not whole records', () => {
    expect(() => read(new Uint8Array(0))).toThrowError(coded('DATA_CORRUPT', /f0: .*empty/));
    for (const bytes of [record([1], 0).subarray(0, -1), Uint8Array.from([...record([1], 0), 0])])
      expect(() => read(record([1], 0), bytes)).toThrowError(
        coded('DATA_CORRUPT', /f1: expected whole records of 3073 bytes, found \d+ bytes/),
      );
    const page = new TextEncoder().encode('<!DOCTYPE html><title>404</title>');
    expect(() => read(page)).toThrowError(coded('DATA_CORRUPT', /begins "<!DOCTYPE html>/));
  });

  it('refuses a label that names no class, saying where', () => {
    expect(() => read(records([[1], [10]]))).toThrowError(
      coded('DATA_CORRUPT', /labels 0 to 9, found 10 as the label of record 1/),
    );
    const wrong = (labels: readonly number[], message: RegExp): void =>
      expect(() =>
        readCifarSet('small', [{ bytes: records([[0, 0], labels]), file: 'f' }], hundred),
      ).toThrowError(coded('DATA_CORRUPT', message));
    wrong([20, 1], /labels 0 to 19, found 20 as the coarse label of record 1/);
    wrong([1, 100], /labels 0 to 99, found 100 as the label of record 1/);
  });
});

/** A reader of these files, by path. */
const reader =
  (files: Readonly<Record<string, Uint8Array>>) =>
  (path: string): Promise<Uint8Array> => {
    const bytes = files[path] ?? files[path.replace('.gz', '')];
    return bytes ? Promise.resolve(bytes) : Promise.reject(new LangevinError('DATA_MISSING', `no ${path}`));
  };

const batches = [1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`, record([batch], batch)] as const);
const files = Object.fromEntries([...batches, ['test_batch.bin', record([0], 0)] as const]);
const folder = Object.fromEntries(
  Object.entries(files).map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes]),
);
const archive = tar(
  { name: 'cifar-10-batches-bin/', kind: '5' },
  { name: 'cifar-10-batches-bin/readme.html', content: new TextEncoder().encode('<html>') },
  ...Object.entries(folder).map(([name, content]) => ({ name, content })),
);

describe('load of CIFAR', () => {
  it('reads a folder, compressed or not, and the archive, compressed or not, to the same set', async () => {
    const zipped = await Promise.all(
      Object.entries(folder).map(async ([name, bytes]) => [`${name}.gz`, await gzip(bytes)] as const),
    );
    const forms = [
      folder,
      Object.fromEntries(zipped),
      { 'cifar-10-binary.tar': archive },
      { 'cifar-10-binary.tar.gz': await gzip(archive) },
    ];
    const sets = await Promise.all(
      forms.map((form) => load('cifar-10', { read: reader(form), verify: false })),
    );
    expect([...(sets[0]?.train.labels ?? [])]).toEqual([1, 2, 3, 4, 5]);
    const [first, ...others] = sets.map(({ train, test }) => ({ train, test }));
    for (const other of others) expect(other).toEqual(first);
    expect(sets.map(({ verified }) => verified)).toEqual([false, false, false, false]);
    const names = Object.keys(files);
    expect(sets.map(({ hashes }) => Object.keys(hashes))).toEqual([
      names,
      names,
      names,
      ['cifar-10-binary.tar.gz', ...names],
    ]);
  });

  it('prefers the archive, which can be verified, to the folder', async () => {
    const paths: string[] = [];
    const both = reader({ ...folder, 'cifar-10-binary.tar.gz': await gzip(archive) });
    await load('cifar-10', { read: (path) => (paths.push(path), both(path)), verify: false });
    expect(paths).toEqual(['cifar-10-binary.tar.gz']);
  });

  it('reads CIFAR-100 with its coarse labels', async () => {
    const read = reader({
      'cifar-100-binary/train.bin': records([[1, 2]]),
      'cifar-100-binary/test.bin': records([[3, 4]]),
    });
    const { train, test } = await load('cifar-100', { read, verify: false });
    expect([train.labels[0], train.coarse?.labels[0], test.labels[0], test.coarse?.labels[0]]).toEqual([
      2, 1, 4, 3,
    ]);
  });

  it('refuses an archive that is not the published one, with both hashes', async () => {
    await expect(
      load('cifar-10', { read: reader({ 'cifar-10-binary.tar.gz': await gzip(archive) }) }),
    ).rejects.toThrowError(coded('DATA_CORRUPT', /sha256 c4a38c50.*found [0-9a-f]{64} .*too few/));
  });

  it('refuses files of another size than the published ones', async () => {
    await expect(load('cifar-10', { read: reader(folder) })).rejects.toThrowError(
      coded('DATA_CORRUPT', /data_batch_1.*expected content of 30730000 bytes.*3073 bytes, 30726927 too few/),
    );
  });

  it('refuses an archive that lacks a file, is cut or is none', async () => {
    const lacking = tar({ name: 'cifar-10-batches-bin/data_batch_1.bin', content: record([1], 1) });
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [await gzip(lacking), /expected an entry cifar-10-batches-bin\/data_batch_2.bin, found .*data_batch_1/],
      [new TextEncoder().encode('<html>quota</html>'), /begins "<html>quota/],
      [(await gzip(archive)).subarray(0, -30), /damaged or cut/],
      [new Uint8Array(0), /empty/],
    ];
    for (const [bytes, message] of cases)
      await expect(
        load('cifar-10', { read: reader({ 'cifar-10-binary.tar.gz': bytes }), verify: false }),
      ).rejects.toThrowError(coded('DATA_CORRUPT', message));
  });

  it('is missing when there is neither, and says which file a folder lacks', async () => {
    await expect(load('cifar-10', { read: reader({}) })).rejects.toThrowError(
      coded('DATA_MISSING', /cifar-10-binary\.tar\.gz/),
    );
    const { 'cifar-10-batches-bin/data_batch_3.bin': _, ...rest } = folder;
    await expect(load('cifar-10', { read: reader(rest), verify: false })).rejects.toThrowError(
      coded('DATA_MISSING', /data_batch_3/),
    );
  });
});
