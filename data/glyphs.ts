/**
 * The ten figures of the procedural data set, as pen strokes.
 *
 * A figure has two ways of being written (allographs), as a hand has: an open and a closed 4, a plain and a
 * crossed 7. A class is then two clusters of images instead of one, which a hidden layer joins and a linear
 * classifier cannot. Coordinates are hundredths of the unit square: x to the right, y down.
 */

/** One pen stroke: `curve` passes smoothly through its points, `line` joins them by straight segments. */
export interface Stroke {
  readonly kind: 'curve' | 'line';
  /** Control points [x, y] in the unit square. */
  readonly points: readonly (readonly [number, number])[];
}

/** The strokes of one way of writing a figure. */
export type Glyph = readonly Stroke[];

function points(text: string): Stroke['points'] {
  return text.split(' ').map((pair) => {
    const [x = 0, y = 0] = pair.split(',').map(Number);
    return [x / 100, y / 100];
  });
}

function curve(text: string): Stroke {
  return { kind: 'curve', points: points(text) };
}

function line(text: string): Stroke {
  return { kind: 'line', points: points(text) };
}

/** A closed curve through eight points of an ellipse, from its top and back to it, anticlockwise. */
function ring(cx: number, cy: number, rx: number, ry: number): Stroke {
  const d = 0.7; // of the radius, along each axis: the points between the axes, close to sqrt(1/2)
  const around = [
    [0, -1],
    [-d, -d],
    [-1, 0],
    [-d, d],
    [0, 1],
    [d, d],
    [1, 0],
    [d, -d],
    [0, -1],
  ] as const;
  return { kind: 'curve', points: around.map(([x, y]) => [(cx + x * rx) / 100, (cy + y * ry) / 100]) };
}

/** The allographs of each class, by label. */
export const glyphs: readonly (readonly Glyph[])[] = [
  [[ring(50, 50, 27, 40)], [ring(50, 50, 24, 38), line('66,24 34,76')]],
  [[line('36,28 54,10 54,90')], [line('50,10 50,88'), line('32,90 68,90')]],
  [
    [curve('25,30 35,13 55,10 73,25 66,48 42,70 24,88'), line('24,88 77,88')],
    [curve('27,22 50,10 71,25 60,55 38,80 25,82 32,70 50,80 78,86')],
  ],
  [
    [curve('27,20 45,10 66,16 68,36 46,47'), curve('46,47 70,55 74,76 52,90 26,82')],
    [line('27,12 71,12 47,42'), curve('47,42 70,50 74,72 54,90 26,82')],
  ],
  [[line('36,10 24,55 78,55'), line('63,32 60,92')], [line('62,92 62,10 22,64 80,64')]],
  [
    [line('72,11 34,11 30,46'), curve('30,46 52,40 72,54 70,78 48,90 26,82')],
    [curve('72,13 46,12 32,26 42,44 64,56 68,76 50,90 26,85')],
  ],
  [
    [curve('66,12 42,28 30,56 36,82 55,90 72,76 66,56 48,52 33,66')],
    [line('36,10 32,70'), ring(52, 70, 20, 19)],
  ],
  [[line('24,13 76,13 44,90')], [line('26,13 74,13'), curve('74,13 60,38 50,64 46,90'), line('38,50 70,48')]],
  [
    [curve('68,20 50,10 32,20 36,38 60,54 72,72 50,90 28,74 40,54 64,38 68,20')],
    [ring(50, 28, 17, 18), ring(50, 68, 22, 22)],
  ],
  [
    [ring(48, 32, 20, 21), line('68,30 64,92')],
    [ring(50, 32, 22, 22), curve('72,32 72,60 60,84 34,88')],
  ],
];
