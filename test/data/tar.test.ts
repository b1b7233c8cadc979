import { describe, expect, it } from 'vitest';
import { readTar } from '../../data/tar.ts';
import { LangevinError } from '../../engine/graph/errors.ts';
import { joined, tar, type TarEntry } from './tar-bytes.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
/** What the reader says against these bytes, or that it took them. */
const refusal = (bytes: Uint8Array): string => {
  try {
    readTar(bytes, 'a.tar');
    return 'taken';
  } catch (error) {
    if (error instanceof LangevinError && error.code === 'DATA_CORRUPT') return error.message;
    throw error;
  }
};
/** The same to an archive whose second entry is this. */
const refused = (entry: TarEntry): string => refusal(tar({ name: 'sound' }, entry));

describe('the tar reader', () => {
  it('gives the regular files by name, and passes folders over', () => {
    const long = Uint8Array.from({ length: 1300 }, (_, i) => i % 251);
    const files = readTar(
      tar(
        { name: 'folder/', kind: '5' },
        { name: 'folder/a', content: long },
        { name: 'empty' },
        { name: './b', content: text('bee'), kind: '\0' },
      ),
      'a.tar',
    );
    expect([...files.keys()]).toEqual(['folder/a', 'empty', 'b']);
    expect(files.get('folder/a')).toEqual(long);
    expect(files.get('b')).toEqual(text('bee'));
  });

  it('reads the formats of POSIX, of GNU tar and of the seventh edition', () => {
    const content = text('x');
    const prefix = 'some/where';
    expect([...readTar(tar({ name: 'a', content, prefix }), 'f').keys()]).toEqual(['some/where/a']);
    // GNU's older format keeps times where POSIX has the prefix.
    const gnu = { name: 'a', content, magic: 'ustar  \0', prefix: '12345670123' };
    expect([...readTar(tar(gnu), 'f').keys()]).toEqual(['a']);
    expect([...readTar(tar({ name: 'a', content, magic: '' }), 'f').keys()]).toEqual(['a']);
  });

  it('passes over extended headers of times and owners, and refuses those that rename or resize', () => {
    const times: TarEntry = { name: 'PaxHeaders/a', kind: 'x', content: text('20 mtime=1250000.5\n') };
    expect([...readTar(tar(times, { name: 'a' }), 'f').keys()]).toEqual(['a']);
    for (const field of ['path', 'size', 'linkpath', 'GNU.sparse.major'])
      for (const kind of ['x', 'g'])
        expect(refused({ name: 'p', kind, content: text(`9 a=b\n20 ${field}=../../x\n`) })).toMatch(
          new RegExp(field),
        );
    expect(refused({ name: 'p', kind: 'x', content: new Uint8Array(70_000) })).toMatch(/70000 bytes/);
  });

  it('refuses names that are absolute, climb or are empty', () => {
    for (const name of ['../x', 'a/../../x', '/etc/passwd', 'a/..', '..', 'C:/x', 'a\\..\\..\\x', '', 'a//b'])
      expect(refused({ name })).toMatch(/names inside the archive/);
    expect(refused({ name: 'x', prefix: '../..' })).toMatch(/names inside the archive/);
    expect(refused({ name: '../x/', kind: '5' })).toMatch(/names inside the archive/);
  });

  it('refuses links, devices, pipes and whatever is no regular file, by what they are', () => {
    const kinds = { 1: 'hard link', 2: 'symbolic link', 3: 'character device', 4: 'block device', 6: 'pipe' };
    for (const [kind, what] of Object.entries(kinds))
      expect(refused({ name: 'x', kind })).toMatch(new RegExp(`"x".* a ${what}`));
    for (const kind of ['7', 'L', 'S', 'Z']) expect(refused({ name: 'x', kind })).toMatch(/regular files/);
  });

  it('refuses sizes above what is there, and sizes that are no octal number', () => {
    expect(refused({ name: 'x', size: '77777777777\0' })).toMatch(/8589934591 bytes of "x", found 1024/);
    expect(refused({ name: 'x', size: '00000002001\0' })).toMatch(/cut short/);
    // GNU writes sizes above 8 GiB in base 256, marked by the first bit.
    for (const size of ['\x80\0\0\0\0\0\0\0\0\0\0\x01', '-1', '9', '', '1e3'])
      expect(refused({ name: 'x', size })).toMatch(/octal/);
  });

  it('refuses more entries than any data set has, at the first one too many', () => {
    const many = (count: number): Uint8Array =>
      tar(...Array.from({ length: count }, (_, i) => ({ name: `${i}` })));
    expect(readTar(many(1000), 'f').size).toBe(1000);
    expect(refusal(many(1001))).toMatch(/at most 1000 entries/);
  });

  it('refuses the same name twice', () => {
    expect(refusal(tar({ name: 'a' }, { name: './a' }))).toMatch(/"a" twice/);
  });

  it('refuses a wrong checksum, saying where', () => {
    expect(refused({ name: 'x', checksum: 1 })).toMatch(/checksum \d+ at byte 512, found 1/);
    const bytes = tar({ name: 'sound' });
    bytes[0] = 0x53;
    expect(refusal(bytes)).toMatch(/checksum/);
  });

  it('refuses an archive cut anywhere', () => {
    const whole = tar({ name: 'a', content: new Uint8Array(600).fill(7) }, { name: 'b' });
    const ends = whole.length - 1024;
    for (const length of [1, 100, 511, 512, 600, 1111, 1112, 1536, 2047, ends, ends + 1, ends + 511])
      expect(refusal(whole.subarray(0, length))).toMatch(/cut short|end of the file/);
    expect(refusal(new Uint8Array(0))).toMatch(/empty/);
  });

  it('refuses bytes after the end mark, and another format', () => {
    expect(refusal(joined([tar({ name: 'a' }), tar({ name: 'b' })]))).toMatch(/after the end mark/);
    expect(refusal(text(`<html>${' '.repeat(600)}</html>`))).toMatch(/checksum.*begins "<html>/);
    expect(refusal(text('<html>'))).toMatch(/begins "<html>"/);
  });
});
