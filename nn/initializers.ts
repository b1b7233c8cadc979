/**
 * Initial weights. What keeps signals of one size through a deep network is the variance of a weight,
 *   Glorot (Glorot & Bengio 2010, eq. 12):  Var w = 2/(fanIn + fanOut)   forward and backward in balance
 *   He     (He et al. 2015, eq. 10):        Var w = 2/fanIn              half of the inputs are cut off by ReLU
 * drawn from a normal, or from the uniform distribution on ±√(3 Var).
 */
import { mul, random, zeros as zerosOf, type Shape, type Tensor } from '../engine/index.ts';

/** How many inputs an output sums over, and how many outputs an input feeds. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

export type Initializer = (key: Tensor, shape: Shape, fans: Fans) => Tensor;

function normalWith(variance: (fans: Fans) => number): Initializer {
  return (key, shape, fans) => mul(random.normal(key, shape), Math.sqrt(variance(fans)));
}

function uniformWith(variance: (fans: Fans) => number): Initializer {
  return (key, shape, fans) => {
    const limit = Math.sqrt(3 * variance(fans));
    return random.uniform(key, shape, -limit, limit);
  };
}

const glorot = ({ fanIn, fanOut }: Fans): number => 2 / (fanIn + fanOut);
const he = ({ fanIn }: Fans): number => 2 / fanIn;

/** Uniform on ±√(6/(fanIn + fanOut)). */
export const glorotUniform: Initializer = uniformWith(glorot);
/** Normal with variance 2/(fanIn + fanOut). */
export const glorotNormal: Initializer = normalWith(glorot);
/** Uniform on ±√(6/fanIn). */
export const heUniform: Initializer = uniformWith(he);
/** Normal with variance 2/fanIn. */
export const heNormal: Initializer = normalWith(he);
/** Uniform on ±1/√fanIn: variance 1/(3 fanIn), what PyTorch starts weights and biases from. */
export const fanInUniform: Initializer = uniformWith(({ fanIn }) => 1 / (3 * fanIn));
/** All zero: what biases start from. */
export const zeros: Initializer = (_key, shape) => zerosOf(shape);

/** The initializers by name, for configurations. */
export const initializers: Readonly<
  Record<'glorotUniform' | 'glorotNormal' | 'heUniform' | 'heNormal' | 'fanInUniform' | 'zeros', Initializer>
> = { glorotUniform, glorotNormal, heUniform, heNormal, fanInUniform, zeros };
