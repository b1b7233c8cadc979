/** From arguments to an exit code: find the command, run it, and say in one sentence what went wrong. */
import { LangevinError, fail, nearest } from '../engine/graph/errors.ts';
import { versions } from '../experiments/node/versions.ts';
import { parseArguments } from './arguments.ts';
import { commandHelp, commonOptions, overview, type Command } from './command.ts';
import { dataGet, dataList } from './commands/data.ts';
import { doctor } from './commands/doctor.ts';
import { inspect } from './commands/inspect.ts';
import { list } from './commands/list.ts';
import { measure } from './commands/measure.ts';
import { report } from './commands/report.ts';
import { run } from './commands/run.ts';
import { sweep } from './commands/sweep.ts';
import { tuneBatchSize } from './commands/tune-batch-size.ts';
import { tuneKernels } from './commands/tune-kernels.ts';
import { terminalOf, type World } from './world.ts';

/** In the order of the help. */
const commands: readonly Command[] = [
  list,
  run,
  sweep,
  measure,
  inspect,
  report,
  dataGet,
  dataList,
  tuneBatchSize,
  tuneKernels,
  doctor,
];

/** Errors of what was typed, rather than of what happened: exit code 2. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'USAGE',
  'UNKNOWN_COMMAND',
  'UNKNOWN_OPTION',
  'UNKNOWN_EXPERIMENT',
  'UNKNOWN_PRESET',
  'UNKNOWN_BACKEND',
  'DATA_UNKNOWN',
  'SETTING_SYNTAX',
  'SETTING_UNKNOWN',
  'SETTING_TYPE',
  'CONFIG',
]);

/** Runs one command line, without the names of Node and the script. Resolves to the exit code; never rejects. */
export async function cli(argv: readonly string[], world: World): Promise<number> {
  const debug = argv.includes('--debug') || !!world.environment['LANGEVIN_DEBUG'];
  try {
    return await dispatch(argv, world);
  } catch (error) {
    printError(error, debug, world);
    return error instanceof LangevinError && USAGE_CODES.has(error.code) ? 2 : 1;
  }
}

async function dispatch(argv: readonly string[], world: World): Promise<number> {
  const out = terminalOf(world.stdout, world.environment);
  const words = argv.filter((word) => word !== '--debug');
  const [first, second] = words;
  if (first === '--version' || first === '-V') {
    out.print(versions().langevin);
    return 0;
  }
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    out.print(overview(commands, out.width));
    // Called without any word it is a question too, but a script that does so made a mistake.
    return first === undefined ? 2 : 0;
  }
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && (second === undefined || second === '--help' || second === '-h')) {
    out.print(overview(group, out.width));
    return second === undefined ? 2 : 0;
  }
  const name = group.length > 0 ? `${first} ${second}` : first;
  const command = commands.find((each) => each.name === name) ?? unknownCommand(name);
  const rest = words.slice(name.split(' ').length);
  const options = { ...command.options, ...commonOptions };
  const args = parseArguments(rest, options, command.positionals);
  if (args.has('help')) {
    out.print(commandHelp(command, out.width));
    return 0;
  }
  return command.run(args, world);
}

function unknownCommand(name: string): never {
  const names = commands.map((command) => command.name);
  const guess = nearest(name, names);
  return fail(
    'UNKNOWN_COMMAND',
    `there is no command '${name}'; ${guess ? `did you mean ${guess}?` : `there are ${names.join(', ')}.`}`,
  );
}

/** `langevin: <sentence> [CODE]`; where it came from only when asked for. */
export function printError(error: unknown, debug: boolean, world: Pick<World, 'stderr'>): void {
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof LangevinError;
  world.stderr.write(
    known
      ? `langevin: ${message} [${error.code}]\n`
      : `langevin: ${message || 'an error without a message'} [UNEXPECTED]\n` +
          (debug ? '' : 'This is a fault of langevin; --debug shows where it happened.\n'),
  );
  if (!debug) return;
  for (
    let cause: unknown = error;
    cause !== undefined;
    cause = cause instanceof Error ? cause.cause : undefined
  )
    world.stderr.write(
      `${cause instanceof Error ? (cause.stack ?? cause.message) : JSON.stringify(cause)}\n`,
    );
}
