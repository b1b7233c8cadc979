/** The loss away from where one is: on lines, on planes, and the worst of a box. */
export { filterNormalized, gaussianDirection, randomFilterDirection } from './directions.ts';
export { evaluation, type Evaluate, type Evaluation, type Score } from './evaluation.ts';
export {
  lineBetween,
  planeAround,
  spaced,
  type LandscapeOptions,
  type Line,
  type LineOptions,
  type LinePoint,
  type Plane,
  type PlaneOptions,
  type PlanePoint,
} from './line-and-plane.ts';
export { sharpness, type Sharpness, type SharpnessOptions } from './sharpness.ts';
