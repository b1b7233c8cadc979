/**
 * The ground that HT stands on, checked: stable laws against tabulated values, the sampler's tail, the exponents and means of the escape
 * theory, and exits from a parabola against 1/(η C_α (σ/R)^α) steps (papers.md 5.1, 5.2, and rows sas-*, gof, levy-sde, ht-theory of 7).
 */
import { bitsAt, foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import {
  boundExponents,
  compareTails,
  escapeSteps,
  fitStable,
  stableCdf,
  stableDensity,
  stableStream,
  weibullMean,
} from '../../../stats/index.ts';
import type { Experiment, Json, RunContext, RunRecord } from '../../types.ts';
import { batchesOf, walk } from '../levy-walk.ts';
import { checkConfig, presets, type TheoryConfig } from './config.ts';
import { checksOf, exitsOf } from './records.ts';
import { report } from './report.ts';

export const theory: Experiment<TheoryConfig> = {
  name: 'heavy-tail/theory',
  title: 'Heavy-tailed noise: the theory, checked',
  description:
    'Do stable laws, their sampler, the constants of the escape theory and exits in one dimension have the values that are known?',
  presets,
  ownData: () => 'none',
  run,
  report,
  summary,
};

/** papers.md 5.1: α, [x, p(x)] and P(X ≤ 1). */
const TABLE: readonly (readonly [number, readonly (readonly [number, number])[], number | null])[] = [
  [
    0.8,
    [
      [0, 0.360646],
      [1, 0.131846],
      [2, 0.054938],
      [5, 0.013244],
    ],
    0.74414,
  ],
  [
    1.5,
    [
      [0, 0.287353],
      [1, 0.202038],
      [2, 0.08454],
      [5, 0.007112],
    ],
    0.75634,
  ],
  [
    1.8,
    [
      [0, 0.283069],
      [1, 0.214189],
      [2, 0.096701],
      [5, 0.003265],
    ],
    0.75871,
  ],
  [
    2,
    [
      [0, 0.282095],
      [1, 0.219696],
      [2, 0.103777],
      [5, 0.000545],
    ],
    null,
  ],
];

/** Streams of the seed. */
const [TAIL, HAZARD, WALKS, FITS, NORMAL] = [0, 1, 2, 3, 4];

async function* run(config: TheoryConfig, { seed, signal, progress }: RunContext): AsyncGenerator<RunRecord> {
  checkConfig(config);
  const total = config.alphas.length * config.runs;
  yield* laws();
  yield tail(config, seed);
  yield* fits(seed);
  yield* constants(config, seed);
  let done = 0;
  const { learningRate, scale, radius, curvature, maxSteps } = config;
  for (const [index, alpha] of config.alphas.entries())
    for (const { batch, runs } of batchesOf(config.runs)) {
      if (signal.aborted) return;
      progress({ done, total, unit: 'walks', note: `α ${alpha}` });
      const key = foldInWords(foldInWords(foldInWords(seedWords(seed), WALKS), index), batch);
      const exits = walk({
        alphas: [alpha],
        learningRate,
        scale,
        radius,
        maxSteps,
        runs,
        key,
        gradient: (position, gradient) => void (gradient[0] = curvature * (position[0] as number)),
      });
      done += runs;
      const axis = { alpha, scale, plus: radius, minus: radius };
      const predicted = escapeSteps([axis], learningRate ** (1 / alpha));
      yield { kind: 'result', name: 'exits', alpha, ...exits, predicted };
    }
}

/** @param row of the master table of papers.md that the check is of */
function check(
  row: string,
  what: string,
  expected: number,
  found: number,
  tolerance: number,
  digits: number,
): RunRecord {
  return { kind: 'result', name: 'check', row, what, expected, found, tolerance, digits };
}

function* laws(): Generator<RunRecord> {
  for (const [alpha, densities, probability] of TABLE) {
    for (const [x, density] of densities)
      yield check('sas-sample/pdf/cdf', `p(${x}), α = ${alpha}`, density, stableDensity(x, alpha), 1e-5, 6);
    if (probability !== null)
      yield check('sas-sample/pdf/cdf', `P(X ≤ 1), α = ${alpha}`, probability, stableCdf(1, alpha), 1e-5, 5);
  }
}

/** The tolerance is what papers.md names, 5 %, or four standard deviations where too few numbers are drawn for it. */
function tail({ draws }: TheoryConfig, seed: number): RunRecord {
  const at = stableStream(foldInWords(seedWords(seed), TAIL), 1.5);
  let beyond = 0;
  for (let k = 0; k < draws; k++) if (Math.abs(at(k)) > 50) beyond++;
  const expected = 2 * stableCdf(-50, 1.5);
  const tolerance = Math.max(0.05 * expected, 4 * Math.sqrt(expected / draws));
  return check(
    'sas-sample/pdf/cdf',
    `P(|X| > 50), α = 1.5, ${draws} drawn`,
    expected,
    beyond / draws,
    tolerance,
    6,
  );
}

/** papers.md, row sas-fit: α̂ of so many numbers is within this of α, for these α. */
const FIT = { samples: 5000, tolerance: 0.06, alphas: [0.8, 1, 1.2, 1.5, 1.8, 2] };

/** papers.md, row gof: of normal numbers the ratio of the errors of both laws is within this of 1, and α̂ above 2 less that. */
const CONTROL = { samples: 5000, ratio: 0.1, alpha: 0.03 };

/** The estimator on numbers of known laws, and the control by which fits to noise are judged. */
function* fits(seed: number): Generator<RunRecord> {
  const drawn = (stream: number, index: number, alpha: number, samples: number): Float64Array => {
    const at = stableStream(foldInWords(foldInWords(seedWords(seed), stream), index), alpha);
    return Float64Array.from({ length: samples }, (_, k) => at(k));
  };
  for (const [index, alpha] of FIT.alphas.entries()) {
    const { alpha: found } = fitStable(drawn(FITS, index, alpha, FIT.samples));
    yield check('sas-fit', `α̂ of ${FIT.samples} numbers, α = ${alpha}`, alpha, found, FIT.tolerance, 3);
  }
  const { normal, stable } = compareTails(drawn(NORMAL, 0, 2, CONTROL.samples));
  const of = `of ${CONTROL.samples} normal numbers`;
  yield check(
    'gof',
    `Gauss-SSE/SαS-SSE ${of}`,
    1,
    normal.sumOfSquares / stable.sumOfSquares,
    CONTROL.ratio,
    3,
  );
  yield check('gof', `α̂ ${of}`, 2, stable.alpha, CONTROL.alpha, 3);
}

function* constants({ hazard, kappa, hazardDraws }: TheoryConfig, seed: number): Generator<RunRecord> {
  yield check('ht-theory', 'κ at γ = 1', 1, boundExponents(1.3, 1.2).kappa, 0, 3);
  yield check('ht-theory', 'C at γ = 1', 2, boundExponents(1.3, 1.2).c, 0, 3);
  // The time at which the integrated hazard a t^κ/κ has reached an exponential number.
  const key = foldInWords(seedWords(seed), HAZARD);
  let [sum, squares] = [0, 0];
  for (let k = 0; k < hazardDraws; k++) {
    const exponential = -Math.log((2 * (bitsAt(key, k) >>> 9) + 1) * 2 ** -24);
    const time = ((kappa * exponential) / hazard) ** (1 / kappa);
    sum += time;
    squares += time * time;
  }
  const mean = sum / hazardDraws;
  const error = Math.sqrt((squares / hazardDraws - mean * mean) / hazardDraws);
  const what = `mean time with the hazard ${hazard} t^(${kappa} − 1), ${hazardDraws} drawn`;
  yield check('ht-theory', what, weibullMean(hazard, kappa), mean, 4 * error, 3);
}

function summary(records: readonly RunRecord[]): { readonly [key: string]: Json } {
  return {
    failed: checksOf(records)
      .filter(({ agrees }) => !agrees)
      .map(({ what }) => what),
    exits: exitsOf(records).map(({ alpha, predicted, steps, runs }) => ({
      alpha,
      predicted,
      measured: steps / runs,
    })),
  };
}
