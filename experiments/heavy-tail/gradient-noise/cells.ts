/**
 * The trainings of HT-1 and HT-3 (papers.md 5.3): plain SGD, then the noise with the weights held. Both experiments describe a
 * training alike, so that sweeps of the two share what both need.
 */
import type { DatasetName } from '../../../data/index.ts';
import type { ExtraSpec, LengthSpec, TrainingCell } from '../../training/settings.ts';
import type { FitOptions } from './fits.ts';
import { check, checkCounts, checkPositive } from '../../checks.ts';
import { checkBatch, imagesFor, networkNamed, type Subject } from './plan.ts';

export interface NoiseConfig extends Omit<Subject, 'network'> {
  readonly networks: readonly string[];
  readonly rate: number;
  readonly batchSize: number;
  /** Whichever comes first. 0 is no limit. */
  readonly steps: number;
  readonly epochs: number;
  /** B whose noise is fitted after training, and at the start; the first of them is that of histograms. */
  readonly batchSizes: readonly number[];
  readonly startSizes: readonly number[];
  readonly parameters: number;
  readonly batches: number;
  readonly controls: number;
  readonly histograms: number;
  readonly piece: number;
  readonly repeats: number;
}

/** What tells one training from the others. A type, so that it is plain data. */
export type NoiseMarks = { readonly network: string; readonly replica: number };

/** A fit takes at least so many samples. */
const LEAST_BATCHES = 20;

/** @throws CONFIG */
export function noiseCells(
  what: string,
  config: NoiseConfig,
  seed: number,
  asked: DatasetName | 'published',
): readonly TrainingCell[] {
  const { networks, images, rate, batchSize, steps, epochs, batchSizes, startSizes, repeats } = config;
  const { parameters, batches, controls, histograms, piece } = config;
  const { dataset, examples } = imagesFor(config, asked);
  checkCounts(what, { repeats, parameters, controls, piece });
  checkPositive(what, { rate });
  check(what, networks.length > 0, 'networks is empty: name at least one');
  check(what, batchSizes.length > 0, 'batchSizes is empty: name at least one');
  check(what, steps > 0 || epochs > 0, `steps is ${steps} and epochs ${epochs}: give one of the two`);
  check(
    what,
    Number.isInteger(histograms) && histograms >= 0,
    `histograms is ${histograms}: give a natural number of layers`,
  );
  check(
    what,
    batches === 0 || (Number.isInteger(batches) && batches >= LEAST_BATCHES),
    `batches is ${batches}: a fit takes at least ${LEAST_BATCHES}; 0 is one epoch`,
  );
  for (const size of [batchSize, ...batchSizes, ...startSizes]) checkBatch(what, size, examples);
  for (const size of [...batchSizes, ...startSizes])
    check(
      what,
      batches > 0 || Math.floor(examples / size) >= LEAST_BATCHES,
      `an epoch of ${examples} examples has fewer than ${LEAST_BATCHES} minibatches of ${size}: set batches`,
    );
  const sampling = { parameters, batches, controls, piece };
  const noise = (at: ExtraSpec['at'], sizes: readonly number[], layers: number): ExtraSpec[] => {
    const options: FitOptions = { ...sampling, batchSizes: sizes, histograms: layers };
    return sizes.length === 0 ? [] : [{ name: 'noise', at, options }];
  };
  const length: LengthSpec = { ...(steps > 0 && { steps }), ...(epochs > 0 && { epochs }) };
  return networks.flatMap((network) =>
    Array.from({ length: repeats }, (_, replica): TrainingCell => ({
      dataset,
      seed,
      network,
      training: {
        network: networkNamed(what, network),
        images,
        optimizer: { name: 'sgd' },
        learningRate: rate,
        batchSize,
        sampling: 'epoch-shuffle',
        length,
        measure: {
          extra: [...noise({ start: true }, startSizes, 0), ...noise({ end: true }, batchSizes, histograms)],
        },
        replica,
      },
    })),
  );
}

export function noiseMarks(cell: TrainingCell): NoiseMarks {
  return { network: cell['network'] as string, replica: cell.training.replica };
}
