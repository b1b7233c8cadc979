/** Smaller data sets out of larger ones, as the small presets of the papers use them. */
import { foldInWords, seedWords } from '../engine/random/threefry.ts';
import { fail } from '../engine/graph/errors.ts';
import { selectExamples, type ImageSet } from './dataset.ts';
import { permutation } from './permutation.ts';

// Folded into the seed, so that the choice of examples shares no key with the sampler or the parameters.
const SUBSET = 0x73756273;

/**
 * The first `count` examples of a permutation of `set` by `seed`: a subset for 1000 contains the one for 500.
 * @throws `DATA_INVALID` when the set has fewer examples.
 */
export function subset(set: ImageSet, count: number, seed: number): ImageSet {
  requireCount(set, count);
  return selectExamples(set, order(set, seed).subarray(0, count), `${set.name}, ${count} of ${set.count}`);
}

/**
 * `count` examples in the order of {@link subset}'s permutation, each class as often as the others; when the
 * number of classes does not divide `count`, the first classes have one example more.
 * @throws `DATA_INVALID` naming the class when one that the subset needs is absent or has too few examples, and when
 *   the whole set has too few.
 */
export function balancedSubset(set: ImageSet, count: number, seed: number): ImageSet {
  requireCount(set, count);
  const classes = set.classes.length;
  const missing = set.classes.map(
    (_, label) => Math.floor(count / classes) + (label < count % classes ? 1 : 0),
  );
  const chosen = order(set, seed).filter((index) => {
    const label = set.labels[index] ?? 0;
    const left = missing[label] ?? 0;
    missing[label] = Math.max(0, left - 1);
    return left > 0;
  });
  const short = missing.findIndex((left) => left > 0);
  if (short >= 0) {
    const name = set.classes[short];
    const lack = set.labels.includes(short)
      ? `needs ${missing[short]} more examples of class ${name}`
      : `needs ${missing[short]}, and ${set.name} has no example of class ${name}`;
    fail(
      'DATA_INVALID',
      `${set.name}: a balanced subset of ${count} ${lack}; take a smaller subset, or subset() without balance.`,
    );
  }
  return selectExamples(set, chosen, `${set.name}, ${count} of ${set.count} balanced`);
}

function order(set: ImageSet, seed: number): Int32Array {
  return permutation(foldInWords(seedWords(seed), SUBSET), set.count);
}

function requireCount(set: ImageSet, count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > set.count)
    fail(
      'DATA_INVALID',
      `${set.name}: a subset has from 1 to ${set.count} examples, found ${count}; take fewer, or a larger set.`,
    );
}
