/**
 * Decompression of gzip files (RFC 1952), on the DecompressionStream that browsers and Node share.
 *
 * The platforms disagree about bytes after the end of the stream: browsers refuse them, Node passes trailing
 * zeros over. The last four bytes of a sound file are the decompressed length modulo 2^32 (ISIZE), so
 * comparing them with what came out refuses trailing bytes everywhere.
 */
import { corrupt, preview } from './corrupt.ts';

interface Chunks {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

interface Sink {
  getWriter(): { write(chunk: Uint8Array): Promise<void>; close(): Promise<void> };
}

// The core of data/ loads neither the DOM's nor Node's types; this is the one global of theirs it needs here.
interface StreamGlobals {
  readonly DecompressionStream: new (format: 'gzip') => {
    readonly readable: Chunks;
    readonly writable: Sink;
  };
}

/** Whether `bytes` begin with the two magic bytes of gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The decompressed content of a gzip file of one member.
 * @param limit the most bytes the content may have; a file that holds more is refused before it fills the
 *   memory.
 * @throws `DATA_CORRUPT` when the file is not gzip (its first bytes are shown), is cut short, fails its
 *   checksum, has bytes after its end or exceeds `limit`.
 */
export async function gunzip(bytes: Uint8Array, file: string, limit: number): Promise<Uint8Array> {
  if (bytes.length === 0) corrupt(file, 'expected a gzip file, found an empty file');
  if (!isGzip(bytes)) corrupt(file, `expected a gzip file (1f 8b), but ${preview(bytes)}`);
  // 18 bytes: the smallest header and trailer. Below that there is no ISIZE to read.
  if (bytes.length < 18) corrupt(file, `expected a gzip file, found only ${bytes.length} bytes of one`);

  const { DecompressionStream } = globalThis as unknown as StreamGlobals;
  const stream = new DecompressionStream('gzip');
  const writer = stream.writable.getWriter();
  // A failed write also fails the read below, which is where it is reported.
  const written = writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  const reader = stream.readable.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (!chunk.value) continue;
      chunks.push(chunk.value);
      length += chunk.value.length;
      if (length > limit) break;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
    corrupt(
      file,
      `expected a sound gzip file of ${bytes.length} bytes, found a damaged or cut one: ${reason}${cause}`,
      error,
    );
  }
  if (length > limit) {
    await reader.cancel();
    corrupt(file, `expected at most ${limit} bytes once decompressed, found more`);
  }
  await written;

  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(
    bytes.length - 4,
    true,
  );
  if (size !== length % 0x100000000)
    corrupt(
      file,
      `expected the file to end with its length ${length}, found ${size}, so bytes trail its end`,
    );

  const content = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    content.set(chunk, offset);
    offset += chunk.length;
  }
  return content;
}
