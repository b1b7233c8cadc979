/** The tuner as an experiment: the heuristic of section 5 over trainings, on a validation set held out of the training set. */
import { selectExamples, subset, type Dataset } from '../../../data/index.ts';
import { LangevinError } from '../../../engine/index.ts';
import { alone, replicas, type Member } from '../../training/replicas.ts';
import type { TrainingRecord, TrainingSpec } from '../../training/settings.ts';
import { trainingRecords } from '../../training/train.ts';
import type { Experiment, Json, RunContext, RunRecord } from '../../types.ts';
import { checkTunerConfig, tunerPresets, type TunerConfig } from './config.ts';
import { mostTrials, tuneBatchSize, type Setting, type TunerOptions } from './heuristic.ts';
import { chosenOf, TITLE, tunerReport } from './report.ts';

export const tuner: Experiment<TunerConfig> = {
  name: 'bayes-sgd/tuner',
  title: TITLE,
  description: 'Which batch size, learning rate and momentum does the heuristic of section 5 find?',
  presets: tunerPresets,
  run,
  report: tunerReport,
  summary: (records) => ({ chosen: (chosenOf(records) ?? null) as unknown as Json }),
};

/** The signal was given in the middle of a trial. */
class Stopped extends Error {}

async function* run(config: TunerConfig, context: RunContext): AsyncGenerator<RunRecord> {
  checkTunerConfig(config);
  const { trainExamples, learningRates, momentum, smallest, poor } = config;
  const options: TunerOptions = {
    learningRates,
    momentum,
    smallest,
    largest: config.largest || trainExamples,
    poor,
  };
  const heldOut = holdOut(context.dataset, config, context.seed);
  const total = mostTrials(options);
  let done = 0;
  const measure = async (setting: Setting): Promise<number> => {
    const note = `ε ${setting.learningRate}, m ${setting.momentum}, B ${setting.batchSize}`;
    context.progress({ done, total, unit: 'trials', note });
    const accuracy = await accuracyOf(setting, config, { ...context, dataset: heldOut });
    context.progress({ done: ++done, total, unit: 'trials', note });
    return accuracy;
  };
  try {
    const trials = tuneBatchSize(measure, options);
    for (;;) {
      const next = await trials.next();
      const { phase, ...trial } = next.value;
      if (!next.done) {
        yield { kind: 'result', name: 'trial', phase, ...trial };
        continue;
      }
      // The test set is looked at once, when nothing is chosen any more.
      const testAccuracy = await accuracyOf(trial, config, {
        ...context,
        dataset: { ...heldOut, test: context.dataset.test },
      });
      yield { kind: 'result', name: 'chosen', ...trial, testAccuracy, examples: trainExamples };
      return;
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
}

/** The data set with a part of its training set in place of the test set. */
function holdOut(
  dataset: Dataset,
  { trainExamples, validationExamples }: TunerConfig,
  seed: number,
): Dataset {
  const { train } = dataset;
  const count = trainExamples + validationExamples;
  if (count > train.count)
    throw new LangevinError(
      'CONFIG',
      `bayes-sgd/tuner: trainExamples and validationExamples are ${count} together, and ${train.name} has ${train.count}: set fewer.`,
    );
  const chosen = subset(train, count, seed);
  const part = (from: number, to: number, name: string): Dataset['train'] =>
    selectExamples(
      chosen,
      Int32Array.from({ length: to - from }, (_, k) => from + k),
      `${train.name}, ${name}`,
    );
  return {
    ...dataset,
    train: part(0, trainExamples, `${trainExamples} to train on`),
    test: part(trainExamples, count, `${validationExamples} held out`),
  };
}

/** Mean over the initialisations, which are trained as one program; NaN if one of them diverged. */
async function accuracyOf(
  { learningRate, momentum, batchSize }: Setting,
  { hidden, pool, lossDivisor, sampling, steps, repeats }: TunerConfig,
  context: RunContext,
): Promise<number> {
  const specOf = (replica: number): TrainingSpec => ({
    network: { kind: 'mlp', hidden },
    images: { trainExamples: 0, testExamples: 0, pool },
    loss: { lossDivisor },
    optimizer: { name: 'sgd', momentum },
    learningRate,
    batchSize,
    sampling,
    length: { steps: Math.max(1, Math.round(steps / learningRate)) },
    replica,
  });
  const members = repeats === 1 ? [alone()] : replicas(repeats);
  const accuracies = await Promise.all(
    members.map((member, replica) => testAccuracyOf(specOf(replica), member, context)),
  );
  return accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / repeats;
}

async function testAccuracyOf(spec: TrainingSpec, member: Member, context: RunContext): Promise<number> {
  let found: TrainingRecord | undefined;
  // The progress of the whole is counted in trials.
  const quiet = { ...context, member, progress: (): void => undefined };
  for await (const record of trainingRecords(spec, quiet))
    if (record.name === 'training') found = record as unknown as TrainingRecord;
  if (!found) throw new Stopped();
  return found.testAccuracy ?? NaN;
}
