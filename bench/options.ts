/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { PEER_NAMES, type PeerName } from './peer-engines.ts';
import { WORKLOAD_NAMES, type WorkloadName } from './workloads.ts';

export const SECTIONS = [
  'steps',
  'profile',
  'replay',
  'ceilings',
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
  /** What is trained, measured and compared; what is usual on the adapter where absent. */
  readonly workloads: readonly WorkloadName[] | undefined;
  readonly peers: readonly PeerName[];
  /** How often each side takes its turn in a comparison. */
  readonly rounds: number;
  /** Whether to print one JSON object instead of tables. */
  readonly json: boolean;
  /** Whether to put the tables into docs/benchmarks.md too. */
  readonly write: boolean;
  readonly help: boolean;
}

export const USAGE: string = `npm run bench -- [options]

  --adapter NAME    part of an adapter's name, such as nvidia, llvmpipe or swiftshader
  --only LIST       some of ${SECTIONS.join(',')} (default: all)
  --workloads LIST  of steps, profile, costs and peers, some of
                    ${WORKLOAD_NAMES.join(',')}
                    (default: by adapter; smaller ones on SwiftShader, larger ones beside on a GPU)
  --peers LIST      some of ${PEER_NAMES.join(',')} (default: all)
  --rounds N        turns of each side in costs and comparisons (default 5)
  --write           put the tables into docs/benchmarks.md as well
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
      peers: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds}: expected a whole number from 1 on.`);
  return {
    adapter: values.adapter,
    sections: choose('--only', SECTIONS, values.only) ?? SECTIONS,
    workloads: choose('--workloads', WORKLOAD_NAMES, values.workloads),
    peers: choose('--peers', PEER_NAMES, values.peers) ?? PEER_NAMES,
    rounds,
    json: values.json,
    write: values.write,
    help: values.help,
  };
}

/** The names in a comma-separated list. */
function choose<N extends string>(
  option: string,
  names: readonly N[],
  list: string | undefined,
): readonly N[] | undefined {
  return list?.split(',').map((word) => {
    const name = names.find((candidate) => candidate === word);
    if (!name) throw new Error(`${option} ${word}: expected some of ${names.join(',')}.`);
    return name;
  });
}
