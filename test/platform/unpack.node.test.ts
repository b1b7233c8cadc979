import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Archive, tarFiles, unpack } from '../../engine/gpu/node/unpack.ts';

let archive: Archive;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'langevin-test-'));
  archive = { folder, cache: mkdtempSync(join(tmpdir(), 'langevin-test-')) };
});
afterEach(() => [archive.folder, archive.cache].forEach((path) => rmSync(path, { recursive: true })));

/** One entry of a tar archive: header, content, padding. */
function entry(path: string, content: string, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body]);
}

const END = Buffer.alloc(1024);

test('an archive is unpacked once: the second time nothing is read', () => {
  const file = join(archive.folder, 'driver.tar.br');
  writeFileSync(
    file,
    brotliCompressSync(Buffer.concat([entry('lib/a.so', 'A'.repeat(600)), entry('b.json', '{}'), END])),
  );
  const folder = unpack(archive, 'driver', ['driver.tar.br']);
  expect(readFileSync(join(folder, 'lib/a.so'), 'utf8')).toBe('A'.repeat(600));
  rmSync(file);
  expect(unpack(archive, 'driver', ['driver.tar.br'])).toBe(folder);
});

test('a single file becomes an executable', () => {
  writeFileSync(join(archive.folder, 'tool.br'), brotliCompressSync(Buffer.from('#!/bin/sh\n')));
  const folder = unpack(archive, 'tool', ['tool.br']);
  expect(statSync(join(folder, 'tool')).mode & 0o111).toBe(0o111);
});

test('an archive that breaks off leaves nothing behind', () => {
  writeFileSync(
    join(archive.folder, 'bad.tar.br'),
    brotliCompressSync(entry('a', 'A'.repeat(600)).subarray(0, 700)),
  );
  expect(() => unpack(archive, 'bad', ['bad.tar.br'])).toThrow('"a"');
  expect(readdirSync(archive.cache)).toEqual([]);
});

test.each(['../escape', '/etc/escape', 'a/../../escape'])('an entry may not leave the folder: %s', (path) => {
  expect(() => [...tarFiles(Buffer.concat([entry(path, 'x'), END]))]).toThrow('unpacked safely');
});

test('folders and links of an archive are passed over', () => {
  const tar = Buffer.concat([entry('lib', '', '5'), entry('lib/a', 'x'), entry('link', '', '2'), END]);
  expect([...tarFiles(tar)].map((file) => file.path)).toEqual(['lib/a']);
});
