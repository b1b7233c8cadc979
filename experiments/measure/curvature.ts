/** The curvature of a training's loss: the ends of the spectrum, traces, densities, and how far the noise lies along it. */
import {
  alignment,
  exactSpectrum,
  gaussNewtonOperator,
  gradientCovarianceOperator,
  hessianOperator,
  hutchPlusPlus,
  hutchinson,
  lanczos,
  logDeterminant,
  rayleighQuotients,
  spectralDensity,
  subspaceOverlap,
  unitPoint,
  type LanczosResult,
  type ParameterOperator,
} from '../../stats/index.ts';
import type { Tensor } from '../../engine/index.ts';
import type { RunRecord } from '../types.ts';
import type { Bench } from './bench.ts';
import type { Effort } from './config.ts';
import { asJson, estimate } from './records.ts';

/** The operators by the letters of the report: Hessian, Gauss-Newton matrix, covariance of the gradients. */
export type OperatorName = 'H' | 'G' | 'C';

/** Probes of the spectral density, each of as many products as Lanczos has steps. */
export function densityProbes({ probes }: Pick<Effort, 'probes'>): number {
  return Math.max(2, Math.ceil(probes / 4));
}

/** As {@link noisePasses}: one per product. */
export function curvaturePasses(effort: Effort & { readonly dimension: number }): number {
  const { iterations, probes, dimension, exact } = effort;
  const traces = 2 * (productsOfTrace(effort) + probes);
  const small = dimension <= exact ? 2 * dimension : 0;
  return 2 * iterations + traces + densityProbes(effort) * iterations + 4 * probes + iterations + small;
}

function productsOfTrace({ probes }: Pick<Effort, 'probes'>): number {
  return 3 * Math.max(2, probes);
}

export async function* measureCurvature(bench: Bench): AsyncGenerator<RunRecord> {
  const [h, g, c] = [
    hessianOperator(bench.point()),
    gaussNewtonOperator(bench.point()),
    gradientCovarianceOperator(unitPoint(bench.gradientPoint())),
  ];
  try {
    const [H, G, C] = [h, g, c].map((operator) => bench.watched(operator)) as [Operator, Operator, Operator];
    const hessian = yield* ends(bench, 'H', H);
    const gaussNewton = yield* ends(bench, 'G', G);
    disposeAll(gaussNewton);
    yield* traces(bench, 'H', H);
    yield* traces(bench, 'G', G);
    yield* density(bench, 'H', H);
    yield* aligned(bench, { H, G, C }, hessian);
    disposeAll(hessian);
    if (H.dimension <= bench.config.exact) {
      yield* exact(bench, 'H', H);
      yield* exact(bench, 'G', G);
    }
    yield* bench.settle(c.microbatch * bench.each);
  } finally {
    for (const operator of [h, g, c]) operator.dispose();
  }
}

type Operator = ParameterOperator;

const words: Readonly<Record<OperatorName, string>> = {
  H: 'Hessian',
  G: 'Gauss-Newton matrix',
  C: 'gradient covariance',
};

/** Both ends of the Hessian; of a positive semidefinite matrix the upper. Resolves to the upper eigenvectors. */
async function* ends(
  bench: Bench,
  name: OperatorName,
  operator: Operator,
): AsyncGenerator<RunRecord, readonly Tensor[]> {
  bench.begin(`${words[name]}: eigenvalues`);
  const { eigenvalues: largest, iterations: steps } = bench.config;
  const smallest = name === 'H' ? Math.min(largest, operator.dimension - largest) : 0;
  const key = bench.key('ends');
  const found = await lanczos(operator, { key, largest, smallest, steps, tolerance: 1e-4 });
  yield endRecord(name, 'largest', found);
  if (smallest > 0) yield endRecord(name, 'smallest', found);
  yield* bench.settle();
  found.smallest.forEach(({ vector }) => vector?.dispose());
  return found.largest.flatMap(({ vector }) => vector ?? []);
}

function endRecord(operator: OperatorName, end: 'largest' | 'smallest', found: LanczosResult): RunRecord {
  const { converged, steps } = found;
  return {
    kind: 'result',
    name: 'eigenvalues',
    operator,
    end,
    method: 'lanczos',
    values: found[end].map(({ value }) => value),
    residuals: found[end].map(({ residual }) => residual),
    converged,
    steps,
  };
}

async function* traces(bench: Bench, name: OperatorName, operator: Operator): AsyncGenerator<RunRecord> {
  bench.begin(`${words[name]}: trace`);
  const { probes } = bench.config;
  const plus = await hutchPlusPlus(operator, {
    key: bench.key('trace'),
    products: productsOfTrace({ probes }),
  });
  bench.begin(`${words[name]}: norm`);
  const { frobeniusNorm } = await hutchinson(operator, { key: bench.key('norm'), probes });
  yield {
    kind: 'result',
    name: 'trace',
    operator: name,
    trace: estimate(plus.trace),
    captured: plus.captured,
    rank: plus.rank,
    products: plus.products,
    frobeniusNorm: estimate(frobeniusNorm),
    probes,
  };
}

async function* density(bench: Bench, name: OperatorName, operator: Operator): AsyncGenerator<RunRecord> {
  bench.begin(`${words[name]}: spectral density`);
  const { iterations: steps } = bench.config;
  const probes = densityProbes(bench.config);
  const { quadratures, dimension } = await spectralDensity(operator, {
    key: bench.key('density'),
    probes,
    steps,
  });
  yield {
    kind: 'result',
    name: 'density',
    operator: name,
    dimension,
    quadratures: quadratures.map(({ nodes, weights }) => ({
      nodes: asJson(nodes),
      weights: asJson(weights),
    })),
  };
}

/** Whether C has the shape of H and of G: as matrices, and along the leading eigenvectors of H. */
async function* aligned(
  bench: Bench,
  { H, G, C }: Readonly<Record<OperatorName, Operator>>,
  vectors: readonly Tensor[],
): AsyncGenerator<RunRecord> {
  const { probes, eigenvalues, iterations } = bench.config;
  for (const [name, other] of [
    ['H', H],
    ['G', G],
  ] as const) {
    bench.begin(`alignment of the covariance with the ${words[name]}`);
    const found = await alignment(C, other, { key: bench.key('alignment'), probes });
    yield {
      kind: 'result',
      name: 'alignment',
      operators: ['C', name],
      cosine: estimate(found.cosine),
      traceOfProduct: estimate(found.traceOfProduct),
      probes,
    };
  }
  bench.begin('covariance: eigenvalues');
  const largest = Math.min(eigenvalues, bench.units - 1, vectors.length);
  const leading = await lanczos(C, { key: bench.key('pairs'), largest, steps: iterations, tolerance: 1e-4 });
  const own = leading.largest.flatMap(({ vector }) => vector ?? []);
  yield {
    kind: 'result',
    name: 'along',
    operators: ['C', 'H'],
    quotients: await rayleighQuotients(C, vectors),
    overlap: await subspaceOverlap(vectors.slice(0, own.length), own),
    dimension: own.length,
    byChance: own.length / C.dimension,
  };
  disposeAll(own);
}

/** The smallest eigenvalue that is told from 0, as a share of the largest: what f32 holds. */
const FLOOR = 1e-6;

async function* exact(bench: Bench, name: OperatorName, operator: Operator): AsyncGenerator<RunRecord> {
  bench.begin(`${words[name]}: all eigenvalues`);
  const { values, asymmetry } = await exactSpectrum(operator, { limit: operator.dimension });
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const determinant = scale > 0 ? logDeterminant(values, { floor: FLOOR * scale }) : undefined;
  yield {
    kind: 'result',
    name: 'spectrum',
    operator: name,
    values: asJson(values),
    asymmetry,
    ...(determinant && { logDeterminant: { ...determinant, floor: FLOOR * scale } }),
  };
}

function disposeAll(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}
