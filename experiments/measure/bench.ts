/**
 * Where a training is measured: parameters, the drawn examples, and the treatment of batch normalisation. The examples
 * come in pieces, and at every piece the bench looks whether it is to stop, and says how far it is.
 */
import { sampler } from '../../data/index.ts';
import { LangevinError, random, tensor, type Tensor, type Tree } from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import type {
  GradientPoint,
  LinearOperator,
  Microbatches,
  NormalizationPolicy,
  Point,
  PredictiveProblem,
} from '../../stats/index.ts';
import type { RunContext, RunRecord } from '../types.ts';
import { policyOf, type MeasurementConfig } from './config.ts';
import type { Subject } from './subject.ts';

/** The stream of the drawn examples, apart from those of training. */
const EXAMPLES = 2;

/** A training, and where in it the measurement is made. */
export interface Place {
  readonly subject: Subject;
  /** For people: which cell. */
  readonly label: string;
  /** Of the cell. */
  readonly cell: string;
  readonly params: Tree;
  /** Optimizer steps made there. */
  readonly step: number;
  /** The other end of the line, and the steps made there; undefined if there is none. */
  readonly other?: { readonly params: Tree; readonly step: number };
}

export interface Bench extends Place {
  readonly config: MeasurementConfig;
  readonly policy: NormalizationPolicy;
  /** Examples per unit: those of a ghost batch, or 1. */
  readonly each: number;
  /** Units measured. */
  readonly units: number;
  /** A key for each purpose: u32[2], a function of the seed. */
  key(purpose: Purpose): Tensor;
  /** The examples one by one, their losses as the policy has them. */
  point(): Point<Tree, Tree, PredictiveProblem<Tree, Tree>>;
  /** The same with the units that gradients are taken of. */
  gradientPoint(): GradientPoint<Tree, Tree>;
  /** The examples evaluated with the statistics that `state` returns, in the same pieces. */
  examples(state: () => Tree): Microbatches<Tree>;
  /** The operator, with a look at every product. */
  watched<O extends LinearOperator>(operator: O): O;
  /** What the progress says from here on. */
  begin(note: string): void;
  /**
   * Takes note of the examples per piece in the end, where they are not those that the pieces were asked for by; a record
   * if that is less than at the last settling.
   */
  settle(microbatch?: number): readonly RunRecord[];
}

const purposes = ['pairs', 'ends', 'trace', 'norm', 'density', 'alignment', 'plane', 'sharpness'] as const;

export type Purpose = (typeof purposes)[number];

export interface BenchOptions {
  readonly context: RunContext;
  /** Lets signals and timers in. */
  readonly breathe: () => Promise<void>;
  /** Passes over the examples that all will take, by an estimate. */
  readonly passes: number;
}

/** Whether an error says no more than that a measurement was stopped. */
export function isStop(error: unknown): boolean {
  return error instanceof LangevinError && error.code === STOPPED;
}

const STOPPED = 'STOPPED';

export function benchOf(place: Place, config: MeasurementConfig, options: BenchOptions): Bench {
  const { subject, params } = place;
  const { context, breathe, passes } = options;
  const { seed, signal, progress, log } = context;
  const policy = policyOf(config.batchNorm, subject);
  const each = policy.kind === 'ghost' ? policy.groupSize : 1;
  const whole = policy.kind === 'whole-batch';
  const { examples: count } = config;
  const drawn = drawExamples(subject.examples, count, seed);
  const root = random.key(seed);
  const frozen = subject.statistics(params);
  let size = config.microbatch;
  let settled = size;
  let done = 0;
  let note = '';

  const look = (): void => {
    if (signal.aborted) fail(STOPPED, 'The measurement was stopped.');
    progress({ done, total: Math.max(passes, done + 1), unit: 'passes', note });
  };
  const data = (state: () => Tree, { watched }: { readonly watched: boolean }): Microbatches<Tree> => ({
    count,
    size: whole && watched ? count : size,
    *pieces(asked) {
      if (watched) size = Math.min(size, asked);
      if (whole && asked < count)
        fail(
          'OUT_OF_MEMORY',
          `measure: statistics of the whole batch need all ${count} examples in one pass, and the memory does not hold them: ` +
            'take fewer --examples, or --batch-norm frozen.',
        );
      done++;
      const length = Math.max(each, asked - (asked % each));
      for (let from = 0; from < count; from += length) {
        look();
        const indices = tensor(drawn.subarray(from, from + length));
        try {
          yield subject.batch(indices, state());
        } finally {
          indices.dispose();
        }
      }
    },
  });
  const common = { problem: subject.problem(policy, count), params };
  return {
    ...place,
    config,
    policy,
    each,
    units: count / each,
    key: (purpose) => random.foldIn(root, purposes.indexOf(purpose)),
    // A pass over examples asks for pieces of one size. One over units looks at a few of them first, says itself how many it
    // took at a time, and under `whole-batch` counts rows of the Jacobian.
    point: () => ({ ...common, data: data(() => frozen, { watched: true }) }),
    gradientPoint: () => ({
      ...common,
      data: data(() => frozen, { watched: false }),
      policy,
      shared: (path) => subject.shared(path),
    }),
    examples: (state) => data(state, { watched: true }),
    watched: (operator) => watch(operator, async () => (await breathe(), look())),
    begin(what) {
      note = what;
      look();
    },
    settle(microbatch = size) {
      size = Math.min(size, microbatch);
      if (size >= settled) return [];
      const before = settled;
      settled = size;
      log(`Memory was short: ${before} examples per pass became ${size}.`);
      return [{ kind: 'event', name: 'microbatch-halved', during: note, before, after: size }];
    },
  };
}

/** All examples in their order, or a part of them drawn without replacement. */
function drawExamples(all: number, count: number, seed: number): Int32Array {
  if (count === all) return Int32Array.from({ length: all }, (_, k) => k);
  const options = { mode: 'without-replacement', count: all, batchSize: count, seed } as const;
  return sampler({ ...options, stream: EXAMPLES }).indices(0);
}

function watch<O extends LinearOperator>(operator: O, look: () => Promise<void>): O {
  const apply = async (v: Tensor): Promise<Tensor> => {
    await look();
    return operator.apply(v);
  };
  // Not a spread: what is read of an operator may change while it is used.
  return Object.create(operator, { apply: { value: apply } }) as O;
}
