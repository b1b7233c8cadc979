// An anti-aliased rasteriser for pen strokes, small enough to read and exact enough to promise bytes.
//
// For every pixel the squared distance to the nearest stroke segment is kept; `inkCoverage` turns it into
// the share of the pixel that a round pen covers. Everything is computed with + - * / and comparisons, which
// IEEE 754 rounds the same way everywhere; there is no sqrt, no trigonometry and no order of evaluation left
// to the platform.

/** Squared distances, in pixels squared, from the centre of each pixel to the nearest segment: [height, width]. */
export interface DistanceField {
  readonly width: number;
  readonly height: number;
  readonly squared: Float64Array;
}

/** A field with no stroke in it: every distance infinite. */
export function emptyField(width: number, height: number): DistanceField {
  return { width, height, squared: new Float64Array(width * height).fill(Infinity) };
}

/** Forgets every stroke, so that one field serves many images. */
export function clearField(field: DistanceField): void {
  field.squared.fill(Infinity);
}

/**
 * Adds the segment (x0, y0)-(x1, y1), in pixels with (0, 0) the corner of the first pixel. Only pixels
 * within `reach` of its bounding box are visited: further ones are outside any pen of that radius.
 */
export function addSegment(
  field: DistanceField,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  reach: number,
): void {
  const { width, height, squared } = field;
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  const right = Math.min(width - 1, Math.floor(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
  const bottom = Math.min(height - 1, Math.floor(Math.max(y0, y1) + reach));
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length2 = dx * dx + dy * dy;
  const inverse = length2 > 0 ? 1 / length2 : 0;
  for (let row = top; row <= bottom; row++) {
    const py = row + 0.5 - y0;
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - x0;
      const along = (px * dx + py * dy) * inverse;
      const t = along < 0 ? 0 : along > 1 ? 1 : along;
      const ex = px - t * dx;
      const ey = py - t * dy;
      const distance2 = ex * ex + ey * ey;
      const index = row * width + column;
      if (distance2 < squared[index]!) squared[index] = distance2;
    }
  }
}

/**
 * The share of a pixel that a round pen of radius `radius` covers when its centre passes at squared
 * distance `distance2`: 1 inside radius - 1/2, 0 outside radius + 1/2, and linear in the *squared* distance
 * between, which needs no square root and differs from the linear ramp by less than 1/(8 radius).
 */
export function inkCoverage(distance2: number, radius: number): number {
  const outer = radius + 0.5;
  const inner = Math.max(0, radius - 0.5);
  const outer2 = outer * outer;
  const inner2 = inner * inner;
  if (distance2 >= outer2) return 0;
  if (distance2 <= inner2) return 1;
  return (outer2 - distance2) / (outer2 - inner2);
}
