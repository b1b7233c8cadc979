/** The noise of a training's gradients: how large, in which parameters, in which directions, and what batches make of it. */
import {
  byLayer,
  cosineStatistics,
  covarianceEigenpairs,
  gradientGram,
  meanGradient,
  measureGradientNoise,
  minibatchCovarianceFactor,
  noiseScaleFromExamples,
  sgdNoiseScale,
  unitPoint,
  type GradientNoise,
} from '../../stats/index.ts';
import { square, stack, sum, tree } from '../../engine/index.ts';
import type { Json, RunRecord } from '../types.ts';
import type { Bench } from './bench.ts';
import { asJson, estimate } from './records.ts';

/** Units up to which the cosines of all pairs are taken: their number grows as the square. */
export const PAIRS_UP_TO = 1024;

/** Passes over the examples that this takes, roughly. */
export function noisePasses({ iterations }: { readonly iterations: number }): number {
  return 12 + iterations;
}

export async function* measureNoise(bench: Bench): AsyncGenerator<RunRecord> {
  const { each } = bench;
  bench.begin('norms of single gradients');
  const noise = await measureGradientNoise(bench.gradientPoint());
  yield* bench.settle(noise.microbatch * each);
  const scale = scaleOf(noise, bench);
  yield {
    kind: 'result',
    name: 'noise',
    meanLoss: noise.meanLoss,
    traceOverN: noise.traceOverN,
    squaredNormOfMean: noise.squaredNormOfMean,
    trace: estimate(scale.trace),
    squaredGradient: estimate(scale.squaredGradient),
    noiseScale: estimate(scale.noiseScale),
    diversity: noise.diversity.diversity,
    batchSizeBound: noise.diversity.batchSizeBound,
  };
  yield {
    kind: 'result',
    name: 'units',
    norms: asJson(noise.norms.whole.map(Math.sqrt)),
    cosinesWithMean: asJson(noise.cosinesWithMean),
  };
  yield* predictions(bench, scale.trace.value);
  bench.begin('traces by parameter');
  yield await traces(bench, noise);
  bench.begin('leading eigenvalues of the covariance');
  yield* eigenpairs(bench, noise.traceOverN);
  if (bench.units <= PAIRS_UP_TO) {
    bench.begin('cosines of pairs');
    const { gram, microbatch } = await gradientGram(bench.gradientPoint());
    yield* bench.settle(microbatch * each);
    yield { kind: 'result', name: 'cosines', ...cosineStatistics(gram) };
  }
}

/** Of the training set, of which the units were drawn. */
function scaleOf({ norms, cosinesWithMean, squaredNormOfMean }: GradientNoise, { subject, each }: Bench) {
  const { whole: squaredNorms } = norms;
  const products = cosinesWithMean.map(
    (cosine, mu) => cosine * Math.sqrt(squaredNorms[mu]! * squaredNormOfMean),
  );
  return noiseScaleFromExamples(
    { squaredNorms, products },
    { population: Math.floor(subject.examples / each) },
  );
}

/** The covariance of the gradients of the training's own batches. */
function* predictions({ subject, each }: Bench, trace: number): Generator<RunRecord> {
  const { examples, training } = subject;
  const { alpha, batchSize: size, sgd } = training;
  const [count, batchSize] = [Math.floor(examples / each), Math.floor(size / each)];
  for (const a of alpha === 1 ? [1] : [1, alpha])
    for (const replacement of [false, true]) {
      const factor = minibatchCovarianceFactor({ count, batchSize, alpha: a, replacement });
      yield {
        kind: 'result',
        name: 'minibatch',
        alpha: a,
        batchSize,
        count,
        replacement,
        factor,
        trace: factor * trace,
      };
    }
  if (sgd)
    yield {
      kind: 'result',
      name: 'sgd-noise',
      ...sgd,
      g: sgdNoiseScale({ ...sgd, examples, batchSize: size }),
    };
}

/** tr C of every tensor and layer, from the parts of the norms and of the mean gradient. */
async function traces(bench: Bench, { norms }: GradientNoise): Promise<RunRecord> {
  const point = bench.gradientPoint();
  const { loss, gradient } = await meanGradient(unitPoint(point));
  let from = 0;
  const squares = tree.paths(point.params).map(({ leaf }) => {
    const part = gradient.slice([from], [from + leaf.size]);
    from += leaf.size;
    return sum(square(part));
  });
  const means = await stack(squares).data();
  [loss, gradient, ...squares].forEach((tensor) => tensor.dispose());
  const perTensor = Object.fromEntries(
    Object.entries(norms.perTensor).map(([path, values], k): [string, readonly number[]] => {
      const second = values.reduce((total, value) => total + value, 0) / values.length;
      return [path, [second - means[k]!, means[k]!]];
    }),
  );
  const perLayer = byLayer(perTensor, (a, b) => a.map((value, k) => value + b[k]!));
  const rows = (of: Readonly<Record<string, readonly number[]>>): Json =>
    Object.entries(of).map(([path, [traceOverN = 0, squaredNormOfMean = 0]]) => ({
      path,
      traceOverN,
      squaredNormOfMean,
    }));
  return { kind: 'result', name: 'traces', perTensor: rows(perTensor), perLayer: rows(perLayer) };
}

async function* eigenpairs(bench: Bench, trace: number): AsyncGenerator<RunRecord> {
  const { eigenvalues, iterations } = bench.config;
  const { pairs, method, microbatch, spectrum } = await covarianceEigenpairs(bench.gradientPoint(), {
    largest: eigenvalues,
    key: bench.key('pairs'),
    steps: iterations,
    tolerance: 1e-4,
  });
  yield* bench.settle(microbatch * bench.each);
  for (const { vector } of pairs) vector.dispose();
  yield {
    kind: 'result',
    name: 'eigenvalues',
    operator: 'C',
    end: 'largest',
    method,
    trace,
    values: pairs.map(({ value }) => value),
    residuals: pairs.map(({ residual }) => residual),
    ...(spectrum && { spectrum: asJson(spectrum) }),
  };
}
