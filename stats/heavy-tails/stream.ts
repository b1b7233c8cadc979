/**
 * The numbers of `sampleStable` in TypeScript, one at a time: the same key, the same uniform bits, the same formula
 * (its derivation stands in `sample.ts`), in float64. So a walk can be made on the host, or looked into at any step, with the
 * numbers that the device would have drawn.
 *
 * What agrees: the uniform bits to the last one, on every backend (Threefry). The numbers computed from them, with those of the
 * float64 backend, to 1e-12 relatively; with those of a device, in f32, to 1e-5 (heavy-tails.gpu.test.ts).
 */
import { bitsAt, threefry2x32, type Words } from '../../engine/random/threefry.ts';
import { checkLaw } from './distribution.ts';

/** exp of it is 2.5e38: where f32 ends, on the device and so here. */
export const LARGEST_LOG = 88.4;

/** Element `index` of an endless `sampleStable`: a function, nothing advances. `index` is a natural number below 2^32. */
export type StableStream = (index: number) => number;

/**
 * `stableStream(words, alpha)(k)` is element k of `sampleStable(key, [n], alpha)`, whatever n is.
 *
 * @param key the two words of the key: `await random.key(seed).data()`, or `seedWords(seed)`
 * @throws STABLE unless 0 < alpha ≤ 2
 */
export function stableStream(key: ArrayLike<number>, alpha: number): StableStream {
  checkLaw('stableStream', alpha);
  const words: Words = [key[0] as number, key[1] as number];
  const [angleKey, exponentialKey] = [threefry2x32(words, [0, 0]), threefry2x32(words, [0, 1])];
  const half = Math.PI / 2;
  const [supplement, complement] = [(2 - alpha) * half, Math.min(alpha, 2 - alpha) * half];
  const [inner, outer] = [1 / alpha, (1 - alpha) / alpha];
  const turn = Math.abs(1 - alpha);
  return (index) => {
    const bits = bitsAt(angleKey, index);
    const unit = openUnit(bits);
    const fromEnd = unit * half;
    const angle = alpha * (1 - unit) * half;
    const sine = Math.sin(alpha <= 1 ? angle : Math.min(angle, alpha * fromEnd + supplement));
    const cosine = Math.sin(turn * fromEnd + complement);
    const exponential = -Math.log(openUnit(bitsAt(exponentialKey, index)));
    const logSize =
      Math.log(sine) -
      inner * Math.log(Math.sin(fromEnd)) +
      outer * (Math.log(cosine) - Math.log(exponential));
    const size = Math.exp(Math.min(logSize, LARGEST_LOG));
    return (bits & 256) === 0 ? size : -size;
  };
}

/** The upper 23 of 32 bits as an odd multiple of 2^-24. */
function openUnit(bits: number): number {
  return (2 * (bits >>> 9) + 1) * 2 ** -24;
}
