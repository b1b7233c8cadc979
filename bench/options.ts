/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { WORKLOAD_NAMES, type WorkloadName } from './workloads.ts';

export const SECTIONS = [
  'steps',
  'profile',
  'replay',
  'matmul',
  'convolution',
  'memory',
  'costs',
  'peers',
] as const;

export type Section = (typeof SECTIONS)[number];

export interface Options {
  /** Part of the adapter's name; the best adapter present where absent. */
  readonly adapter: string | undefined;
  readonly sections: readonly Section[];
  /** What is trained, measured and compared. */
  readonly workloads: readonly WorkloadName[];
  /** How often each side takes its turn in a comparison. */
  readonly rounds: number;
  /** Whether to print one JSON object instead of tables. */
  readonly json: boolean;
  readonly help: boolean;
}

export const USAGE: string = `npm run bench -- [options]

  --adapter NAME    part of an adapter's name, such as nvidia, llvmpipe or swiftshader
  --only LIST       some of ${SECTIONS.join(',')} (default: all)
  --workloads LIST  of steps, costs and peers, some of ${WORKLOAD_NAMES.join(',')} (default: all)
  --rounds N        turns of each side in costs and comparisons (default 5)
  --json            print one JSON object on stdout; progress goes to stderr in any case
  --help            print this`;

/** @throws an Error with one sentence for the user */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      adapter: { type: 'string' },
      only: { type: 'string' },
      workloads: { type: 'string' },
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
    sections: choose('--only', SECTIONS, values.only),
    workloads: choose('--workloads', WORKLOAD_NAMES, values.workloads),
    rounds,
    json: values.json,
    help: values.help,
  };
}

/** The names in a comma-separated list, all of them where there is none. */
function choose<N extends string>(
  option: string,
  names: readonly N[],
  list: string | undefined,
): readonly N[] {
  if (list === undefined) return names;
  return list.split(',').map((word) => {
    const name = names.find((candidate) => candidate === word);
    if (!name) throw new Error(`${option} ${word}: expected some of ${names.join(',')}.`);
    return name;
  });
}
