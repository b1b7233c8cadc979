/** The evidence experiment: BS-1 of papers.md, figures 1 and 2. In float64 on the host, whatever the backend is. */
import { LangevinError } from '../../../engine/index.ts';
import { fitLogistic, logEvidenceRatio, scoreLogistic, whitening } from '../../../stats/index.ts';
import type { Experiment, Json, RunContext, RunRecord } from '../../types.ts';
import { leastRatio, ratioCorrelation } from './claims.ts';
import { checkEvidenceConfig, evidencePresets, type EvidenceConfig } from './config.ts';
import { argmin, fitsOf, sweepsOf, unfittedOf } from './records.ts';
import { evidenceReport, TITLE } from './report.ts';
import { drawTasks, taskNames, type Task, type TaskName } from './task.ts';

export const evidence: Experiment<EvidenceConfig> = {
  name: 'bayes-sgd/evidence',
  title: TITLE,
  description:
    'Does the Bayesian evidence tell informative from random labels, and which regularisation generalises best? Figures 1 and 2.',
  presets: evidencePresets,
  ownData: () => 'drawn inputs',
  run,
  report: evidenceReport,
  summary,
};

async function* run(config: EvidenceConfig, context: RunContext): AsyncGenerator<RunRecord> {
  checkEvidenceConfig(config);
  const total = config.repeats * taskNames.length * config.lambdas.length;
  let done = 0;
  for (let repeat = 0; repeat < config.repeats; repeat++) {
    const tasks = drawTasks(config, context.seed, repeat);
    yield describeInputs(tasks.random, repeat);
    for (const task of taskNames)
      for (const lambda of config.lambdas) {
        if (context.signal.aborted) return;
        const record = fitRecord({ task, repeat, lambda }, tasks[task]);
        for (const { reason } of unfittedOf([record])) context.log(reason);
        yield record;
        done++;
        context.progress({ done, total, unit: 'fits', note: `${task} labels, λ ${lambda.toPrecision(2)}` });
      }
  }
}

/** The record `fit`; or `unfitted`, with the reason, where Newton's method did not come to its end: other λ may. */
function fitRecord(
  which: { readonly task: TaskName; readonly repeat: number; readonly lambda: number },
  task: Task,
): RunRecord {
  try {
    return { kind: 'result', name: 'fit', ...which, ...measure(task, which.lambda) };
  } catch (error) {
    if (!(error instanceof LangevinError && error.code === 'NO_CONVERGENCE')) throw error;
    return { kind: 'result', name: 'unfitted', ...which, reason: error.message };
  }
}

function measure({ train, test }: Task, lambda: number): Readonly<Record<string, Json>> {
  const fit = fitLogistic(train, lambda);
  const examples = train.labels.length;
  const { objective, eigenvalues, gradientNorm, steps } = fit;
  const { logRatio, occam, leftOut } = logEvidenceRatio({
    objective,
    eigenvalues,
    lambda,
    examples,
    classes: 2,
  });
  const [inTraining, inTest] = [scoreLogistic(train, fit.weights), scoreLogistic(test, fit.weights)];
  return {
    logRatio,
    occam,
    objective,
    trainCrossEntropy: inTraining.crossEntropy,
    testCrossEntropy: inTest.crossEntropy,
    trainAccuracy: inTraining.accuracy,
    testAccuracy: inTest.accuracy,
    trainExamples: examples,
    testExamples: test.labels.length,
    gradientNorm,
    steps,
    leftOut,
  };
}

/** Of a linear logit the derivatives by the parameters are the inputs, the bias' among them. */
function describeInputs({ train }: Task, repeat: number): RunRecord {
  const { parameters, examples, meanSize, diagonal, offDiagonalSize } = whitening(
    train.inputs,
    train.labels.length,
  );
  return {
    kind: 'result',
    name: 'whitening',
    repeat,
    parameters,
    examples,
    meanSize,
    diagonalMean: diagonal.mean,
    diagonalLeast: diagonal.least,
    diagonalGreatest: diagonal.greatest,
    offDiagonalSize,
  };
}

/** Of every whole sweep its least E, where it lies, and the correlation with the test cross-entropy. */
function summary(records: readonly RunRecord[]): { readonly [key: string]: Json } {
  return {
    sweeps: sweepsOf(fitsOf(records), unfittedOf(records)).map(({ task, repeat, fits }) => ({
      task,
      repeat,
      leastRatio: leastRatio(fits),
      bestLambda: fits[argmin(fits, (fit) => fit.logRatio)]!.lambda,
      leastTestCrossEntropy: Math.min(...fits.map((fit) => fit.testCrossEntropy)),
      bestTestLambda: fits[argmin(fits, (fit) => fit.testCrossEntropy)]!.lambda,
      correlation: ratioCorrelation(fits),
    })),
  };
}
