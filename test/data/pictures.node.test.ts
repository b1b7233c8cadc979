import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode, type ImageData } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogue, load, readCifarSet, type NamedBytes } from '../../data/node/index.ts';
import { getPictures, type PictureSet } from '../../data/node/pictures.ts';
import type { GetOptions, GotFile } from '../../data/node/get.ts';
import { coded } from './bytes.ts';
import { pixelOf, record } from './cifar-bytes.ts';
import { tar, type TarEntry } from './tar-bytes.ts';

/** Picture `image` with so many channels, of 32x32. */
function pixels(image: number, channels: number): Uint8Array {
  return Uint8Array.from({ length: 1024 * channels }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    return pixelOf(image, Math.floor(pixel / 32), pixel % 32, channel);
  });
}
const png = (
  image: number,
  change: Partial<ImageData> = {},
  interlace: 'null' | 'Adam7' = 'null',
): Uint8Array =>
  encode({ width: 32, height: 32, depth: 8, channels: 3, data: pixels(image, 3), ...change }, { interlace });

const classes = ['cat', 'dog'];
const files = { train: { name: 'train.bin', bytes: 4 * 3073 }, test: { name: 'test.bin', bytes: 3073 } };
/** As CINIC-10's: three parts, class by class, and a page. */
const entries: readonly TarEntry[] = [
  { name: './README', content: new Uint8Array(200_000) },
  { name: './train/', kind: '5' },
  { name: './train/cat/n1_1.png', content: png(0) },
  { name: './train/cat/n1_2.png', content: png(1, {}, 'Adam7') },
  { name: './train/cat/._n1_2.png', content: Uint8Array.of(1) },
  { name: './train/dog/n2_1.png', content: png(2) },
  { name: './train/dog/n2_2.png', content: png(3) },
  { name: './valid/dog/n2_3.png', content: png(4) },
  { name: './test/dog/cifar10-test-1.png', content: png(5) },
];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'langevin-pictures-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Gets a set whose published archive is `archive`, served as `served`. */
async function getSet(
  archive: Uint8Array,
  { served = archive, ...options }: GetOptions & { readonly served?: Uint8Array } = {},
): Promise<readonly GotFile[]> {
  const set: PictureSet = {
    folder: 'small',
    classes,
    pictures: {
      name: 'small.tar.gz',
      bytes: archive.length,
      md5: createHash('md5').update(archive).digest('hex'),
      files,
    },
  };
  const fetch = (): Promise<Response> => Promise.resolve(new Response(new Uint8Array(served)));
  return getPictures(set, { directory, mirrors: ['http://one/'], backoff: 1, fetch, ...options });
}
const archiveOf = (...list: readonly TarEntry[]): Uint8Array => gzipSync(tar(...list));
const contentOf = async (path: string): Promise<NamedBytes> => ({ bytes: await readFile(path), file: path });
/** The refusal of an archive in which the first picture is this, and what is then in the folder. */
async function refusal(picture: Uint8Array): Promise<string> {
  const changed = entries.with(2, { name: './train/cat/n1_1.png', content: picture });
  const said = await getSet(archiveOf(...changed)).then(
    () => 'taken',
    (error: unknown) => String(error),
  );
  await rm(join(directory, 'small.tar.gz'));
  return `${said} [${(await readdir(join(directory, 'small'))).join()}]`;
}

describe('a data set of pictures', () => {
  it("becomes files of CIFAR's format, every picture once, shuffled, and the same each time", async () => {
    const got = await getSet(archiveOf(...entries));
    expect(got.map(({ path, from }) => [path, from])).toEqual(
      ['train.bin', 'test.bin'].map((name) => [join(directory, 'small', name), 'http://one/small.tar.gz']),
    );
    const train = await readFile(join(directory, 'small', 'train.bin'));
    const found = Array.from({ length: 4 }, (_, k) =>
      train.subarray(3073 * k, 3073 * (k + 1)).toString('hex'),
    );
    const made = [0, 1, 2, 3].map((image) => Buffer.from(record([image >> 1], image)).toString('hex'));
    expect(found.toSorted()).toEqual(made.toSorted());
    expect(found).not.toEqual(made);
    const test = readCifarSet('small test', [await contentOf(join(directory, 'small', 'test.bin'))], {
      classes,
    });
    expect([[...test.labels], test.images]).toEqual([[1], pixels(5, 3)]);
    expect(got[0]?.sha256).toBe(createHash('sha256').update(train).digest('hex'));
    expect((await readdir(directory)).toSorted()).toEqual(['small', 'small.tar.gz']);

    await rm(join(directory, 'small'), { recursive: true });
    await getSet(archiveOf(...entries));
    expect(await readFile(join(directory, 'small', 'train.bin'))).toEqual(train);
  });

  it('is not fetched again when it is there, converted or as an archive, and what is cut is put aside', async () => {
    const archive = archiveOf(...entries);
    const offline = { fetch: () => Promise.reject(new Error('offline')), attempts: 1 };
    await writeFile(join(directory, 'small.tar.gz'), archive);
    expect((await getSet(archive, offline)).map(({ from }) => from)).toEqual(['cache', 'cache']);
    await rm(join(directory, 'small.tar.gz'));
    expect((await getSet(archive, offline)).map(({ from }) => from)).toEqual(['cache', 'cache']);
    await writeFile(join(directory, 'small', 'train.bin'), 'cut');
    await expect(getSet(archive, offline)).rejects.toThrowError(coded('DOWNLOAD_FAILED', /offline/));
    await writeFile(join(directory, 'small.tar.gz'), 'another archive');
    expect((await getSet(archive))[0]?.from).toBe('http://one/small.tar.gz');
    expect((await readdir(directory)).toSorted()).toEqual(['small', 'small.tar.gz', 'small.tar.gz.bad']);
    expect((await readdir(join(directory, 'small'))).toSorted()).toEqual([
      'test.bin',
      'train.bin',
      'train.bin.bad',
    ]);
  });

  it('reads greyscale pictures and palettes as colours', async () => {
    const grey = png(0, { channels: 1, data: pixels(7, 1) });
    // One bit per pixel: columns 0, 2, 4, … are red, the others blue.
    const palette = png(0, {
      channels: 1,
      depth: 1,
      data: new Uint8Array(128).fill(0b01010101),
      palette: [
        [255, 0, 0],
        [0, 0, 255],
      ],
    });
    const opaque = png(0, { channels: 4, data: pixels(0, 4).map((v, i) => (i % 4 === 3 ? 255 : v)) });
    for (const [picture, pixel] of [
      [grey, (p: number) => Array<number>(3).fill(pixels(7, 1)[p]!)],
      [palette, (p: number) => (p % 2 === 0 ? [255, 0, 0] : [0, 0, 255])],
      [opaque, (p: number) => [...pixels(0, 3).subarray(3 * p, 3 * p + 3)]],
    ] as const) {
      await getSet(archiveOf(...entries.with(8, { name: 'test/cat/n1.png', content: picture })));
      const { images } = readCifarSet('t', [await contentOf(join(directory, 'small', 'test.bin'))], {
        classes,
      });
      for (const p of [0, 1, 33, 1023]) expect([...images.subarray(3 * p, 3 * p + 3)]).toEqual(pixel(p));
      await rm(directory, { recursive: true });
    }
  });

  it('refuses pictures that would lose something, and what is none, by name', async () => {
    const narrow = encode({ width: 8, height: 32, channels: 3, depth: 8, data: new Uint8Array(768) });
    const damaged = png(0).map((byte, i) => (i === 60 ? byte ^ 4 : byte));
    for (const [picture, message] of [
      [
        narrow,
        /train\/cat\/n1_1\.png: expected a picture of 32x32, found one of 8x32; .*langevin data get.* \[\]$/,
      ],
      [png(0, { depth: 16, data: new Uint16Array(3072) }), /8 bits per channel, found 16/],
      [png(0, { channels: 4, data: pixels(0, 4) }), /opaque picture, found a pixel of opacity/],
      [png(0).subarray(0, 500), /sound PNG picture, found a damaged one/],
      [damaged, /sound PNG picture, found a damaged one/],
      [new TextEncoder().encode('GIF89a'), /expected a PNG picture, found 6 bytes/],
      [new Uint8Array(70_000), /at most 65536 bytes/],
    ] as const)
      expect(await refusal(picture)).toMatch(message);
  });

  it('refuses archives with other pictures than were published, leaving no file behind', async () => {
    const of = (list: readonly TarEntry[]): Promise<unknown> => getSet(archiveOf(...list));
    await expect(of(entries.toSpliced(3, 1))).rejects.toThrowError(
      coded('DATA_CORRUPT', /expected 4 pictures of train, found 3/),
    );
    await expect(of([...entries, { name: 'test/cat/x.png', content: png(0) }])).rejects.toThrowError(
      coded('DATA_CORRUPT', /expected 1 pictures of test, found more/),
    );
    await expect(of([...entries, { name: 'test/cow/x.png', content: png(0) }])).rejects.toThrowError(
      coded('DATA_CORRUPT', /pictures of cat, dog, found test\/cow\/x\.png/),
    );
    const cut = archiveOf(...entries).subarray(0, -600);
    await expect(getSet(cut)).rejects.toThrowError(coded('DATA_CORRUPT', /damaged|cut short/));
    await rm(join(directory, 'small.tar.gz'));
    await expect(getSet(cut, { served: archiveOf(...entries).subarray(0, -700) })).rejects.toThrowError(
      coded('DATA_CORRUPT', /md5/),
    );
    expect(await readdir(join(directory, 'small'))).toEqual([]);
    expect((await readdir(directory)).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it('stops when it is told to while it is converted, and goes on from the archive', async () => {
    const archive = archiveOf(...entries);
    const stop = new AbortController();
    const onProgress: GetOptions['onProgress'] = ({ url }) => url.includes('converted') && stop.abort();
    await expect(getSet(archive, { signal: stop.signal, onProgress })).rejects.toThrowError(
      coded('DOWNLOAD_ABORTED'),
    );
    expect((await readdir(directory)).toSorted()).toEqual(['small', 'small.tar.gz']);
    expect(await readdir(join(directory, 'small'))).toEqual([]);
    expect((await getSet(archive))[0]?.from).toBe('cache');
  });

  it('that cannot be written says so', async () => {
    await mkdir(join(directory, 'small.tar.gz'));
    await expect(getSet(archiveOf(...entries))).rejects.toThrowError(
      coded('DATA_CORRUPT', /small\.tar\.gz: expected a file/),
    );
    await writeFile(join(directory, 'file'), '');
    await expect(getSet(archiveOf(...entries), { directory: join(directory, 'file') })).rejects.toThrowError(
      coded('DATA_UNWRITABLE'),
    );
  });
});

describe('cinic-10', () => {
  it('is read from its converted files, and says how to get them', async () => {
    await expect(load('cinic-10', { directory })).rejects.toThrowError(
      coded('DATA_MISSING', /cinic-10\/train\.bin.*langevin data get cinic-10,/),
    );
    await mkdir(join(directory, 'cinic-10'));
    await writeFile(
      join(directory, 'cinic-10', 'train.bin'),
      Buffer.concat([record([9], 1), record([0], 2)]),
    );
    await writeFile(join(directory, 'cinic-10', 'test.bin'), record([3], 3));
    const { train, test, verified } = await load('cinic-10', { directory, verify: false });
    expect([[...train.labels], [...test.labels], verified]).toEqual([[9, 0], [3], false]);
    expect(train.classes).toEqual(catalogue['cifar-10'].classes);
    await expect(load('cinic-10', { directory })).rejects.toThrowError(
      coded('DATA_CORRUPT', /276570000 bytes/),
    );
  });
});
