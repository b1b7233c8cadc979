/**
 * The two tasks of figures 1 and 2: standard normal inputs, mean 0 and variance 1 in every feature, with labels that are random,
 * or that tell the sign of the sum of the features. Everything in float64 on the host, a function of the seed and the repeat.
 */
import { wordStream } from '../../../data/word-stream.ts';
import { foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import { withBias, type LogisticData } from '../../../stats/index.ts';
import type { EvidenceConfig } from './config.ts';

export type TaskName = 'random' | 'informative';

export const taskNames: readonly TaskName[] = ['random', 'informative'];

export interface Task {
  readonly train: LogisticData;
  readonly test: LogisticData;
}

/** Both tasks of a repeat, on the same inputs. */
export function drawTasks(
  config: EvidenceConfig,
  seed: number,
  repeat: number,
): Readonly<Record<TaskName, Task>> {
  const { features, trainExamples, testExamples } = config;
  const key = foldInWords(seedWords(seed), repeat);
  const draw = (examples: number, stream: number): Readonly<Record<TaskName, LogisticData>> => {
    const bare = normals(foldInWords(key, stream), examples * features);
    const inputs = withBias(bare, examples);
    const coins = wordStream(foldInWords(key, stream + 1));
    const sums = Array.from({ length: examples }, (_, mu) =>
      bare.subarray(mu * features, (mu + 1) * features).reduce((sum, x) => sum + x, 0),
    );
    return {
      random: { inputs, labels: sums.map(() => coins.below(2)) },
      informative: { inputs, labels: sums.map((sum) => Number(sum > 0)) },
    };
  };
  const [train, test] = [draw(trainExamples, 0), draw(testExamples, 2)];
  return {
    random: { train: train.random, test: test.random },
    informative: { train: train.informative, test: test.informative },
  };
}

/** Standard normal, by Box and Muller's transform of 32-bit numbers: at most 6.8 in size. */
function normals(key: readonly [number, number], count: number): Float64Array {
  const stream = wordStream(key);
  const values = new Float64Array(count);
  for (let k = 0; k < count; k += 2) {
    const radius = Math.sqrt(-2 * Math.log((stream.next() + 0.5) / 2 ** 32));
    const angle = (2 * Math.PI * stream.next()) / 2 ** 32;
    values[k] = radius * Math.cos(angle);
    if (k + 1 < count) values[k + 1] = radius * Math.sin(angle);
  }
  return values;
}
