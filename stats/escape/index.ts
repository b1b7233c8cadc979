/** Escape from a basin by heavy-tailed noise: HT's theory, and what it says in steps. */
export {
  axisRatio,
  boundExponents,
  escapeBound,
  escapeBoundWithoutDecay,
  exitBound,
  rateRatio,
  type Bound,
  type BoundOptions,
  type BoundTerm,
} from './bounds.ts';
export {
  basinFactor,
  betweenJumpCorrelation,
  exitProbability,
  exitRate,
  exponentialRate,
  flowBound,
  jumpIntensity,
  jumpMass,
  jumpThreshold,
  meanJumpGap,
  multiStepRate,
  noiseCoefficient,
  relaxationTime,
  smallJumpMean,
  type BetweenJumps,
  type EscapeAxis,
} from './levy.ts';
export { borderDistances, escapeSteps, exitsPerStep, weibullMean, type BorderOptions } from './steps.ts';
