/** Scalar functions, built in and of shaders/math.wgsl, against float64. */
import { bufferOf, pipelineOf, read, replace, run, shader, step } from './device.mjs';
import { line, row } from './measure.mjs';

/** Float64: the series where it converges without cancellation, the continued fraction of erfc beyond. */
function erf(x) {
  const z = Math.abs(x);
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
}

const linear = (low, high, count) =>
  Array.from({ length: count }, (_, i) => Math.fround(low + ((high - low) * i) / (count - 1)));
const geometric = (low, high, count) =>
  linear(Math.log(low), Math.log(high), count).map((x) => Math.fround(Math.exp(x)));
const bothSigns = (list) => list.flatMap((x) => [x, -x]);

const POSITIVE = [...geometric(1.2e-38, 3e38, 60000), ...linear(0.5, 2, 40000)];
const FUNCTIONS = [
  ['exp(x)', Math.exp, linear(-87, 88, 100000)],
  ['exponential(x)', Math.exp, linear(-87, 88, 100000)],
  ['log(x)', Math.log, POSITIVE],
  ['logarithm(x)', Math.log, POSITIVE],
  ['log1p(x)', Math.log1p, [...geometric(1e-30, 3e38, 40000), ...linear(-0.999999, 1, 60000)]],
  ['expm1(x)', Math.expm1, [...bothSigns(geometric(1e-30, 80, 30000)), ...linear(-20, 88, 60000)]],
  ['tanh(x)', Math.tanh, bothSigns(geometric(1e-10, 20, 50000))],
  ['hyperbolicTangent(x)', Math.tanh, bothSigns(geometric(1e-10, 20, 50000))],
  ['sigmoid(x)', (x) => 1 / (1 + Math.exp(-x)), linear(-85, 85, 100000)],
  ['erf(x)', erf, [...bothSigns(geometric(1e-20, 6, 40000)), ...linear(-5, 5, 40000)]],
  ['sin(x), up to pi', Math.sin, linear(-3.14, 3.14, 100000)],
  ['sine(x), up to 1e4', Math.sin, [...linear(-1e4, 1e4, 100000), ...linear(-7, 7, 50000)]],
  ['cosine(x), up to 1e4', Math.cos, [...linear(-1e4, 1e4, 100000), ...linear(-7, 7, 50000)]],
  ['sqrt(x)', Math.sqrt, POSITIVE],
  ['inverseSqrt(x)', (x) => 1 / Math.sqrt(x), POSITIVE],
  ['1.0 / x', (x) => 1 / x, bothSigns(geometric(2e-38, 8e37, 60000))],
  ['pow(x, 2.5)', (x) => x ** 2.5, geometric(1e-12, 1e12, 60000)],
  ['power(x, 2.5)', (x) => x ** 2.5, [...geometric(1e-12, 1e12, 60000), ...linear(0.3, 3, 40000)]],
  ['power(x, -0.37)', (x) => x ** Math.fround(-0.37), geometric(1e-37, 1e37, 60000)],
  ['power(x, 5.0)', (x) => x ** 5, bothSigns(geometric(2e-7, 5e7, 60000))],
  ['power(1.01, x)', (x) => Math.fround(1.01) ** x, linear(-5000, 5000, 60001)],
];

export async function accuracy() {
  row(['function', 'largest error, ulp', 'at', 'largest absolute error', 'at']);
  row(['---', '---', '---', '---', '---']);
  for (const [name, reference, points] of FUNCTIONS) {
    const x = Float32Array.from(points);
    const result = bufferOf(x.byteLength);
    const expression = name.split(', up to')[0];
    const store = `@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
fn store(i: u32) { let x = source[i]; result[i] = ${expression}; }`;
    const code = `${shader('math')}\n${replace(shader('map'), 'store', store)}`;
    const pipeline = await pipelineOf(code, { COUNT: x.length });
    await run([step(pipeline, [bufferOf(x), result], line(x.length))]);
    const y = await read(result);
    let worst = { ulp: 0, at: 0 };
    let largest = { error: 0, at: 0 };
    for (const [i, at] of x.entries()) {
      const exact = reference(at);
      if (!(Math.abs(exact) > 2 ** -126 && Math.abs(exact) < 3.4e38)) continue;
      const error = Math.abs(y[i] - exact);
      const ulp = error / 2 ** (Math.floor(Math.log2(Math.abs(exact))) - 23);
      if (!(ulp <= worst.ulp)) worst = { ulp, at };
      if (!(error <= largest.error)) largest = { error, at };
    }
    const { error, at } = largest;
    row([name, worst.ulp.toPrecision(3), worst.at.toPrecision(4), error.toExponential(1), at.toPrecision(4)]);
  }
}
