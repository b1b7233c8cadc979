/** The Bayesian evidence of a fit, and logistic regression, of which it can be computed to the last digits. */
export { logEvidenceRatio, logEvidenceRatioOfAll, type Evidence, type EvidenceTerms } from './evidence.ts';
export {
  fitLogistic,
  scoreLogistic,
  withBias,
  type LogisticData,
  type LogisticFit,
  type LogisticOptions,
} from './logistic.ts';
export { whitening, type Whitening } from './whitening.ts';
