/** The command line of the benchmark. */
import { parseArgs } from 'node:util';

export const SECTIONS = ['steps', 'profile', 'replay', 'matmul', 'convolution', 'memory', 'peers'] as const;

export type Section = (typeof SECTIONS)[number];

export interface Options {
  /** Part of the adapter's name; the best adapter present where absent. */
  readonly adapter: string | undefined;
  readonly sections: readonly Section[];
  /** How often each engine takes its turn in a comparison. */
  readonly rounds: number;
  /** Whether to print one JSON object instead of tables. */
  readonly json: boolean;
  readonly help: boolean;
}

export const USAGE: string = `npm run bench -- [options]

  --adapter NAME   part of an adapter's name, such as nvidia, llvmpipe or swiftshader
  --only LIST      some of ${SECTIONS.join(',')} (default: all)
  --rounds N       turns of each engine in the comparisons (default 5)
  --json           print one JSON object on stdout; progress goes to stderr in any case
  --help           print this`;

/** @throws an Error with one sentence for the user */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      adapter: { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds}: expected a whole number from 1 on.`);
  return {
    adapter: values.adapter,
    sections: values.only === undefined ? SECTIONS : values.only.split(',').map(sectionOf),
    rounds,
    json: values.json,
    help: values.help,
  };
}

function sectionOf(name: string): Section {
  const section = SECTIONS.find((candidate) => candidate === name);
  if (!section) throw new Error(`--only ${name}: expected some of ${SECTIONS.join(',')}.`);
  return section;
}
