/**
 * Unpacks what the package @sparticuz/chromium carries (a Vulkan driver with its loader, a browser, the browser's
 * libraries) once per machine. Code is loaded from the result, so a half-written folder must never be seen: everything
 * is written beside the target and renamed into place, and whichever process renames first wins.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

export interface Archive {
  /** Folder of the .br files. */
  readonly folder: string;
  /** Where unpacked files may be kept; created, writable, and owned by this user. */
  readonly cache: string;
}

/** Locates the package, or undefined where it is not installed or its binaries are for another machine. */
export function findArchive(): Archive | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  let main: string;
  try {
    main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  } catch {
    return undefined;
  }
  const root = main.slice(0, main.lastIndexOf('@sparticuz') + '@sparticuz/chromium'.length);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { folder: join(root, 'bin'), cache: cacheFolder(dirname(dirname(root)), version) };
}

/** node_modules/.cache where it can be written, else a folder of this user's own in the temporary directory. */
function cacheFolder(nodeModules: string, version: string): string {
  const folder = join(nodeModules, '.cache', 'langevin', `chromium-${version}`);
  try {
    mkdirSync(folder, { recursive: true });
    rmSync(mkdtempSync(join(folder, 'probe-')), { recursive: true });
    return folder;
  } catch {
    return privateTemporaryFolder(`langevin-${process.getuid?.() ?? 0}-chromium-${version}`);
  }
}

/** A predictable name under /tmp could be someone else's trap, so the folder must be ours and closed to others. */
function privateTemporaryFolder(name: string): string {
  const folder = join(tmpdir(), name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(folder);
  const safe = uid === process.getuid?.() && (mode & 0o022) === 0;
  return safe ? folder : mkdtempSync(join(tmpdir(), 'langevin-'));
}

/**
 * The folder `name` in the archive's cache, filled on first use with the contents of `files`: a `.tar.br` gives its
 * files, another `.br` gives one executable of that name.
 */
export function unpack(archive: Archive, name: string, files: readonly string[]): string {
  const target = join(archive.cache, name);
  if (existsSync(target)) return target;
  const staging = mkdtempSync(join(archive.cache, `${name}-`));
  try {
    for (const file of files) {
      const content = brotliDecompressSync(readFileSync(join(archive.folder, file)));
      if (file.endsWith('.tar.br')) {
        for (const entry of tarFiles(content)) {
          mkdirSync(dirname(join(staging, entry.path)), { recursive: true });
          writeFileSync(join(staging, entry.path), entry.content, { mode: 0o755 });
        }
      } else writeFileSync(join(staging, basename(file, '.br')), content, { mode: 0o755 });
    }
    renameSync(staging, target);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

interface TarFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * The regular files of a tar archive. Each entry is a 512-byte header (name at 0, size in octal at 124, type at 156)
 * followed by its content, padded to 512 bytes; an empty name ends the archive (POSIX.1-1988, ustar).
 */
export function* tarFiles(archive: Uint8Array): Generator<TarFile> {
  const text = (from: number, length: number): string =>
    Buffer.from(archive.subarray(from, from + length))
      .toString('latin1')
      .split('\0', 1)[0] ?? '';
  for (let at = 0; at + 512 <= archive.length;) {
    const path = text(at, 100);
    if (path === '') return;
    const size = parseInt(text(at + 124, 12), 8);
    const type = text(at + 156, 1);
    const content = archive.subarray(at + 512, at + 512 + size);
    if (path.startsWith('/') || path.split('/').includes('..') || content.length !== size) {
      throw new Error(`Not a tar archive that can be unpacked safely: entry ${JSON.stringify(path)}.`);
    }
    if (type === '0' || type === '') yield { path, content };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
