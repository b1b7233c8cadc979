/**
 * A PNG picture as a record of CIFAR's binary format: the label, then 1024 red, 1024 green and 1024 blue bytes. Greyscale pictures
 * become ones of three equal channels and palettes are looked up, as every reader of such sets does; what would lose something (16
 * bits, transparency, another size) is refused. Decoding is fast-png's, which is loaded when the first picture is to be read.
 */
import { LangevinError } from '../../engine/graph/errors.ts';
import { corrupt, preview } from '../corrupt.ts';

const SIDE = 32;
const PLANE = SIDE * SIDE;

/** Bytes of a record. */
export const RECORD: number = 1 + 3 * PLANE;

/** Makes a record of a picture. @throws `DATA_CORRUPT` naming `file` */
export type PngRecord = (bytes: Uint8Array, label: number, file: string) => Uint8Array;

/** Loads the decoder. */
export async function pngRecord(): Promise<PngRecord> {
  const { convertIndexedToRgb, decode } = await import('fast-png');
  /** Bytes per pixel, and how many. */
  const pixelsOf = (
    bytes: Uint8Array,
    file: string,
  ): { readonly data: Uint8Array; readonly channels: number } => {
    const picture = decode(bytes, { checkCrc: true });
    const { palette, transparency, depth, channels } = picture;
    if (palette) return { data: convertIndexedToRgb(picture), channels: palette[0]?.length ?? 3 };
    if (depth !== 8) corrupt(file, `expected 8 bits per channel, found ${depth}`);
    if (transparency) corrupt(file, 'expected an opaque picture, found a transparent colour');
    return { data: picture.data as Uint8Array, channels };
  };
  return (bytes, label, file) => {
    checkHead(bytes, file);
    const { data, channels } = sound(file, () => pixelsOf(bytes, file));
    const colours = channels < 3 ? 1 : 3;
    const record = new Uint8Array(RECORD);
    record[0] = label;
    for (let pixel = 0; pixel < PLANE; pixel++) {
      const at = pixel * channels;
      if (channels > colours && data[at + colours] !== 255)
        corrupt(file, `expected an opaque picture, found a pixel of opacity ${data[at + colours]} of 255`);
      for (let channel = 0; channel < 3; channel++)
        record[1 + channel * PLANE + pixel] = data[at + (colours === 1 ? 0 : channel)] ?? 0;
    }
    return record;
  };
}

/** Signature and size, before anything is allocated by them: the first chunk is IHDR, width and height its first words. */
function checkHead(bytes: Uint8Array, file: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 24 || view.getUint32(0) !== 0x89504e47)
    corrupt(file, `expected a PNG picture, found ${bytes.length} bytes: ${preview(bytes)}`);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width !== SIDE || height !== SIDE)
    corrupt(file, `expected a picture of ${SIDE}x${SIDE}, found one of ${width}x${height}`);
}

function sound<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LangevinError) throw error;
    return corrupt(file, `expected a sound PNG picture, found a damaged one (${String(error)})`, error);
  }
}
