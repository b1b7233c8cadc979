/**
 * From distances to bytes: ink over paper by how much of a pixel the pen covers, plus noise.
 *
 * In colour the paper has two colours, mixed by a smooth random weight (value noise: uniform numbers at the points
 * of a lattice, linear between them), so that the background has edges and gradients of its own. All colours are
 * drawn without regard to the class.
 */
import type { ProceduralStyle } from './procedural-style.ts';
import { inkCoverage, type DistanceField } from './raster.ts';
import type { WordStream } from './word-stream.ts';

// Two uniform bytes summed have mean 255 and variance 2 (256^2 - 1)/12; this is the standard deviation.
const TWO_BYTES_DEVIATION = 104.51;

/** The levels of one channel. */
interface Levels {
  readonly ink: number;
  readonly paper: number;
  /** The level of the other paper, less that of the first. */
  readonly change: number;
}

/**
 * Writes one image of `channels` channels to `images` from byte `start`. The strokes are those in `field`, drawn by
 * a pen of `radius` pixels.
 */
export function develop(
  field: DistanceField,
  radius: number,
  style: ProceduralStyle,
  stream: WordStream,
  images: Uint8Array,
  start: number,
  channels: number,
): void {
  const ink = stream.between(style.ink, 1);
  const paper = stream.between(0, style.paper);
  const inverted = stream.between(0, 1) < style.inverted;
  const other = channels > 1 ? stream.between(0, style.paper) : paper;
  const levels = Array.from({ length: channels }, (): Levels => {
    const tint = (): number => (channels > 1 ? stream.between(-style.tint, style.tint) : 0);
    const [over, under, besides] = [ink + tint(), paper + tint(), other + tint()];
    return inverted
      ? { ink: 1 - over, paper: 1 - under, change: under - besides }
      : { ink: over, paper: under, change: besides - under };
  });
  const mixture = channels > 1 ? valueNoise(field.width, field.height, style, stream) : undefined;
  const gain = style.noise / TWO_BYTES_DEVIATION;
  let word = 0;
  for (let pixel = 0; pixel < field.squared.length; pixel++) {
    const coverage = inkCoverage(field.squared[pixel] ?? Infinity, radius);
    const mixed = mixture?.[pixel] ?? 0;
    for (let channel = 0; channel < channels; channel++) {
      const at = pixel * channels + channel;
      // One word serves two values: the low half first, then the high half.
      word = at % 2 === 0 ? stream.next() : word >>> 16;
      const noise = ((word & 255) + ((word >>> 8) & 255) - 255) * gain;
      const level = levels[channel];
      if (!level) continue;
      const paperHere = level.paper + level.change * mixed;
      const value = paperHere + (level.ink - paperHere) * coverage + noise;
      images[start + at] = Math.max(0, Math.min(255, Math.floor(value * 255 + 0.5)));
    }
  }
}

/**
 * A weight in [0, 1] for each pixel, [height, width]: uniform at lattice points `grain` apart, linear between, and
 * then stretched twofold about 1/2 and cut, so that there are patches of either paper and not their mean alone.
 */
function valueNoise(width: number, height: number, style: ProceduralStyle, stream: WordStream): Float64Array {
  const spacing = Math.max(1, stream.between(...style.grain) * width);
  // Where the lattice begins, so that images do not share the places of its points.
  const left = stream.between(0, 1);
  const top = stream.between(0, 1);
  const columns = Math.floor(width / spacing + left) + 2;
  const rows = Math.floor(height / spacing + top) + 2;
  const lattice = Float64Array.from({ length: rows * columns }, () => stream.between(0, 1));
  const weights = new Float64Array(width * height);
  for (let row = 0; row < height; row++) {
    const y = top + (row + 0.5) / spacing;
    const above = Math.floor(y);
    for (let column = 0; column < width; column++) {
      const x = left + (column + 0.5) / spacing;
      const before = Math.floor(x);
      const at = above * columns + before;
      const upper = between(lattice[at] ?? 0, lattice[at + 1] ?? 0, x - before);
      const lower = between(lattice[at + columns] ?? 0, lattice[at + columns + 1] ?? 0, x - before);
      const mixed = 2 * between(upper, lower, y - above) - 0.5;
      weights[row * width + column] = Math.max(0, Math.min(1, mixed));
    }
  }
  return weights;
}

function between(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
