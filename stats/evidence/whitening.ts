/**
 * Is one λ for all parameters a plausible prior? Smith & Le (2018, appendix A) answer: where, at initialisation and averaged over
 * inputs, the derivatives of a logit y by the parameters are white, ⟨∂y/∂ω_i⟩ ≈ 0 and ⟨∂y/∂ω_i ∂y/∂ω_j⟩ ≈ δ_ij. Of a linear
 * model the derivatives are the inputs, so standardised inputs satisfy it, but for the bias, whose input is always 1.
 */
import { fail } from '../../engine/graph/errors.ts';

export interface Whitening {
  /** Examples and parameters. */
  readonly examples: number;
  readonly parameters: number;
  /** ⟨∂y/∂ω_i⟩ [D]. */
  readonly means: Float64Array;
  /** ⟨∂y/∂ω_i ∂y/∂ω_j⟩ [D, D]: the Gram matrix of the derivatives, divided by N. */
  readonly gram: Float64Array;
  /** Root mean square of the means. */
  readonly meanSize: number;
  /** Mean, least and greatest of the Gram matrix' diagonal: 1 each if it is white. */
  readonly diagonal: { readonly mean: number; readonly least: number; readonly greatest: number };
  /** Root mean square beside the diagonal; about 1/√N of white derivatives, by chance alone. */
  readonly offDiagonalSize: number;
}

/**
 * @param gradients [N, D] row-major: the derivatives of one logit by the parameters, a row per input
 * @throws SHAPE; NON_FINITE
 */
export function whitening(gradients: ArrayLike<number>, examples: number): Whitening {
  const parameters = gradients.length / examples;
  if (!(Number.isInteger(parameters) && parameters > 0))
    fail('SHAPE', `whitening: ${gradients.length} numbers are no rows of ${examples} examples.`);
  const means = new Float64Array(parameters);
  const gram = new Float64Array(parameters ** 2);
  for (let mu = 0; mu < examples; mu++)
    for (let i = 0; i < parameters; i++) {
      const x = gradients[mu * parameters + i]! / examples;
      if (!Number.isFinite(x))
        fail(
          'NON_FINITE',
          `whitening: derivative ${i} of example ${mu} is ${x}: look at the network's outputs.`,
        );
      means[i]! += x;
      for (let j = 0; j <= i; j++) gram[i * parameters + j]! += x * gradients[mu * parameters + j]!;
    }
  let beside = 0;
  for (let i = 0; i < parameters; i++)
    for (let j = 0; j < i; j++) {
      gram[j * parameters + i] = gram[i * parameters + j]!;
      beside += gram[i * parameters + j]! ** 2;
    }
  const diagonal = Array.from({ length: parameters }, (_, i) => gram[i * parameters + i]!);
  return {
    examples,
    parameters,
    means,
    gram,
    meanSize: Math.sqrt(means.reduce((sum, x) => sum + x * x, 0) / parameters),
    diagonal: {
      mean: diagonal.reduce((sum, x) => sum + x, 0) / parameters,
      least: diagonal.reduce((least, x) => Math.min(least, x), Infinity),
      greatest: diagonal.reduce((greatest, x) => Math.max(greatest, x), 0),
    },
    offDiagonalSize: parameters > 1 ? Math.sqrt((2 * beside) / (parameters * (parameters - 1))) : 0,
  };
}
