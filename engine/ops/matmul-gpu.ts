/**
 * Which kernel a matrix product takes on a GPU, by reasoning: none has been measured on one. A tile of 128 reads each operand half
 * as often as one of 64, so it goes first where there are workgroups enough of it to fill a GPU. Where even tiles of 64 are
 * too few and sums are long, the sums are cut. `langevin tune kernels` decides otherwise where it measures otherwise.
 */
import { tiles, type MatmulSizes, type Variant } from './matmul-variants.ts';

/** Multiply-adds below which compiling a tiled kernel costs more than it ever saves. */
const SMALL = 1 << 16;
/** Workgroups of 256 threads that give every core of a usual GPU something to do. */
const FILL = 128;
/** Terms that a chunk has at least: a slab's start and the second pass cost as much as some dozens. */
const SHORTEST = 256;

/** The variants that can run, the one to take first. */
export function gpuVariants(sizes: MatmulSizes): readonly Variant[] {
  const { batch, m, n, k } = sizes;
  const small: Variant = { shader: 'matmul_small', groups: [Math.ceil((m * n) / 64), 1] };
  const tiled = tiledVariants(sizes);
  return batch * m * n * k <= SMALL ? [small, ...tiled] : [...tiled, small];
}

/**
 * The variants that round their operands to f16, on any adapter. Products too small for a tile stay f32: which of the two it is
 * follows from the shape, never from a measurement.
 */
export function halfVariants(sizes: MatmulSizes): readonly Variant[] {
  const { batch, m, n, k } = sizes;
  if (batch * m * n * k <= SMALL) return [{ shader: 'matmul_small', groups: [Math.ceil((m * n) / 64), 1] }];
  return tiledVariants(sizes).map((variant) => ({ ...variant, halves: true }));
}

function tiledVariants({ batch, m, n, k }: MatmulSizes): Variant[] {
  const whole = (tile: number): Variant => ({
    shader: 'matmul_tiled',
    groups: tiles(m, n, tile, tile),
    extra: { TILE: tile },
  });
  /** Workgroups of whole sums. */
  const count = ({ groups: [x, y] }: Variant): number => x * y * batch;
  const inChunks = (variant: Variant): Variant[] => {
    const wanted = Math.min(Math.ceil(FILL / Math.max(1, count(variant))), Math.floor(k / SHORTEST));
    if (wanted < 2) return [];
    // No slab is shared by two chunks.
    const chunk = 16 * Math.ceil(k / wanted / 16);
    return [{ ...variant, cut: { chunks: Math.ceil(k / chunk), chunk } }];
  };
  const [near, far] = [whole(64), whole(128)];
  // A tile that is half empty is no alternative.
  const large = m > 64 && n > 64 ? [far, ...inChunks(far)] : [];
  if (large.length > 0 && count(far) >= FILL) return [far, near];
  return [...inChunks(near), near, ...large];
}
