/** Follows a stroke with the pen: control points displaced a little, placed in the image, joined by segments. */
import type { Stroke } from './glyphs.ts';
import type { WordStream } from './word-stream.ts';

/** A map from the unit square of a glyph to pixels. */
export type Placement = (x: number, y: number) => readonly [number, number];

/** Receives one straight piece of a stroke, in pixels. */
export type Segment = (x0: number, y0: number, x1: number, y1: number) => void;

// Segments per span of a curve. A span covers a few pixels, so finer pieces would not be seen.
const PIECES = 4;

/**
 * Emits the segments of `stroke`. Each control point is displaced by up to `wobble` along each axis of the
 * unit square before it is placed.
 */
export function tracePen(
  stroke: Stroke,
  place: Placement,
  wobble: number,
  stream: WordStream,
  emit: Segment,
): void {
  const points = stroke.points.map(([x, y]) => {
    const dx = stream.between(-wobble, wobble);
    return place(x + dx, y + stream.between(-wobble, wobble));
  });
  const at = (i: number): readonly [number, number] =>
    points[Math.max(0, Math.min(points.length - 1, i))] ?? [0, 0];
  for (let i = 1; i < points.length; i++) {
    if (stroke.kind === 'line') {
      emit(...at(i - 1), ...at(i));
      continue;
    }
    const span = [at(i - 2), at(i - 1), at(i), at(i + 1)] as const;
    let previous = at(i - 1);
    for (let piece = 1; piece <= PIECES; piece++) {
      const next = catmullRom(span, piece / PIECES);
      emit(...previous, ...next);
      previous = next;
    }
  }
}

type Span = readonly [
  readonly [number, number],
  readonly [number, number],
  readonly [number, number],
  readonly [number, number],
];

/**
 * The point at t of the span from b to c of a uniform Catmull-Rom spline through a, b, c, d
 * (E. Catmull, R. Rom, 1974): it passes through its control points, tangent to the chord of their neighbours.
 */
function catmullRom([a, b, c, d]: Span, t: number): readonly [number, number] {
  const coordinate = (k: 0 | 1): number => {
    const linear = c[k] - a[k];
    const square = 2 * a[k] - 5 * b[k] + 4 * c[k] - d[k];
    const cube = 3 * (b[k] - c[k]) + d[k] - a[k];
    return b[k] + 0.5 * t * (linear + t * (square + t * cube));
  };
  return [coordinate(0), coordinate(1)];
}
