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
 *
 * With three channels the same figures stand in for photographs, for networks that convolve: coloured ink on paper of
 * two colours in patches, light on dark as often as dark on light, placed more freely, all without regard to the
 * class, so that colour alone says nothing and neither does any single pixel. In six epochs on 2,000 images of 32x32 a
 * linear classifier comes to 13 % of unseen ones, a perceptron 3072-128-64-10 to 52 %, three small convolutions to
 * 88 % (test/data/procedural-colour.slow.gpu.test.ts, which holds the distance).
 */
import { foldInWords, seedWords, type Words } from '../engine/random/threefry.ts';
import { fail } from '../engine/graph/errors.ts';
import { checkImageSet, type ImageSet } from './dataset.ts';
import { develop } from './develop.ts';
import { glyphs } from './glyphs.ts';
import { addSegment, clearField, emptyField, type DistanceField } from './raster.ts';
import { tracePen, type Placement } from './pen.ts';
import { colourStyle, defaultStyle, type ProceduralStyle } from './procedural-style.ts';
import { wordStream, type WordStream } from './word-stream.ts';

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
  /** Changes to {@link defaultStyle}, or to {@link colourStyle} where there are several channels. */
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
  const style: ProceduralStyle = { ...(channels > 1 ? colourStyle : defaultStyle), ...options.style };
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
    develop(field, radius, style, stream, images, index * size * size * channels, channels);
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

function requireInteger(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high)
    fail('DATA_INVALID', `procedural: ${what} must be an integer from ${low} to ${high}, found ${value}.`);
}
