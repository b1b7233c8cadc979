/** What a command is, and how its help is written from that. */
import type { Arguments, Option, Positional } from './arguments.ts';
import { wrap } from '../experiments/text-table.ts';
import type { World } from './world.ts';

export interface Command {
  /** One word, or two: `data get`. */
  readonly name: string;
  /** What it does, in one line. */
  readonly about: string;
  readonly positionals: readonly Positional[];
  readonly options: Readonly<Record<string, Option>>;
  /** More for its help. */
  readonly notes?: readonly string[];
  /** Resolves to the exit code. */
  run(args: Arguments, world: World): Promise<number>;
}

/** Every command has these. */
export const commonOptions: Readonly<Record<string, Option>> = {
  help: { short: 'h', about: 'show this help' },
  debug: { about: 'show where an error came from' },
};

/** Longer lines are hard to read, however wide the terminal. */
const MAX_WIDTH = 100;

/** The help of one command. */
export function commandHelp(
  { name, about, positionals, options, notes = [] }: Command,
  columns: number,
): string {
  const width = Math.min(columns, MAX_WIDTH);
  const usage = ['langevin', name, ...positionals.map((each) => each.name), '[options]'].join(' ');
  const rows: [string, string][] = [
    ...positionals.map(({ name: word, about: text }): [string, string] => [word, text]),
    ...Object.entries({ ...options, ...commonOptions }).map(([key, option]): [string, string] => [
      `${option.short ? `-${option.short}, ` : ''}--${key}${option.value ? ` ${option.value}` : ''}`,
      option.about + (option.multiple ? ' (may be repeated)' : ''),
    ]),
  ];
  return [
    `${usage}\n`,
    ...wrap(sentence(about), width),
    '',
    ...twoColumns(rows, width),
    ...notes.flatMap((note) => ['', ...wrap(note, width)]),
  ].join('\n');
}

/** The help of the whole. */
export function overview(commands: readonly Command[], width: number): string {
  const rows = commands.map(({ name, positionals, about }): [string, string] => [
    [name, ...positionals.map((each) => each.name)].join(' '),
    about,
  ]);
  return [
    'langevin COMMAND [options]\n',
    ...wrap('The noise of stochastic gradient descent, measured on WebGPU.', width),
    '',
    ...twoColumns(rows, width),
    '',
    ...wrap('langevin COMMAND --help tells more about each. --version prints the version.', width),
  ].join('\n');
}

/** Names to the left, texts to the right; below each other on a narrow terminal. */
export function twoColumns(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.max(0, ...rows.map(([name]) => name.length)) + 4;
  const limit = Math.min(width, MAX_WIDTH);
  if (limit - left < 24)
    return rows.flatMap(([name, text]) => [
      `  ${name}`,
      ...wrap(text, limit - 6).map((line) => `      ${line}`),
    ]);
  return rows.flatMap(([name, text]) =>
    wrap(text, limit - left).map((line, k) => (k === 0 ? `  ${name}`.padEnd(left) : ' '.repeat(left)) + line),
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
