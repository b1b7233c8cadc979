/**
 * A tar archive as it comes, entry by entry: for archives that are larger than memory should hold. It accepts what `tar.ts`
 * does, but for two things that only whole archives can be asked for: it does not remember names, so one that comes twice is
 * given twice, and it stops at the end mark.
 */
import { corrupt } from './corrupt.ts';
import { BLOCK, checkExtension, fileKey, isExtension, isZero, paddedSize, readHeader } from './tar-header.ts';

/** A regular file of an archive. */
export interface TarFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * The regular files whose name is `wanted`, in their order; what is not is passed over without being held.
 * @param chunks the decompressed archive, in pieces of any size
 * @param file the name that errors show
 * @param limit the most bytes a wanted file may have
 * @throws `DATA_CORRUPT` as `readTar`, or when a wanted file is larger
 */
export async function* streamTar(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  { wanted, limit }: { readonly wanted: (name: string) => boolean; readonly limit: number },
): AsyncGenerator<TarFile> {
  const source = reader(chunks, file);
  try {
    for (;;) {
      const at = source.position();
      const block = await source.take(BLOCK, 'a header or the end mark');
      if (isZero(block)) return;
      const header = readHeader(block, file, at);
      const { name, size } = header;
      const what = `${size} bytes of ${JSON.stringify(name)}`;
      const key = isExtension(header) ? undefined : fileKey(header, file);
      const held = isExtension(header) || (key !== undefined && wanted(key));
      if (held && size > limit) corrupt(file, `expected at most ${limit} bytes, found ${what}`);
      const content = held ? (await source.take(paddedSize(size), what)).subarray(0, size) : undefined;
      if (!content) await source.skip(paddedSize(size), what);
      else if (key === undefined) checkExtension(content, file);
      else yield { name: key, content };
    }
  } finally {
    await source.close();
  }
}

/** Takes so many bytes at a time off a stream. */
function reader(chunks: AsyncIterable<Uint8Array>, file: string) {
  const iterator = chunks[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  let passed = 0;
  /** More bytes into `held`, which is empty. */
  const refill = async (what: string): Promise<void> => {
    const next = await iterator.next();
    if (next.done === true)
      corrupt(file, `expected ${what} at byte ${passed}, found the end, so the archive is cut short`);
    else held = next.value;
  };
  const drop = (count: number): Uint8Array => {
    const part = held.subarray(0, count);
    held = held.subarray(count);
    passed += part.length;
    return part;
  };
  return {
    /** Bytes taken so far. */
    position: (): number => passed,
    async take(count: number, what: string): Promise<Uint8Array> {
      if (held.length >= count) return drop(count);
      const bytes = new Uint8Array(count);
      for (let done = 0; done < count;) {
        if (held.length === 0) await refill(what);
        const part = drop(count - done);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes;
    },
    async skip(count: number, what: string): Promise<void> {
      for (let left = count; left > 0;) {
        if (held.length === 0) await refill(what);
        left -= drop(left).length;
      }
    },
    close: async (): Promise<void> => {
      await iterator.return?.();
    },
  };
}
