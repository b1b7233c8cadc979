/**
 * Logistic regression with a Gaussian prior, fitted to the last digits: float64 on the host, the exact Hessian, Newton's method
 * with a step that is halved until the objective falls. What is minimised is the paper's (Smith & Le, 2018, section 2)
 *
 *     C(ω) = H(ω) + λ |ω|²/2,     H(ω) = Σ_μ ln(1 + e^{-s_μ ω·x_μ}),   s_μ = ±1,
 *
 * with the *sum* of the cross-entropies, in nats, and the same λ on every parameter, the bias included: only then is every
 * eigenvalue of ∇∇C at least λ. C is strictly convex for λ > 0, so there is one minimum; without λ there is none where
 * the examples can be separated, and the evidence has no meaning.
 */
import { fail } from '../../engine/graph/errors.ts';
import { symmetricEigen } from '../linear-algebra/index.ts';
import { cholesky, choleskySolve } from './cholesky.ts';

/** Two classes. */
export interface LogisticData {
  /** [N, D] row-major: one row per example. The bias is a column like the others: {@link withBias}. */
  readonly inputs: Float64Array;
  /** [N]: 0 or 1. */
  readonly labels: ArrayLike<number>;
}

/** [N, D] as [N, D + 1], the last column being `value`: the input that the bias weighs. */
export function withBias(inputs: Float64Array, examples: number, value = 1): Float64Array {
  const features = inputs.length / examples;
  const wider = new Float64Array(examples * (features + 1)).fill(value);
  for (let mu = 0; mu < examples; mu++)
    wider.set(inputs.subarray(mu * features, (mu + 1) * features), mu * (features + 1));
  return wider;
}

export interface LogisticOptions {
  /** Of |∇C|, Euclidean, and of Newton's decrement, at which one more step ends the fit. Default 1e-9. */
  readonly tolerance?: number;
  /** Newton steps before giving up, but for the last one. Default 30. */
  readonly maxSteps?: number;
}

export interface LogisticFit {
  /** ω₀ [D]. */
  readonly weights: Float64Array;
  /** λ. */
  readonly lambda: number;
  /** C(ω₀), and its part H(ω₀): sums over examples, in nats. */
  readonly objective: number;
  readonly crossEntropy: number;
  /** |∇C(ω₀)|. */
  readonly gradientNorm: number;
  /** Newton steps made. */
  readonly steps: number;
  /** Of ∇∇C(ω₀), ascending; each at least λ. */
  readonly eigenvalues: Float64Array;
}

/**
 * ω₀ and the spectrum there, starting from 0.
 * @throws PRIOR unless λ is positive and finite; LABEL for a label that is neither 0 nor 1; SHAPE; NON_FINITE;
 *   NO_CONVERGENCE with the gradient and the decrement that are left
 */
export function fitLogistic(
  data: LogisticData,
  lambda: number,
  { tolerance = 1e-9, maxSteps = 30 }: LogisticOptions = {},
): LogisticFit {
  checkData(data);
  if (!(lambda > 0 && lambda < Infinity))
    fail(
      'PRIOR',
      `fitLogistic: λ is ${lambda}: separable examples have no best weights without a prior, and there is no evidence: give a positive λ.`,
    );
  let at = evaluate(data, lambda, new Float64Array(data.inputs.length / data.labels.length));
  for (let steps = 1; ; steps++) {
    const n = at.weights.length;
    const hessian = likelihoodHessian(data, at.slopes);
    for (let i = 0; i < n; i++) hessian[i * n + i]! += lambda;
    const direction = choleskySolve(cholesky(hessian, n), at.gradient);
    // Its square is the fall of C that the parabola promises, in nats, whatever the unit of the inputs is.
    const decrement = Math.sqrt(dot(at.gradient, direction));
    const gradientNorm = norm(at.gradient);
    const ends = gradientNorm <= tolerance && decrement <= tolerance;
    if (!ends && steps > maxSteps)
      fail(
        'NO_CONVERGENCE',
        `fitLogistic: after ${maxSteps} Newton steps at λ = ${lambda} the gradient is ${gradientNorm.toExponential(2)} and Newton's decrement ${decrement.toExponential(2)}, and not both are at most ${tolerance}: allow more steps, a larger tolerance, or take a larger λ.`,
      );
    at = damped(data, lambda, at, direction);
    // The step at hand squares what error is left, so it is taken as well.
    if (ends)
      return {
        weights: at.weights,
        lambda,
        objective: at.objective,
        crossEntropy: at.crossEntropy,
        gradientNorm: norm(at.gradient),
        steps,
        eigenvalues: priorSpectrum(likelihoodHessian(data, at.slopes), lambda),
      };
  }
}

/** Mean cross-entropy in nats, and the share of examples on the right side. */
export function scoreLogistic(
  data: LogisticData,
  weights: Float64Array,
): { readonly crossEntropy: number; readonly accuracy: number } {
  const n = data.labels.length;
  let [crossEntropy, right] = [0, 0];
  for (let mu = 0; mu < n; mu++) {
    const margin = signOf(data, mu) * logit(data, weights, mu);
    crossEntropy += softplus(-margin);
    if (margin > 0) right++;
  }
  return { crossEntropy: crossEntropy / n, accuracy: right / n };
}

interface Evaluated {
  readonly weights: Float64Array;
  readonly objective: number;
  readonly crossEntropy: number;
  readonly gradient: Float64Array;
  /** σ(z)(1 - σ(z)) [N]: the curvature of each example's loss over its logit. */
  readonly slopes: Float64Array;
}

function evaluate(data: LogisticData, lambda: number, weights: Float64Array): Evaluated {
  const [n, d] = [data.labels.length, weights.length];
  const gradient = Float64Array.from(weights, (w) => lambda * w);
  const slopes = new Float64Array(n);
  let crossEntropy = 0;
  for (let mu = 0; mu < n; mu++) {
    const sign = signOf(data, mu);
    const margin = sign * logit(data, weights, mu);
    crossEntropy += softplus(-margin);
    // The probability of the wrong class: small ones keep their digits.
    const wrong = 1 / (1 + Math.exp(margin));
    slopes[mu] = wrong / (1 + Math.exp(-margin));
    for (let i = 0; i < d; i++) gradient[i]! -= sign * wrong * data.inputs[mu * d + i]!;
  }
  const objective = crossEntropy + (lambda / 2) * dot(weights, weights);
  return { weights, objective, crossEntropy, gradient, slopes };
}

/** Rounding of C, relatively: below it a fall cannot be seen. */
const ROUNDING = 1e-13;

/** A step against `direction`, halved until C falls by a ten-thousandth of what its slope promises (Armijo). */
function damped(data: LogisticData, lambda: number, at: Evaluated, direction: Float64Array): Evaluated {
  const slope = dot(at.gradient, direction);
  for (let t = 1; ; t /= 2) {
    const next = evaluate(
      data,
      lambda,
      at.weights.map((w, i) => w - t * direction[i]!),
    );
    const promised = at.objective - 1e-4 * t * slope;
    if (next.objective <= promised + ROUNDING * at.objective || t < 1e-10) return next;
  }
}

/** ∇∇H = Σ_μ σ(1 - σ) x xᵀ: [D, D], the lower triangle. */
function likelihoodHessian({ inputs }: LogisticData, slopes: Float64Array): Float64Array {
  const d = inputs.length / slopes.length;
  const hessian = new Float64Array(d * d);
  slopes.forEach((slope, mu) => {
    const row = inputs.subarray(mu * d, (mu + 1) * d);
    for (let i = 0; i < d; i++) {
      const weighted = slope * row[i]!;
      for (let j = 0; j <= i; j++) hessian[i * d + j]! += weighted * row[j]!;
    }
  });
  return hessian;
}

/** λ added to the eigenvalues of ∇∇H. That is positive semidefinite, so what is below 0 is rounding of 0. */
function priorSpectrum(hessian: Float64Array, lambda: number): Float64Array {
  return symmetricEigen(hessian).values.map((value) => Math.max(0, value) + lambda);
}

function logit({ inputs }: LogisticData, weights: Float64Array, mu: number): number {
  const d = weights.length;
  let z = 0;
  for (let i = 0; i < d; i++) z += weights[i]! * inputs[mu * d + i]!;
  return z;
}

function signOf({ labels }: LogisticData, mu: number): 1 | -1 {
  return labels[mu] === 1 ? 1 : -1;
}

/** ln(1 + e^x). */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function checkData({ inputs, labels }: LogisticData): void {
  const n = labels.length;
  if (n === 0 || inputs.length === 0 || inputs.length % n !== 0)
    fail(
      'SHAPE',
      `fitLogistic: ${inputs.length} inputs for ${n} labels: give a row of equal length for each.`,
    );
  if (!inputs.every(Number.isFinite))
    fail('NON_FINITE', 'fitLogistic: the inputs hold NaN or infinity: look at what they were made from.');
  for (let mu = 0; mu < n; mu++)
    if (labels[mu] !== 0 && labels[mu] !== 1)
      fail('LABEL', `fitLogistic: the label of example ${mu} is ${labels[mu]}: give 0 or 1.`);
}
