/** The covariance of gradients, and the noise that it makes in training. */
export { covarianceEigenpairs, type CovarianceEigenpairs, type EigenpairOptions } from './eigenpairs.ts';
export { derivativesAlong, measureGradientNoise, type GradientNoise } from './gradient-noise.ts';
export { minibatchCovarianceFactor, type MinibatchSampling } from './minibatch.ts';
