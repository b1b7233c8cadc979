/**
 * Means over a data set, piece by piece, in the memory of one piece. The step is recorded once per shape of a piece and adds
 * to an accumulator in place; one division by N ends the pass. A piece that does not fit into memory is halved, and the pass
 * starts again; the smaller size is kept, and can be read off the sweep.
 */
import {
  add,
  jit,
  LangevinError,
  mul,
  realize,
  tensor,
  zeros,
  type Shape,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import type { Coordinates, ParameterFilter } from './coordinates.ts';
import type { Microbatches } from './microbatches.ts';
import { checkedLosses, type Problem } from './problem.ts';

/** Where something is measured: parameters, and the examples that the loss is the mean over. */
export interface Point<P extends Tree, B extends Tree, M extends Problem<P, B> = Problem<P, B>> {
  readonly problem: M;
  readonly params: P;
  readonly data: Microbatches<B>;
  /** Which parameters are coordinates, by path; the others are constants. Default all. */
  readonly parameters?: ParameterFilter;
}

/** What the sum over one piece is computed from, inside a recording. */
export interface Piece<P extends Tree, B extends Tree> {
  readonly batch: B;
  /** Number of the piece, u32. */
  readonly index: Tensor;
  /** The chosen parameters. */
  readonly at: readonly Tensor[];
  /** All parameters, given the chosen ones. */
  readonly join: (chosen: readonly Tensor[]) => P;
  /** The losses of the piece, [B], as a function of the chosen parameters. */
  readonly losses: (chosen: readonly Tensor[]) => Tensor;
}

export interface Sweep<A extends Tree> {
  /** One pass at the point's parameters, or at others of the same shapes. */
  mean(args: A, at?: readonly Tensor[]): Promise<Tensor[]>;
  /** Examples per piece now. */
  readonly size: number;
  /** Gives the memory of the recordings back. */
  dispose(): void;
}

/** Wait for the device after so many pieces, so that what is queued stays bounded. */
const PIECES_AHEAD = 16;

type Total = { readonly sums: readonly Tensor[]; readonly seen: Tensor };

/**
 * @param shapes of the sums
 * @param sums over the examples of a piece, not their means; called while recording
 * @throws EXAMPLE_COUNT when a pass meets another number of losses than N; what `sums` throws
 */
export function sweep<P extends Tree, B extends Tree, A extends Tree>(
  { problem, data }: Point<P, B>,
  { chosen, fixed, join }: Coordinates<P>,
  shapes: readonly Shape[],
  sums: (piece: Piece<P, B>, args: A) => readonly Tensor[],
): Sweep<A> {
  let { size } = data;
  const step = jit(
    (
      total: Total,
      at: readonly Tensor[],
      others: readonly Tensor[],
      batch: B,
      index: Tensor,
      args: A,
    ): Total => {
      const joined = (some: readonly Tensor[]): P => join(some, others);
      const losses = (some: readonly Tensor[]): Tensor => checkedLosses(problem, joined(some), batch);
      const parts = sums({ batch, index, at, join: joined, losses }, args);
      return {
        sums: total.sums.map((sum, k) => add(sum, parts[k] as Tensor)),
        // Only the extent is asked for: nothing of this is computed.
        seen: add(total.seen, losses(at).size),
      };
    },
    { donate: [0] },
  );
  const divide = jit(
    (sums: readonly Tensor[], factor: Tensor): readonly Tensor[] => sums.map((sum) => mul(sum, factor)),
    { donate: [0] },
  );

  const pass = async (args: A, at: readonly Tensor[]): Promise<Tensor[]> => {
    // Parameters that are still an expression would be computed again for every piece.
    await realize(...at, ...fixed);
    let total: Total = { sums: shapes.map((shape) => zeros(shape)), seen: zeros([]) };
    let pieces = 0;
    for (const batch of data.pieces(size)) {
      total = step(total, at, fixed, batch, tensor(Uint32Array.of(pieces), []), args);
      if (++pieces % PIECES_AHEAD === 0) await total.seen.item();
    }
    const seen = await total.seen.item();
    if (seen !== data.count)
      fail(
        'EXAMPLE_COUNT',
        `A pass over the data met ${seen} losses, and ${data.count} examples were announced: let the pieces hold every example once.`,
      );
    total.seen.dispose();
    return [...divide(total.sums, tensor(1 / data.count))];
  };

  return {
    async mean(args, at = chosen) {
      for (;;) {
        try {
          return await pass(args, at);
        } catch (error) {
          if (!(error instanceof LangevinError && error.code === 'OUT_OF_MEMORY') || size === 1) throw error;
          step.dispose();
          size = Math.ceil(size / 2);
        }
      }
    },
    get size() {
      return size;
    },
    dispose() {
      step.dispose();
      divide.dispose();
    },
  };
}
