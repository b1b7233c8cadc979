/** What a measurement is told, and how much work each preset puts into it. */
import { fail } from '../../engine/graph/errors.ts';
import type { NormalizationPolicy } from '../../stats/index.ts';
import type { PresetName } from '../types.ts';
import type { Subject } from './subject.ts';

/** What can be measured. */
export type Part = 'noise' | 'curvature' | 'landscape';

export const parts: readonly Part[] = ['noise', 'curvature', 'landscape'];

/** How batch normalisation can be treated. */
export const policies: readonly NormalizationPolicy['kind'][] = ['frozen', 'whole-batch', 'ghost'];

/** How much is done. A type, so that it is plain data. */
export type Effort = {
  /** Training examples, drawn by the seed; 0 is all. */
  readonly examples: number;
  /** Examples per pass, to begin with. */
  readonly microbatch: number;
  /** Eigenvalues wanted at each end. */
  readonly eigenvalues: number;
  /** Most steps of Lanczos; also the nodes of the spectral density. */
  readonly iterations: number;
  /** Random vectors for traces and norms; a quarter as many for the spectral density. */
  readonly probes: number;
  /** Parameters up to which all eigenvalues are computed from the matrix. */
  readonly exact: number;
  /** Points of a line, and of each side of a plane. */
  readonly points: number;
};

export type MeasurementConfig = Effort & {
  readonly what: readonly Part[];
  /** The checkpoint as it was given: a cell's directory or a file in it. */
  readonly checkpoint: string;
  /** Whether the parameters that the training began with are measured, and not the checkpoint. */
  readonly initial: boolean;
  /** The other end of the line; null for the initial parameters. */
  readonly to: string | null;
  readonly batchNorm: NormalizationPolicy['kind'];
};

/** Of single examples: 64 give orders of magnitude, some thousand give digits. */
export const efforts: Readonly<Record<PresetName, Effort>> = {
  smoke: { examples: 64, microbatch: 32, eigenvalues: 4, iterations: 24, probes: 4, exact: 300, points: 7 },
  small: {
    examples: 512,
    microbatch: 64,
    eigenvalues: 10,
    iterations: 60,
    probes: 16,
    exact: 600,
    points: 15,
  },
  medium: {
    examples: 4096,
    microbatch: 128,
    eigenvalues: 10,
    iterations: 80,
    probes: 16,
    exact: 1000,
    points: 21,
  },
  paper: {
    examples: 0,
    microbatch: 256,
    eigenvalues: 20,
    iterations: 120,
    probes: 32,
    exact: 2000,
    points: 31,
  },
};

/** What was asked for by number, over the preset. */
export type Asked = { readonly [K in keyof Effort]?: number };

/**
 * The effort for a subject. What was asked for by number is done so or refused; what a preset says is cut to what there is.
 * @throws EXAMPLE_COUNT, DIMENSION, GHOST_BATCH, CONFIG
 */
export function effortFor(
  preset: PresetName,
  asked: Asked,
  { kind, what }: { readonly kind: NormalizationPolicy['kind']; readonly what: readonly Part[] },
  { examples: all, ghost }: Subject,
  dimension: number,
): Effort {
  const wanted: Effort = { ...efforts[preset], ...asked };
  for (const [name, value] of Object.entries(wanted))
    if (!(value >= (name === 'examples' || name === 'exact' ? 0 : 1)))
      fail('CONFIG', `measure: --${name} ${value}: expected at least 1.`);
  if (kind !== 'frozen' && ghost === 0)
    fail(
      'CONFIG',
      `measure: --batch-norm ${kind}: the network has no batch normalisation: leave the option away.`,
    );
  if ((asked.examples ?? 0) > all)
    fail(
      'EXAMPLE_COUNT',
      `measure: --examples ${asked.examples}: the training of this checkpoint has ${all} examples: ask for no more.`,
    );
  const group = kind === 'ghost' ? ghost : 1;
  const most = wanted.examples === 0 ? all : Math.min(wanted.examples, all);
  if (asked.examples !== undefined && most % group !== 0)
    fail(
      'GHOST_BATCH',
      `measure: --examples ${asked.examples}: that is no whole number of ghost batches of ${group}: take ${most - (most % group) || group}.`,
    );
  // Three units at least, or nothing can be said of an error.
  const examples = Math.min(all - (all % group), Math.max(most - (most % group), 3 * group));
  if (examples < 3 * group)
    fail(
      'EXAMPLE_COUNT',
      `measure: the training has ${all} examples, and noise needs three ${group === 1 ? 'of them' : `ghost batches of ${group}`}: measure with --batch-norm frozen.`,
    );
  const microbatch = Math.min(examples, Math.max(group, wanted.microbatch - (wanted.microbatch % group)));
  const rank = what.includes('noise') ? Math.min(dimension, examples / group - 1) : dimension;
  if ((asked.eigenvalues ?? 0) > rank)
    fail(
      'DIMENSION',
      `measure: --eigenvalues ${asked.eigenvalues}: there are ${rank} that may differ from 0, of ${dimension} parameters and ${examples / group} gradients: ask for no more.`,
    );
  const eigenvalues = Math.min(wanted.eigenvalues, rank);
  const both = Math.min(dimension, 2 * eigenvalues);
  if (asked.iterations !== undefined && asked.iterations < both)
    fail(
      'CONFIG',
      `measure: --iterations ${asked.iterations}: the ${eigenvalues} largest and smallest eigenvalues take at least ${both} steps.`,
    );
  const iterations = Math.min(dimension, Math.max(wanted.iterations, both));
  return { ...wanted, examples, microbatch, eigenvalues, iterations };
}

/** The policy of a kind for a subject. */
export function policyOf(kind: NormalizationPolicy['kind'], { ghost }: Subject): NormalizationPolicy {
  return kind === 'ghost' ? { kind, groupSize: ghost } : { kind };
}
