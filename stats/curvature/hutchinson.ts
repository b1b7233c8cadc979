/**
 * Trace, Frobenius norm and diagonal from products with random probes z, E z zᵀ = 1 (Hutchinson, 1990; Bekas, Kokiopoulou &
 * Saad, 2007):
 *
 *     tr A = E zᵀ A z        |A|²_F = E |A z|²        diag A = E z ⊙ A z / E z ⊙ z
 *
 * One product per probe serves the first two. The relative error of the trace falls as 1/√probes, and is small where the
 * eigenvalues are many and of one sign; `hutchPlusPlus` is better where few of them dominate.
 */
import { add, div, jit, mul, sqrt, stack, sub, tensor, zeros, type Tensor } from '../../engine/index.ts';
import { innerProduct } from '../directions.ts';
import type { Estimate } from '../moments.ts';
import { finite, product, requireCount, type LinearOperator } from './operator.ts';
import { meanEstimate, probe, type ProbeOptions } from './probes.ts';

export interface TraceEstimates {
  readonly operator: string;
  readonly trace: Estimate;
  /** |A|²_F = Σ λ². */
  readonly squaredFrobeniusNorm: Estimate;
  /** |A|_F, with the error of its square by the delta method. */
  readonly frobeniusNorm: Estimate;
  /** Probes, each a product. */
  readonly probes: number;
}

/**
 * Default 32 probes. With signs the probes' forms of a diagonal matrix do not scatter at all, and the error is 0.
 * @throws COUNT; NON_FINITE if a product is not finite
 */
export async function hutchinson(
  operator: LinearOperator,
  { key, probes = 32, distribution = 'rademacher' }: ProbeOptions,
): Promise<TraceEstimates> {
  requireCount('hutchinson: probes', probes);
  const forms: number[] = [];
  const squares: number[] = [];
  for (let k = 0; k < probes; k++) {
    const z = probe(key, k, operator.dimension, distribution);
    const image = await product(operator, z);
    const [form, square] = await stack([innerProduct(z, image), innerProduct(image, image)]).data();
    forms.push(form as number);
    squares.push(square as number);
    image.dispose();
    z.dispose();
  }
  const what = `A product with ${operator.name}`;
  const squaredFrobeniusNorm = meanEstimate(squares, what);
  const norm = Math.sqrt(squaredFrobeniusNorm.value);
  return {
    operator: operator.name,
    trace: meanEstimate(forms, what),
    squaredFrobeniusNorm,
    frobeniusNorm: {
      value: norm,
      standardError: norm === 0 ? 0 : squaredFrobeniusNorm.standardError / (2 * norm),
    },
    probes,
  };
}

export interface DiagonalEstimate {
  readonly operator: string;
  /** [n]: estimates of A_ii. */
  readonly values: Tensor;
  /** [n]: one standard error each. */
  readonly standardErrors: Tensor;
  readonly probes: number;
}

/**
 * The diagonal, with signs as probes: z_i (A z)_i = A_ii + Σ_{j≠i} ± A_ij. Default 32 probes.
 * @throws COUNT for fewer than two probes; NON_FINITE if a product is not finite
 */
export async function estimateDiagonal(
  operator: LinearOperator,
  { key, probes = 32 }: Omit<ProbeOptions, 'distribution'>,
): Promise<DiagonalEstimate> {
  requireCount('estimateDiagonal: probes - 1', probes - 1);
  type State = { readonly mean: Tensor; readonly squares: Tensor };
  // Welford: squares grow by (x - mean_before)(x - mean_after).
  const observe = jit(
    ({ mean, squares }: State, z: Tensor, image: Tensor, count: Tensor) => {
      const x = mul(z, image);
      const before = sub(x, mean);
      const moved = add(mean, div(before, count));
      return {
        state: { mean: moved, squares: add(squares, mul(before, sub(x, moved))) },
        size: innerProduct(x, x),
      };
    },
    { donate: [0] },
  );
  const finish = jit(
    ({ mean, squares }: State) => ({
      values: mean,
      standardErrors: sqrt(mul(squares, 1 / (probes * (probes - 1)))),
    }),
    { donate: [0] },
  );
  const { dimension, name } = operator;
  let state: State = { mean: zeros([dimension]), squares: zeros([dimension]) };
  for (let k = 0; k < probes; k++) {
    const z = probe(key, k, dimension);
    const image = await product(operator, z);
    const step = observe(state, z, image, tensor(k + 1));
    state = step.state;
    finite(await step.size.item(), `A product with ${name}`);
    image.dispose();
    z.dispose();
  }
  const { values, standardErrors } = finish(state);
  observe.dispose();
  finish.dispose();
  return { operator: name, values, standardErrors, probes };
}
