/**
 * The measured accuracy of elementary functions on a backend: computed there for many inputs, held against float64,
 * and against what WGSL allows an adapter ("Floating Point Accuracy"). The engine replaces log, sin and tanh by its own
 * code where WGSL allows too much, so they should stay far below.
 */
import { exp, log, sin, sqrt, tanh, tensor, type Tensor } from '../engine/index.ts';

/** What was found for one function. */
export interface FunctionAccuracy {
  readonly name: string;
  readonly interval: string;
  /** The largest error in units in the last place of the exact result. */
  readonly worst: number;
  /** The input with that error. */
  readonly at: number;
  /** What WGSL allows, in words. */
  readonly allowance: string;
  /** The largest error as a share of what WGSL allows for that input; above 1 the adapter is not conforming. */
  readonly share: number;
}

interface Case {
  readonly name: string;
  readonly on: (x: Tensor) => Tensor;
  readonly exact: (x: number) => number;
  readonly interval: readonly [number, number];
  /** Inputs spread by their logarithm rather than evenly. */
  readonly byMagnitude?: boolean;
  readonly allowance: string;
  /** Allowed absolute error at x, where the result's unit in the last place is `ulp`. */
  readonly allowed: (x: number, ulp: number) => number;
}

const cases: readonly Case[] = [
  {
    name: 'exp',
    on: exp,
    exact: Math.exp,
    interval: [-80, 80],
    allowance: '3 + 2|x| ULP',
    allowed: (x, ulp) => (3 + 2 * Math.abs(x)) * ulp,
  },
  {
    name: 'log',
    on: log,
    exact: Math.log,
    interval: [1e-30, 1e30],
    byMagnitude: true,
    allowance: '3 ULP; 2⁻²¹ on [0.5, 2]',
    allowed: (x, ulp) => (x >= 0.5 && x <= 2 ? 2 ** -21 : 3 * ulp),
  },
  {
    name: 'log',
    on: log,
    exact: Math.log,
    interval: [0.5, 2],
    allowance: '2⁻²¹',
    allowed: () => 2 ** -21,
  },
  {
    name: 'sin',
    on: sin,
    exact: Math.sin,
    interval: [-Math.PI, Math.PI],
    allowance: '2⁻¹¹',
    allowed: () => 2 ** -11,
  },
  {
    name: 'tanh',
    on: tanh,
    exact: Math.tanh,
    interval: [-10, 10],
    allowance: '10⁻⁵',
    allowed: () => 1e-5,
  },
  {
    name: 'sqrt',
    on: sqrt,
    exact: Math.sqrt,
    interval: [1e-30, 1e30],
    byMagnitude: true,
    // 1/inverseSqrt(x): 2 ULP, then a division with 2.5 ULP.
    allowance: '4.5 ULP',
    allowed: (_x, ulp) => 4.5 * ulp,
  },
];

const COUNT = 1 << 16;

/** Measures every function on the backend in use. */
export async function measureAccuracy(): Promise<FunctionAccuracy[]> {
  const measured: FunctionAccuracy[] = [];
  for (const each of cases) measured.push(await measure(each));
  return measured;
}

async function measure({
  name,
  on,
  exact,
  interval,
  byMagnitude,
  allowance,
  allowed,
}: Case): Promise<FunctionAccuracy> {
  const [low, high] = interval;
  const x = Float32Array.from({ length: COUNT }, (_, k) => {
    const t = k / (COUNT - 1);
    return byMagnitude ? low * (high / low) ** t : low + (high - low) * t;
  });
  const y = await on(tensor(x, [COUNT])).data();
  let [worst, at, share] = [0, low, 0];
  x.forEach((input, k) => {
    const truth = exact(input);
    const ulp = ulpOf(truth);
    const error = Math.abs((y[k] ?? NaN) - truth);
    // NaN counts as infinitely wrong: a comparison with it would pass it over.
    const ulps = Number.isNaN(error) ? Infinity : error / ulp;
    if (ulps > worst) [worst, at] = [ulps, input];
    share = Math.max(share, Number.isNaN(error) ? Infinity : error / allowed(input, ulp));
  });
  const interval_ = `[${shorten(low)}, ${shorten(high)}]`;
  return { name, interval: interval_, worst, at, allowance, share };
}

/** The distance between neighbouring f32 numbers at `x`; that of the smallest normal below it. */
export function ulpOf(x: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(x))));
  // log2 may round up to the next integer just below a power of two.
  const power = 2 ** exponent > Math.abs(x) && exponent > -126 ? exponent - 1 : exponent;
  return 2 ** (power - 23);
}

function shorten(x: number): string {
  return Math.abs(x) === Math.PI ? `${x < 0 ? '−' : ''}π` : String(x).replace('-', '−').replace('e+', 'e');
}
