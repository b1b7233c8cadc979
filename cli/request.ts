/** What `run` and `sweep` have in common: an experiment, its configuration, data and backend, read from arguments. */
import { fail } from '../engine/graph/errors.ts';
import { applySettings } from '../experiments/config.ts';
import { presetNames, type AdapterSummary, type Experiment, type PresetName } from '../experiments/types.ts';
import { parseChoice, parseCount, type Arguments, type Option } from './arguments.ts';
import { dataDirOption } from './commands/data.ts';
import { findExperiment } from './results.ts';
import type { World } from './world.ts';

const backends = ['webgpu', 'reference'] as const;

/** An experiment as it was asked for, checked. */
export interface Request<Data extends string> {
  readonly experiment: Experiment;
  readonly preset: PresetName;
  readonly config: object;
  readonly changes: readonly string[];
  readonly seed: number;
  readonly data: Data;
  readonly dataDirectory?: string;
  readonly backend: AdapterSummary['backend'];
  readonly out?: string;
  readonly json: boolean;
}

/** The options of a command that runs an experiment. */
export function experimentOptions(data: readonly string[], out: string): Readonly<Record<string, Option>> {
  return {
    preset: { value: 'NAME', about: `${presetNames.join(', ')}; default: smoke` },
    data: { value: 'NAME', about: `${data.join(', ')}; default: procedural` },
    'data-dir': dataDirOption,
    seed: { value: 'N', about: 'all randomness is a function of it; default: 0' },
    set: { value: 'KEY=VALUE', about: 'change one field of the preset, such as alphas=1,2', multiple: true },
    out: { value: 'DIR', about: out },
    backend: { value: 'NAME', about: 'webgpu, or reference: float64 on the CPU, slow; default: webgpu' },
    json: { about: 'print the results as one line of JSON, the last of stdout' },
  };
}

/** @param data the names that `--data` may have, `procedural` among them */
export function readRequest<Data extends string>(
  args: Arguments,
  { experiments }: World,
  data: readonly (Data | 'procedural')[],
): Request<Data | 'procedural'> {
  const experiment = findExperiment(args.positionals[0] ?? '', experiments);
  const preset = parseChoice('preset', args.value('preset') ?? 'smoke', presetNames, 'UNKNOWN_PRESET');
  const changes = args.values('set');
  const config = applySettings(experiment.presets[preset], changes);
  const own = experiment.ownData?.(config);
  const asked = args.value('data');
  if (own !== undefined && asked !== undefined)
    fail(
      'USAGE',
      `${experiment.name} works on ${own === 'none' ? 'no data' : own} and not on ${asked}: leave --data away.`,
    );
  const [out, dataDirectory] = [args.value('out'), args.value('data-dir')];
  return {
    experiment,
    preset,
    changes,
    config,
    seed: parseCount('seed', args.value('seed') ?? '0'),
    data: parseChoice('data set', asked ?? 'procedural', data, 'DATA_UNKNOWN'),
    backend: parseChoice('backend', args.value('backend') ?? 'webgpu', backends, 'UNKNOWN_BACKEND'),
    json: args.has('json'),
    ...(out === undefined ? {} : { out }),
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  };
}
