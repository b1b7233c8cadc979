/** Symmetric stable laws: density, sampler, fits, and whether samples look more like one than like a normal law. */
export { stableCdf, stableDensity, stableQuantile, tailConstant } from './distribution.ts';
export { characteristicFit, quantileFit, type StableFit } from './estimate.ts';
export { fitNormal, fitStable, type LikelihoodFit, type NormalFit } from './fit.ts';
export { compareTails, histogramErrors, type HistogramErrors, type TailComparison } from './goodness.ts';
export { sampleStable } from './sample.ts';
export { stableStream, type StableStream } from './stream.ts';
export {
  drawCoordinates,
  gradientColumns,
  isDead,
  sampledNoise,
  type Coordinate,
  type GradientColumn,
  type GradientRows,
} from './sampled-noise.ts';
