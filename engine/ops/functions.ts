/** The public operations as free functions. */
export {
  abs,
  add,
  ceil,
  clamp,
  div,
  floor,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  remainder,
  sign,
  square,
  sub,
} from './arithmetic.ts';
export { cos, erf, exp, expm1, log, log1p, relu, rsqrt, sigmoid, sin, sqrt, tanh } from './transcendental.ts';
export {
  bitAnd,
  bitNot,
  bitOr,
  bitXor,
  cast,
  equal,
  greater,
  greaterEqual,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
  shiftLeft,
  shiftRight,
  stopGradient,
  where,
} from './compare.ts';
export { broadcastTo, expandDims, flatten, reshape, squeeze, swapAxes, transpose } from './movement.ts';
export { pad, slice } from './slice.ts';
export { concat, flip, stack } from './concat.ts';
export { arange, iota, oneHot, scatterAdd, take, takeAlongAxis } from './indexing.ts';
export { all, any, argmax, argmin, cumsum, max, mean, min, prod, sum, variance } from './reduction.ts';
export { dot, matmul } from './contraction.ts';
export { conv2d } from './convolution.ts';
export { averagePool2d, globalAveragePool, maxPool2d } from './pooling.ts';
export { crossEntropy, crossEntropyPerExample, logsumexp, logSoftmax, softmax } from './softmax.ts';
export { argsort, sort } from './sort.ts';
