/**
 * Which of several kernels is the fastest. All take turns, so that what else the machine does falls on all alike. The rule's
 * own choice, the first, stays unless another is clearly faster: a choice changes the order of sums and so the last bits
 * of results, which a difference within the noise is not worth.
 *
 * Clearly: by the median of the rounds' ratios, and in all rounds but one. Of two equal kernels one wins 8 of 9 rounds or more
 * with probability 10/512, however the machine's load comes and goes, if it falls on neighbours in time alike.
 */
import { LangevinError } from '../graph/errors.ts';

/** A kernel that takes part. */
export interface Contestant {
  readonly name: string;
  /**
   * Runs it, and resolves to milliseconds for one launch. What it does first in a process (compiling) counts in no time but
   * that of the first call.
   */
  time(): Promise<number>;
}

/** What was found of one variant: its median time, or why it cannot be taken. */
export type Finding =
  { readonly name: string; readonly ms: number } | { readonly name: string; readonly refused: string };

export interface Outcome {
  /** The variant to take; undefined where none can run. */
  readonly best: string | undefined;
  /** In the order of the rule: its own choice first. */
  readonly findings: readonly Finding[];
}

/** Turns of every variant that is not far behind. */
const ROUNDS = 9;
/** A variant that takes so many times as long as the fastest has lost after a first turn. */
const HOPELESS = 3;
/** The same for the rule's own choice, which bad luck alone must not cost its place. */
const BEYOND_LUCK = 20;
/** Part of the time of the rule's own choice that another has to save. */
const CLEARLY = 0.05;

/** Holds the contest. A contestant whose `time` rejects with a {@link LangevinError} is refused, with its message. */
export async function contest(contestants: readonly Contestant[]): Promise<Outcome> {
  const first = new Map<Contestant, number>();
  const refused = new Map<Contestant, string>();
  for (const contestant of contestants) {
    try {
      await contestant.time();
      first.set(contestant, await contestant.time());
    } catch (error) {
      if (!(error instanceof LangevinError)) throw error;
      refused.set(contestant, error.message);
    }
  }
  const quickest = Math.min(...first.values());
  const running = contestants.filter((each, k) => {
    const turn = first.get(each);
    return turn !== undefined && turn <= (k === 0 ? BEYOND_LUCK : HOPELESS) * quickest;
  });
  const turns = new Map(running.map((each): [Contestant, number[]] => [each, []]));
  for (let round = 0; running.length > 1 && round < ROUNDS; round++)
    for (const each of round % 2 === 0 ? running : running.toReversed())
      turns.get(each)?.push(await each.time());

  const timeOf = (each: Contestant): number => {
    const own = turns.get(each) ?? [];
    return own.length > 0 ? median(own) : (first.get(each) as number);
  };
  const ranking = running.toSorted((a, b) => timeOf(a) - timeOf(b));
  const [rule] = contestants;
  const ruled = rule && turns.get(rule);
  const best = ranking.find((each) => !ruled || each === rule || beats(turns.get(each) as number[], ruled));
  return {
    best: best?.name,
    findings: contestants.map((each): Finding => {
      const reason = refused.get(each);
      return reason === undefined
        ? { name: each.name, ms: timeOf(each) }
        : { name: each.name, refused: reason };
    }),
  };
}

/** Whether a kernel is clearly faster than another that had its turns beside it. */
function beats(turns: readonly number[], own: readonly number[]): boolean {
  const ratios = turns.map((ms, round) => ms / (own[round] as number));
  return median(ratios) <= 1 - CLEARLY && ratios.filter((ratio) => ratio >= 1).length <= 1;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
