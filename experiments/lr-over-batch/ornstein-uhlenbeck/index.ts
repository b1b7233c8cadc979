/** The theory of LB, section 2.1: SGD near a minimum, simulated, and measured on networks. */
import type { Experiment, RunContext, RunRecord } from '../../types.ts';
import { figure3 } from '../figure3/index.ts';
import { checkConfig, presets, type Config } from './config.ts';
import { measureStationary, measureTransient } from './quadratic.ts';
import { readRecords, report } from './report.ts';

const title = 'Learning rate over batch size: SGD near a minimum';

export const ornsteinUhlenbeck: Experiment<Config> = {
  name: 'lr-over-batch/ornstein-uhlenbeck',
  title,
  description:
    'Does SGD near a minimum have the stationary covariance (η/2S)·1 and the mean loss η/(4S) Tr H that theory predicts, on a quadratic and on a network?',
  presets,
  ownData: ({ network }) => (network.networks.length === 0 ? 'none' : undefined),
  run,
  report: (records, manifest) => report(title, records, manifest),
  summary(records) {
    const { stationary, networks } = readRecords(records);
    return {
      stationary: stationary.map(({ process, curvature, leading, exact, measured, standardError }) => ({
        process,
        curvature,
        leading,
        exact,
        measured,
        standardError,
      })),
      networks: networks.map(({ network, rate, batchSize, loss, curvature }) => ({
        network,
        rate,
        batchSize,
        loss,
        trace: curvature.trace,
        noiseTrace: curvature.noiseTrace,
      })),
    };
  },
};

/** The simulations first, which take seconds. */
async function* run(config: Config, context: RunContext): AsyncGenerator<RunRecord> {
  checkConfig(config);
  yield* measureStationary(config.quadratic, context);
  yield* measureTransient(config.quadratic, config.rescaling, context);
  if (config.network.networks.length > 0 && !context.signal.aborted)
    yield* figure3.run(config.network, context);
}
