/** What configurations of these experiments have in common, and how a wrong one is refused. */
import type { DatasetName } from '../../data/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import type { CellDataset } from '../grid.ts';
import type { ImagesSpec, NetworkSpec } from '../training/settings.ts';

/** A network on its images, as data. */
export type Plan = {
  /** The data set of the paper. */
  readonly data: DatasetName;
  readonly network: NetworkSpec;
  readonly images: ImagesSpec;
};

/** What `--data` asks for, or the plan's own. Where the procedural images stand in, they have the shape of the published ones. */
export function datasetOf({ data: own }: Pick<Plan, 'data'>, asked: DatasetName | 'published'): CellDataset {
  if (asked === 'published') return { name: own };
  if (asked !== 'procedural') return { name: asked };
  return own.startsWith('cifar')
    ? { name: asked, size: 32, channels: 3 }
    : { name: asked, size: 28, channels: 1 };
}

export function natural(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

export function positive(value: number): boolean {
  return value > 0 && value < Infinity;
}

/** @throws CONFIG */
export function check(what: string, condition: boolean, message: string): void {
  if (!condition) fail('CONFIG', `lr-over-batch/${what}: ${message}.`);
}

/** @throws CONFIG for a number of repeats that is none */
export function checkRepeats(what: string, repeats: number): void {
  check(what, natural(repeats) && repeats > 0, `repeats is ${repeats}: give a positive integer`);
}

/** @throws CONFIG for a name that has no plan */
export function planNamed<P>(what: string, plans: Readonly<Record<string, P>>, name: string): P {
  const plan = plans[name];
  if (plan === undefined)
    fail(
      'CONFIG',
      `lr-over-batch/${what}: there is no plan for '${name}': networks are of ${Object.keys(plans).join(', ')}.`,
    );
  return plan;
}

/** @throws CONFIG for a rate or a batch that makes no sense; `examples` 0 is not known */
export function checkPair(what: string, rate: number, batchSize: number, examples: number): void {
  check(what, positive(rate), `a learning rate of ${rate}: give a positive number`);
  check(
    what,
    natural(batchSize) && batchSize > 0 && (examples === 0 || batchSize <= examples),
    `a batch of ${batchSize}: give a positive integer${examples === 0 ? '' : ` of at most the ${examples} training examples`}`,
  );
}
