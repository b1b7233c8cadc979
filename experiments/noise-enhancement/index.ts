/** The noise-enhancement experiment: NE of papers.md, section 1. */
import { parameterCount } from '../../nn/index.ts';
import { tree } from '../../engine/index.ts';
import type { InspectableExperiment } from '../inspect.ts';
import type { Json, RunContext, RunRecord } from '../types.ts';
import { checkConfig, gridOf, sweepsOf, type Config, type Sweep } from './config.ts';
import { inspectableTrainings } from './inspection.ts';
import { measure } from './measurement.ts';
import { presets } from './presets.ts';
import { readRecords } from './records.ts';
import { report } from './report.ts';
import { evaluatorsOf } from '../training/evaluation.ts';
import { stepOf } from './training/microbatches.ts';
import { problemOf, type Problem } from './training/problem.ts';
import { stepLimit } from './training/settings.ts';
import { optimizerOf } from './training/step.ts';
import { train } from './training/train.ts';

export const noiseEnhancement: InspectableExperiment<Config> = {
  name: 'noise-enhancement',
  title: 'Noise-enhanced SGD',
  description:
    'Does combining two minibatches as α·g(B) + (1 − α)·g(B′) scale the gradient noise as predicted, and what does the noise do to training?',
  presets,
  run,
  report,
  summary,
  trainings: inspectableTrainings,
};

/** The covariance first, which takes no luck in training, then the sweeps. */
async function* run(config: Config, context: RunContext): AsyncGenerator<RunRecord> {
  checkConfig(config);
  for (const [name, sweep] of sweepsOf(config)) {
    const problem = problemOf(sweep, context.dataset, context.seed);
    yield describe(name, problem);
    if (name === 'main') yield* measure(config.measurement, sweep, problem, context);
    yield* runSweep(name, sweep, problem, context);
    tree.leaves([problem.train.tensors, problem.test.tensors]).forEach((leaf) => leaf.dispose());
    if (context.signal.aborted) return;
  }
}

function describe(sweep: string, { initialize, train, test }: Problem): RunRecord {
  return {
    kind: 'result',
    name: 'model',
    sweep,
    parameters: parameterCount(initialize(0)),
    trainExamples: train.count,
    testExamples: test.count,
  };
}

async function* runSweep(
  name: string,
  sweep: Sweep,
  problem: Problem,
  context: RunContext,
): AsyncGenerator<RunRecord> {
  const grid = gridOf(sweep);
  const total =
    sweep.seeds * grid.reduce((sum, [alpha, batchSize]) => sum + stepLimit(sweep, alpha, batchSize), 0);
  const evaluators = evaluatorsOf(problem, sweep);
  let before = 0;
  for (const [alpha, batchSize] of grid) {
    const settings = { ...sweep, alpha, batchSize };
    const step = stepOf(problem, settings, optimizerOf(sweep));
    for (let replica = 0; replica < sweep.seeds && !context.signal.aborted; replica++) {
      const note = `α ${alpha}, batch ${batchSize}${sweep.seeds > 1 ? `, initialisation ${replica + 1}` : ''}`;
      yield* train(settings, {
        seed: context.seed,
        replica,
        signal: context.signal,
        problem,
        step,
        evaluators,
        labels: { sweep: name, alpha, batchSize, replica },
        progress: (done) => context.progress({ done: before + done, total, unit: 'steps', note }),
      });
      before += stepLimit(sweep, alpha, batchSize);
    }
    step.dispose();
  }
  evaluators.dispose();
}

/** The trace of the covariance for every α, and every finished run. */
function summary(records: readonly RunRecord[]): { readonly [key: string]: Json } {
  const { covariances, runs } = readRecords(records);
  return {
    covariance: covariances
      .filter((row) => row.quantity === 'trace')
      .map(({ alpha, predicted, measured, standardError }) => ({
        alpha,
        predicted,
        measured,
        standardError,
      })),
    runs: runs.map(({ sweep, alpha, batchSize, replica, testAccuracy, steps, converged }) => ({
      sweep,
      alpha,
      batchSize,
      replica,
      testAccuracy,
      steps,
      converged,
    })),
  };
}
