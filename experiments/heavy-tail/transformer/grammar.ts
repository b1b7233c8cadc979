/**
 * Sentences of a small grammar, half of them corrupted: brackets of four kinds that must balance, between a noun and a verb that must
 * agree in number,
 *
 *   [CLS] noun brackets verb [SEP] padding      brackets -> ε | open brackets close brackets
 *
 * Of the corrupted half, each sentence has either the verb in the other number or one closing bracket of another kind. To tell needs attention:
 * no token by itself says anything.
 *
 * Tokens: 0 padding, 1 [CLS], 2 [SEP], 4 … 7 open, 8 … 11 close, 12 … 16 nouns in the singular, 17 … 21 in the plural,
 * 22 … 26 verbs in the singular, 27 … 31 in the plural. The brackets are 3 to 6 pairs.
 */
import { bitsAt, foldInWords, type Words } from '../../../engine/random/threefry.ts';

const KINDS = 4;
const WORDS = 5;
const OPEN = 4;
const CLOSE = 8;
const NOUNS = 12;
const VERBS = 22;

export interface Sentence {
  /** Without padding. */
  readonly tokens: readonly number[];
  /** 1: of the grammar. */
  readonly label: 0 | 1;
}

/** Sentence `index` of the stream of `key`. Even numbers are of the grammar, odd ones corrupted. */
export function sentenceAt(key: Words, index: number): Sentence {
  const own = foldInWords(key, index);
  let draws = 0;
  const below = (count: number): number => bitsAt(own, draws++) % count;
  const number = below(2);
  const noun = NOUNS + WORDS * number + below(WORDS);
  const label = index % 2 === 0 ? 1 : 0;
  const brackets = balanced(3 + below(4), below);
  const wrongVerb = label === 0 && below(2) === 0;
  const verb = VERBS + WORDS * (wrongVerb ? 1 - number : number) + below(WORDS);
  if (label === 0 && !wrongVerb) {
    const closing = brackets.flatMap((token, at) => (token >= CLOSE ? [at] : []));
    const at = closing[below(closing.length)] as number;
    const kind = (brackets[at] as number) - CLOSE;
    brackets[at] = CLOSE + ((kind + 1 + below(KINDS - 1)) % KINDS);
  }
  return { tokens: [1, noun, ...brackets, verb, 2], label };
}

/** A balanced sequence of so many pairs. */
function balanced(pairs: number, below: (count: number) => number): number[] {
  const result: number[] = [];
  const open: number[] = [];
  let left = pairs;
  while (left > 0 || open.length > 0)
    if (left > 0 && (open.length === 0 || below(2) === 0)) {
      const kind = below(KINDS);
      open.push(kind);
      result.push(OPEN + kind);
      left--;
    } else result.push(CLOSE + (open.pop() as number));
  return result;
}
