/**
 * Many walks down a potential, kicked by symmetric stable noise, until they leave a ball about the origin: the Euler steps of
 * dW = -∇U dt + σ dL (papers.md 5.1),
 *   w ← w - η ∇U(w) + η^{1/α_l} σ X_l,   X_l of SαS(1) with the α of the coordinate l.
 * Plain numbers on the host, in float64: a walk is a few operations per step, and there is nothing in it for a device. Noise is a
 * function of key, coordinate, step and number of the walk, the same that `sampleStable` draws on a device with the keys
 * folded here; so any step of any walk can be looked at again.
 */
import { foldInWords, type Words } from '../../engine/random/threefry.ts';
import { LARGEST_LOG } from '../../stats/heavy-tails/stream.ts';
import { stableStream } from '../../stats/index.ts';
import { check } from '../checks.ts';

export interface WalkSettings {
  /** Of every coordinate's noise. */
  readonly alphas: readonly number[];
  readonly learningRate: number;
  /** σ. */
  readonly scale: number;
  /** A walk has left when |w| > R. */
  readonly radius: number;
  readonly maxSteps: number;
  readonly runs: number;
  readonly key: Words;
  /** Writes ∇U at `position` into `gradient`; both have an element per coordinate. */
  readonly gradient: (position: Float64Array, gradient: Float64Array) => void;
}

/**
 * Refuses an α whose walks could not leave by a jump. Numbers end where f32 does, at 2.5e38, and η^{1/α} falls faster with α
 * than any that are left could make up for: where η^{1/α} σ |X| never reaches 2R, the walk is not of the law SαS any more.
 *
 * @throws CONFIG
 */
export function checkReach(
  what: string,
  alpha: number,
  { learningRate, scale, radius }: Pick<WalkSettings, 'learningRate' | 'scale' | 'radius'>,
): void {
  check(
    what,
    Math.log(learningRate) / alpha + Math.log(scale) + LARGEST_LOG >= Math.log(2 * radius),
    `alphas holds ${alpha}: at learningRate ${learningRate} the greatest jump that f32 holds is too short to leave, since it counts with ${learningRate}^(1/α); take a greater α`,
  );
}

/** How the walks ended. A walk that did not leave within `maxSteps` is censored and counts with them. */
export interface Exits {
  readonly runs: number;
  readonly censored: number;
  /** Of each coordinate: walks that left while it was the greatest in size. */
  readonly through: readonly number[];
  /** Σ and Σ of squares of the number of steps. */
  readonly steps: number;
  readonly stepSquares: number;
}

/** Walks from the origin. */
export function walk(settings: WalkSettings): Exits {
  const { alphas, learningRate, scale, radius, maxSteps, runs, key, gradient } = settings;
  const size = alphas.length;
  const noises = alphas.map((alpha, l) => ({
    at: stableStream(foldInWords(key, l), alpha),
    size: learningRate ** (1 / alpha) * scale,
  }));
  const through = new Array<number>(size).fill(0);
  const positions = new Float64Array(runs * size);
  const slope = new Float64Array(size);
  let alive = Uint32Array.from({ length: runs }, (_, run) => run);
  let [steps, stepSquares] = [0, 0];
  for (let step = 0; step < maxSteps && alive.length > 0; step++) {
    alive = alive.filter((run) => {
      const position = positions.subarray(run * size, (run + 1) * size);
      gradient(position, slope);
      let [squares, largest] = [0, 0];
      for (let l = 0; l < size; l++) {
        const noise = noises[l] as (typeof noises)[number];
        const moved =
          (position[l] as number) -
          learningRate * (slope[l] as number) +
          noise.size * noise.at(step * runs + run);
        position[l] = moved;
        squares += moved * moved;
        if (Math.abs(moved) > Math.abs(position[largest] as number)) largest = l;
      }
      if (squares <= radius * radius) return true;
      (through[largest] as number)++;
      steps += step + 1;
      stepSquares += (step + 1) ** 2;
      return false;
    });
  }
  return {
    runs,
    censored: alive.length,
    through,
    steps: steps + alive.length * maxSteps,
    stepSquares: stepSquares + alive.length * maxSteps ** 2,
  };
}

/** The same walks in several batches, one result. */
export function addExits(all: readonly Exits[]): Exits {
  const total = (of: (exits: Exits) => number): number => all.reduce((sum, exits) => sum + of(exits), 0);
  return {
    runs: total(({ runs }) => runs),
    censored: total(({ censored }) => censored),
    through: (all[0]?.through ?? []).map((_, l) => total(({ through }) => through[l] as number)),
    steps: total(({ steps }) => steps),
    stepSquares: total(({ stepSquares }) => stepSquares),
  };
}

/** Mean number of steps and its standard error. Where walks were censored the mean is a lower bound. */
export function meanSteps({ runs, steps, stepSquares }: Exits): {
  readonly value: number;
  readonly error: number;
} {
  const mean = steps / runs;
  const variance = Math.max(0, stepSquares / runs - mean * mean);
  return { value: mean, error: Math.sqrt(variance / Math.max(1, runs - 1)) };
}

/** How many walks there are in a batch: a second or so of computing, after which a run can be stopped. */
export const BATCH = 1000;

/** `runs` in batches of at most {@link BATCH}: the number of each, and how many walks it has. */
export function batchesOf(runs: number): { readonly batch: number; readonly runs: number }[] {
  return Array.from({ length: Math.ceil(runs / BATCH) }, (_, batch) => ({
    batch,
    runs: Math.min(BATCH, runs - batch * BATCH),
  }));
}
