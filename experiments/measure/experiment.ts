/** A measurement as an experiment: records as they are measured, and a report that is a function of them. */
import { parameterCount } from '../../nn/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import {
  presetNames,
  type Experiment,
  type Json,
  type PresetName,
  type RunContext,
  type RunRecord,
} from '../types.ts';
import { benchOf, isStop, type Bench, type Place } from './bench.ts';
import { efforts, parts, type MeasurementConfig, type Part } from './config.ts';
import { curvaturePasses, measureCurvature } from './curvature.ts';
import { landscapePasses, measureLandscape } from './landscape.ts';
import { measureNoise, noisePasses } from './noise.ts';
import { find, findAll } from './records.ts';
import { reportOf } from './report.ts';

/** The name in manifests. */
export const MEASURE = 'measure';

/** Where a measurement is made. */
export interface Measured {
  readonly place: Place;
  /** Lets signals and timers in. */
  readonly breathe: () => Promise<void>;
}

/**
 * The measurement of a place; without one, what draws the reports of measurements made before.
 */
export function measurement(measured?: Measured): Experiment<MeasurementConfig> {
  return {
    name: MEASURE,
    title: 'Measurement of a training',
    description: 'The noise of the gradients, the curvature and the landscape of the loss at a checkpoint.',
    presets: Object.fromEntries(
      presetNames.map((name) => [name, presetOf(name)]),
    ) as Experiment<MeasurementConfig>['presets'],
    run: (config, context) =>
      run(
        config,
        context,
        measured ?? fail('USAGE', 'A measurement is of a checkpoint: langevin measure CHECKPOINT.'),
      ),
    report: reportOf,
    summary,
  };
}

function presetOf(name: PresetName): MeasurementConfig {
  return { ...efforts[name], what: parts, checkpoint: '', initial: false, to: null, batchNorm: 'frozen' };
}

const measures: Readonly<Record<Part, (bench: Bench) => AsyncGenerator<RunRecord>>> = {
  noise: measureNoise,
  curvature: measureCurvature,
  landscape: measureLandscape,
};

async function* run(
  config: MeasurementConfig,
  context: RunContext,
  { place, breathe }: Measured,
): AsyncGenerator<RunRecord> {
  const dimension = parameterCount(place.params);
  const passes = {
    noise: noisePasses(config),
    curvature: curvaturePasses({ ...config, dimension }),
    landscape: landscapePasses(config),
  };
  const wanted = parts.filter((part) => config.what.includes(part));
  const total = wanted.reduce((sum, part) => sum + passes[part], 0);
  const bench = benchOf(place, config, { context, breathe, passes: total });
  yield describe(bench, dimension);
  try {
    for (const part of wanted) yield* measures[part](bench);
  } catch (error) {
    if (!isStop(error)) throw error;
  }
}

function describe(bench: Bench, parameters: number): RunRecord {
  const { label, cell, step, subject, policy, units, each, config } = bench;
  const { alpha, batchSize } = subject.training;
  return {
    kind: 'result',
    name: 'subject',
    label,
    cell,
    step,
    parameters,
    trainExamples: subject.examples,
    examples: config.examples,
    microbatch: config.microbatch,
    alpha,
    batchSize,
    unit: each === 1 ? 'example' : 'ghost batch',
    units,
    policy: bench.point().problem.policy ?? policy.kind,
  };
}

/** The numbers that one looks for first, of what was measured. */
function summary(records: readonly RunRecord[]): { readonly [key: string]: Json } {
  const pick = (
    record: RunRecord | undefined,
    ...fields: readonly string[]
  ): { readonly [key: string]: Json } | null =>
    record ? Object.fromEntries(fields.map((field) => [field, record[field] ?? null])) : null;
  return {
    subject: pick(find(records, 'subject'), 'cell', 'label', 'step', 'parameters', 'unit', 'units', 'policy'),
    noise: pick(find(records, 'noise'), 'meanLoss', 'trace', 'squaredGradient', 'noiseScale', 'diversity'),
    eigenvalues: findAll(records, 'eigenvalues').map((record) =>
      pick(record, 'operator', 'end', 'values', 'residuals'),
    ),
    traces: findAll(records, 'trace').map((record) => pick(record, 'operator', 'trace', 'frobeniusNorm')),
    alignment: findAll(records, 'alignment').map((record) => pick(record, 'operators', 'cosine')),
    sharpness: findAll(records, 'sharpness').map((record) => pick(record, 'epsilon', 'sharpness')),
  };
}
