/**
 * The default data set: handwritten-looking figures, drawn by this file, so that every experiment runs
 * without a network and on the same bytes everywhere.
 *
 * Image i of a part is a function of (seed, part, i) alone: the first n images of a large set are the small
 * set of n. Labels come in blocks of ten that hold each class once, in random order. Everything is computed
 * with integer operations and + - * /, which round alike on every platform; a test pins the hash.
 *
 * The difficulty is chosen, and held by tests: a linear classifier stays under 80 % on unseen images while a
 * small multilayer perceptron reaches 85 to 95 %. Two things keep the linear one down without asking for many
 * images: each class has two ways of being written, and nearly a fifth of the images is dark ink on light paper,
 * which turns the sign of every linear feature. The rest (placement, wobble, pen, contrast, noise, stray
 * marks) is what sets the ceiling of the perceptron.
 */
import { foldInWords, seedWords, type Words } from '../engine/random/threefry.ts';
import { fail } from '../engine/graph/errors.ts';
import { checkImageSet, type ImageSet } from './dataset.ts';
import { glyphs } from './glyphs.ts';
import { addSegment, clearField, emptyField, inkCoverage, type DistanceField } from './raster.ts';
import { tracePen, type Placement } from './pen.ts';
import { wordStream, type WordStream } from './word-stream.ts';

/** How varied the figures are. Lengths are shares of the image's side, grey levels of the full range. */
export interface ProceduralStyle {
  /** Largest rotation either way: twice the arc tangent of half this value, about radians. */
  readonly rotation: number;
  /** Largest horizontal shear either way, as x per y. */
  readonly shear: number;
  /** Range of the height of the unit square a figure is drawn in. */
  readonly scale: readonly [number, number];
  /** Largest change of width to height either way, as a share. */
  readonly aspect: number;
  /** Largest displacement of the centre either way, along each axis. */
  readonly shift: number;
  /** Largest displacement of each control point either way, in the unit square of the figure. */
  readonly wobble: number;
  /** Range of the pen's radius, in pixels of a 28-pixel image. */
  readonly pen: readonly [number, number];
  /** Least grey level of the ink; the most is 1. */
  readonly ink: number;
  /** Greatest grey level of the paper; the least is 0. */
  readonly paper: number;
  /** Standard deviation of the noise of each pixel (triangular). */
  readonly noise: number;
  /** Stray marks per image, and the most each may extend along an axis. */
  readonly marks: number;
  readonly markLength: number;
  /** Share of images drawn dark on light instead of light on dark. */
  readonly inverted: number;
  /** Largest difference of each channel from the grey of ink and paper; without effect on one channel. */
  readonly tint: number;
}

/** The style whose difficulty the tests hold. */
export const defaultStyle: ProceduralStyle = {
  rotation: 0.19,
  shear: 0.15,
  scale: [0.77, 0.95],
  aspect: 0.17,
  shift: 0.04,
  wobble: 0.025,
  pen: [0.7, 1.5],
  ink: 0.36,
  paper: 0.22,
  noise: 0.175,
  marks: 2,
  markLength: 0.3,
  inverted: 0.18,
  tint: 0.25,
};

/** What {@link procedural} draws. */
export interface ProceduralOptions {
  /** Number of images. */
  readonly count: number;
  /** The part of the data set: each part is an independent stream. */
  readonly part: 'train' | 'test';
  /** A non-negative safe integer. Default 0. */
  readonly seed?: number;
  /** Height and width in pixels. Default 28. */
  readonly size?: number;
  /** 1 for grey, 3 for colour. Default 1. */
  readonly channels?: number;
  /** Changes to {@link defaultStyle}. */
  readonly style?: Partial<ProceduralStyle>;
}

/** The names of the ten figures, by label. */
export const proceduralClasses: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const PART = { train: 0, test: 1 } as const;
// Streams under the key of a part: one for labels, by block, and one for images, by index.
const LABELS = 0;
const IMAGES = 1;

/**
 * Draws `count` images of one part of the procedural data set.
 * @throws `DATA_INVALID` for a count, size, channel count or seed that is not a sensible integer.
 */
export function procedural(options: ProceduralOptions): ImageSet {
  const { count, part, seed = 0, size = 28, channels = 1 } = options;
  const style: ProceduralStyle = { ...defaultStyle, ...options.style };
  requireInteger('count', count, 0, 100_000_000);
  requireInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('size', size, 8, 1024);
  requireInteger('channels', channels, 1, 4);

  const key = foldInWords(seedWords(seed), PART[part]);
  const images = new Uint8Array(count * size * size * channels);
  const labels = proceduralLabels(foldInWords(key, LABELS), count);
  const imagesKey = foldInWords(key, IMAGES);
  const field = emptyField(size, size);
  for (let index = 0; index < count; index++) {
    const stream = wordStream(foldInWords(imagesKey, index));
    const radius = drawFigure(field, labels[index] ?? 0, style, stream);
    develop(field, radius, style, stream, images, index, channels);
  }
  return checkImageSet({
    name: `procedural ${part}`,
    images,
    labels,
    count,
    height: size,
    width: size,
    channels,
    classes: proceduralClasses,
  });
}

/** Labels of `count` examples: in each block of ten every class once, in an order of its own. */
function proceduralLabels(key: Words, count: number): Uint8Array {
  const labels = new Uint8Array(count);
  const classes = glyphs.length;
  for (let start = 0; start < count; start += classes) {
    const block = glyphs.map((_, label) => label);
    const stream = wordStream(foldInWords(key, start / classes));
    for (let last = classes - 1; last > 0; last--) {
      const other = stream.below(last + 1);
      [block[last], block[other]] = [block[other] ?? 0, block[last] ?? 0];
    }
    labels.set(block.slice(0, count - start), start);
  }
  return labels;
}

/** Puts the strokes of one figure and the stray marks into `field`; returns the pen's radius in pixels. */
function drawFigure(field: DistanceField, label: number, style: ProceduralStyle, stream: WordStream): number {
  const size = field.width;
  const allographs = glyphs[label] ?? [];
  const glyph = allographs[stream.below(allographs.length)] ?? [];
  const place = randomPlacement(size, style, stream);
  const radius = (stream.between(...style.pen) * size) / 28;
  const reach = radius + 0.5;
  clearField(field);
  for (const stroke of glyph)
    tracePen(stroke, place, style.wobble, stream, (x0, y0, x1, y1) =>
      addSegment(field, x0, y0, x1, y1, reach),
    );
  const length = style.markLength * size;
  for (let mark = 0; mark < style.marks; mark++) {
    const x = stream.between(0, size);
    const y = stream.between(0, size);
    addSegment(field, x, y, x + stream.between(-length, length), y + stream.between(-length, length), reach);
  }
  return radius;
}

/**
 * A random affine map from the unit square to pixels. The rotation by a goes through t = tan(a/2), with
 * cos a = (1 - t^2)/(1 + t^2) and sin a = 2t/(1 + t^2), which needs no trigonometric function.
 */
function randomPlacement(size: number, style: ProceduralStyle, stream: WordStream): Placement {
  const t = stream.between(-style.rotation, style.rotation) / 2;
  const cosine = (1 - t * t) / (1 + t * t);
  const sine = (2 * t) / (1 + t * t);
  const shear = stream.between(-style.shear, style.shear);
  const scale = stream.between(...style.scale) * size;
  const aspect = 1 + stream.between(-style.aspect, style.aspect);
  const centreX = size * (0.5 + stream.between(-style.shift, style.shift));
  const centreY = size * (0.5 + stream.between(-style.shift, style.shift));
  return (x, y) => {
    const u = (x - 0.5 + shear * (0.5 - y)) * aspect;
    const v = y - 0.5;
    return [centreX + scale * (cosine * u - sine * v), centreY + scale * (sine * u + cosine * v)];
  };
}

// Two uniform bytes summed have mean 255 and variance 2 (256^2 - 1)/12; this is the standard deviation.
const TWO_BYTES_DEVIATION = 104.51;

/** Turns distances into bytes: ink over paper by coverage, plus noise, into image `index` of `images`. */
function develop(
  field: DistanceField,
  radius: number,
  style: ProceduralStyle,
  stream: WordStream,
  images: Uint8Array,
  index: number,
  channels: number,
): void {
  const ink = stream.between(style.ink, 1);
  const paper = stream.between(0, style.paper);
  const inverted = stream.between(0, 1) < style.inverted;
  const levels = Array.from({ length: channels }, () => {
    const tint = (): number => (channels > 1 ? stream.between(-style.tint, style.tint) : 0);
    const [over, under] = [ink + tint(), paper + tint()];
    return inverted ? { ink: 1 - over, paper: 1 - under } : { ink: over, paper: under };
  });
  const gain = style.noise / TWO_BYTES_DEVIATION;
  const start = index * field.squared.length * channels;
  let word = 0;
  for (let pixel = 0; pixel < field.squared.length; pixel++) {
    const coverage = inkCoverage(field.squared[pixel] ?? Infinity, radius);
    for (let channel = 0; channel < channels; channel++) {
      const at = pixel * channels + channel;
      // One word serves two values: the low half first, then the high half.
      word = at % 2 === 0 ? stream.next() : word >>> 16;
      const noise = ((word & 255) + ((word >>> 8) & 255) - 255) * gain;
      const level = levels[channel];
      if (!level) continue;
      const value = level.paper + (level.ink - level.paper) * coverage + noise;
      images[start + at] = Math.max(0, Math.min(255, Math.floor(value * 255 + 0.5)));
    }
  }
}

function requireInteger(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high)
    fail('DATA_INVALID', `procedural: ${what} must be an integer from ${low} to ${high}, found ${value}.`);
}
