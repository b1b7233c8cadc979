/** HT-6 of papers.md 5.3: how many steps of SGD leave a minimum, and does the theory of jumps know it? */
import { tensor } from '../../../engine/index.ts';
import { escapeBound, escapeSteps, noiseCoefficient, type EscapeAxis } from '../../../stats/index.ts';
import type { Experiment, Json, RunContext, RunRecord } from '../../types.ts';
import { checkConfig, presets, type TimeConfig } from './config.ts';
import { descend } from './descent.ts';
import { borders, fitAxes, gradientsOf, minibatches, type FittedAxis } from './noise.ts';
import { ESCAPE, NOISE, problemOf, streamWords } from './problem.ts';
import { descentOf, escapesOf, meanStepsOf } from './records.ts';
import { report } from './report.ts';
import { escapeWalk } from './walk.ts';

export const escapeTime: Experiment<TimeConfig> = {
  name: 'heavy-tail/figure5',
  title: 'Heavy-tailed noise, figure 5: the time of escape',
  description:
    'Does the time that SGD takes to leave a minimum of a small network follow the theory of heavy-tailed jumps, over batch sizes?',
  presets,
  ownData: () => 'drawn points',
  run,
  report,
  summary,
};

async function* run(config: TimeConfig, { seed, signal, progress }: RunContext): AsyncGenerator<RunRecord> {
  checkConfig(config);
  const { examples, descentSteps, descentRate, learningRate, barrier, runs, maxSteps } = config;
  const total = config.networks.length * (1 + config.batchSizes.length);
  let done = 0;
  const part = (note: string): void => progress({ done, total, unit: 'parts', note });
  for (const [index, hidden] of config.networks.entries()) {
    const network = [2, ...hidden, 1].join('-');
    const problem = problemOf(hidden, examples, seed);
    const minimum = await descend(problem, descentSteps, descentRate, signal, (step) =>
      part(`${network}, step ${step} of descent`),
    );
    if (!minimum) return;
    const { params, loss, startLoss, gradient } = minimum;
    yield {
      kind: 'result',
      name: 'minimum',
      network,
      parameters: problem.parameters,
      examples,
      loss,
      startLoss,
      gradient,
    };
    done++;
    if (descentOf(minimum) === 'did not fall') {
      done += config.batchSizes.length;
      continue;
    }
    const [gradients, distances] = [
      await gradientsOf(problem, params),
      await borders(problem, params, loss, barrier),
    ];
    for (const batchSize of config.batchSizes) {
      part(`${network}, B ${batchSize}`);
      const key = streamWords(seed, NOISE, 1000 * index + batchSize);
      const fitted = fitAxes(gradients, minibatches(examples, batchSize, config.fitBatches, key));
      const walk = escapeWalk(problem, { batchSize, learningRate, runs, maxSteps });
      const words = streamWords(seed, ESCAPE, 1000 * index + batchSize);
      const steps = await walk.run(params, loss + barrier, tensor(Uint32Array.from(words), [2]), signal);
      walk.dispose();
      if (!steps) return;
      yield {
        kind: 'result',
        name: 'escape',
        network,
        batchSize,
        steps: steps.filter(Number.isFinite),
        censored: steps.filter((step) => !Number.isFinite(step)).length,
        maxSteps,
        ...predict(fitted, distances, config),
      };
      done++;
    }
  }
}

type Borders = Awaited<ReturnType<typeof borders>>;

/** Both formulas with the fitted laws. Parameters that cannot be fitted do not escape, nor those without a border. */
function predict(
  fitted: readonly (FittedAxis | undefined)[],
  distances: Borders,
  { learningRate, alphaRange: [least, most], rho }: TimeConfig,
): {
  readonly predicted: number;
  readonly bound: number;
  readonly meanAlpha: number;
  readonly leastAlpha: number;
  readonly atBound: number;
  readonly excluded: number;
} {
  const known = fitted.flatMap((fit, l) => (fit ? [{ fit, border: distances[l] as Borders[number] }] : []));
  const axes = known.map(({ fit, border }): EscapeAxis => {
    const alpha = Math.min(Math.max(fit.alpha, least), most);
    return { ...border, alpha, scale: fit.scale, epsilon: noiseCoefficient(learningRate, alpha) };
  });
  const alphas = known.map(({ fit }) => fit.alpha);
  return {
    predicted: axes.length === 0 ? Infinity : escapeSteps(axes, learningRate),
    bound: axes.length === 0 ? Infinity : escapeBound(axes, { rho }).value / learningRate,
    meanAlpha: alphas.reduce((a, b) => a + b, 0) / alphas.length,
    leastAlpha: Math.min(...alphas),
    atBound: known.filter(({ fit }) => fit.atBound).length,
    excluded: fitted.length - known.length,
  };
}

function summary(records: readonly RunRecord[]): { readonly [key: string]: Json } {
  return {
    escapes: escapesOf(records).map((each) => ({
      network: each.network,
      batchSize: each.batchSize,
      steps: meanStepsOf(each).value,
      censored: each.censored,
      predicted: each.predicted,
      bound: each.bound,
    })),
  };
}
