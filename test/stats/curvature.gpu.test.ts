/** The statistics of curvature on the device against the same code in float64. */
import { beforeAll, expect, test } from 'vitest';
import { init, random, tensor, type Tensor } from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import {
  alignment,
  classification,
  estimateDiagonal,
  gaussNewtonOperator,
  gradientCovarianceOperator,
  hessianOperator,
  hutchinson,
  hutchPlusPlus,
  lanczos,
  microbatches,
  spectralDensity,
  spectralMean,
} from '../../stats/index.ts';

/** Numbers of one run, with the scale that each is to be compared on. */
type Measured = Readonly<Record<string, { readonly values: readonly number[]; readonly scale: number }>>;

async function measure(): Promise<Measured> {
  type Batch = { readonly x: Tensor; readonly y: Tensor };
  const model = mlp({ widths: [6, 4], activation: 'tanh' });
  const { params } = model.init(random.key(1), [6]);
  const problem = classification<typeof params, Batch>({
    outputs: (p, { x }) => model.apply(p, x),
    targets: ({ y }) => y,
  });
  const x = random.normal(random.key(2), [40, 6]);
  const y = tensor(Int32Array.from({ length: 40 }, (_, k) => (k * k + k) % 4));
  const point = { problem, params, data: microbatches({ x, y }, 20) };
  const [h, g, c] = [hessianOperator(point), gaussNewtonOperator(point), gradientCovarianceOperator(point)];
  const key = random.key(3);
  const spectrum = await lanczos(h, { key, largest: 2, smallest: 1, tolerance: 1e-4 });
  expect(spectrum.converged).toBe(true);
  const image = await h.apply(spectrum.largest[0]!.vector!);
  const vector = await spectrum.largest[0]!.vector!.data();
  const rest = Array.from(await image.data(), (v, k) => v - spectrum.largest[0]!.value * vector[k]!);
  const residual = Math.hypot(...rest);
  const traces = await hutchinson(h, { key, probes: 4 });
  const precise = await hutchPlusPlus(g, { key, products: 15 });
  const together = await alignment(c, h, { key, probes: 4 });
  const density = await spectralDensity(g, { key, probes: 2, steps: 8 });
  const diagonal = await estimateDiagonal(c, { key, probes: 4 });
  const eigenvalues = [...spectrum.largest, ...spectrum.smallest].map(({ value }) => value);
  const top = eigenvalues[0]!;
  const result = {
    eigenvalues: { values: eigenvalues, scale: top },
    residual: { values: [residual < 1e-3 * top ? 0 : residual], scale: top },
    trace: { values: [traces.trace.value, traces.frobeniusNorm.value], scale: traces.frobeniusNorm.value },
    precise: { values: [precise.trace.value, precise.rank], scale: precise.trace.value },
    alignment: { values: [together.cosine.value], scale: 1 },
    moments: { values: [spectralMean(density, (t) => t * t).value], scale: top ** 2 },
    diagonal: { values: Array.from(await diagonal.values.data()), scale: 1 },
  };
  for (const operator of [h, g, c]) operator.dispose();
  return result;
}

let expected: Measured;

beforeAll(async () => {
  await init({ backend: 'reference' });
  expected = await measure();
  await init();
}, 60_000);

test('curvature measured on the device is that of float64, to 1e-4 of its scale', async () => {
  const found = await measure();
  for (const [name, { values, scale }] of Object.entries(expected))
    values.forEach((value, k) =>
      expect(Math.abs(found[name]!.values[k]! - value), name).toBeLessThan(1e-4 * Math.max(scale, 1e-3)),
    );
}, 60_000);
