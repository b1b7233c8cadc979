/** The style of the procedural images: every range that they are drawn from, and the two sets of them that are used. */

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
  /** In colour: largest difference of each channel from the grey of the ink and of the two papers. */
  readonly tint: number;
  /** In colour: range of the distance between the points at which the mixture of the two papers is drawn. */
  readonly grain: readonly [number, number];
}

/** The style of grey images. */
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
  grain: [0.12, 0.35],
};

/** The style of images of several channels: placed more freely, on paper of two colours, as often dark on light. */
export const colourStyle: ProceduralStyle = {
  ...defaultStyle,
  scale: [0.6, 0.85],
  shift: 0.1,
  pen: [0.9, 1.6],
  ink: 0.6,
  paper: 0.4,
  noise: 0.06,
  inverted: 0.5,
  tint: 0.3,
};
