/** The command line as a process: streams that may close early, errors that nobody caught, the exit code. */
import type { Experiment } from '../experiments/types.ts';
import { cli, printError } from './cli.ts';
import type { World } from './world.ts';

/**
 * Runs the command line of this process. The process ends by itself once nothing is under way any more, so that what
 * was written to a pipe is not cut off.
 */
export function main(experiments: readonly Experiment[], load: World['load']): void {
  const { stdout, stderr, env: environment, argv } = process;
  const debug = argv.includes('--debug') || !!environment['LANGEVIN_DEBUG'];
  const world = { experiments, load, stdout, stderr, environment };

  // The reader has seen enough, as in `langevin list | head -1`. A run is told, so that it keeps its records; whatever
  // is written after that fails again and is no news.
  let told = false;
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (!told && !process.emit('SIGPIPE', 'SIGPIPE')) process.exit(0);
      told = true;
    });
  const die = (error: unknown): void => {
    printError(error, debug, world);
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);

  void cli(argv.slice(2), world).then((code) => {
    process.exitCode = code;
  });
}
