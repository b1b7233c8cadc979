/** Files that stand in for those of CoLA and BERT: a vocabulary of 17 tokens and a corpus of 40 sentences. */
import type { ReadFile } from '../../data/index.ts';

const TOKENS =
  '[PAD] [UNK] [CLS] [SEP] [MASK] the cat ##s play ##ed , cafe un ##play ##able a dog'.replaceAll(' ', '\n');

export const vocabulary = (): Uint8Array => new TextEncoder().encode(`${TOKENS}\n`);

/** Alternately acceptable and long, and not and short. */
export const cola: readonly string[] = Array.from({ length: 40 }, (_, k) =>
  k % 2 === 0 ? 's\t1\t\tThe cats play a dog.' : 's\t0\t*\tThe cat',
);

export const files: ReadFile = (path) =>
  Promise.resolve(
    path.endsWith('vocab.txt') ? vocabulary() : new TextEncoder().encode(`${cola.join('\n')}\n`),
  );
