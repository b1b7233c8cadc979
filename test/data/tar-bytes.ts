/** Tar archives for tests, sound and hostile. */

/** One entry; what is not given is as a sound archive of POSIX has it. */
export interface TarEntry {
  readonly name: string;
  readonly content?: Uint8Array;
  /** Default `0`, a regular file. */
  readonly kind?: string;
  /** The text of the size field. Default: the content's length. */
  readonly size?: string;
  /** The six bytes at 257 and two after. Default: those of POSIX. */
  readonly magic?: string;
  readonly prefix?: string;
  readonly checksum?: number;
}

/** The bytes of one header and its content, padded. */
function tarEntry({ name, content = new Uint8Array(0), kind = '0', ...rest }: TarEntry): Uint8Array {
  const header = new Uint8Array(512);
  const put = (at: number, text: string): void => {
    for (let i = 0; i < text.length; i++) header[at + i] = text.charCodeAt(i);
  };
  put(0, name);
  put(100, '0000644\0');
  put(124, rest.size ?? `${content.length.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(148, '        ');
  put(156, kind);
  put(257, rest.magic ?? 'ustar\x0000');
  put(345, rest.prefix ?? '');
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${(rest.checksum ?? sum).toString(8).padStart(6, '0')}\0 `);
  const padded = new Uint8Array(512 + 512 * Math.ceil(content.length / 512));
  padded.set(header);
  padded.set(content, 512);
  return padded;
}

/** An archive of these entries, with the two blocks of zeros at its end. */
export function tar(...entries: readonly TarEntry[]): Uint8Array {
  return joined([...entries.map(tarEntry), new Uint8Array(1024)]);
}

/** Arrays one after the other. */
export function joined(arrays: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    bytes.set(array, at);
    at += array.length;
  }
  return bytes;
}
